//! Searches that were broken off, kept in files: to go on with them later, or on another machine.

mod error;
mod file;
mod folder;

pub use error::CheckpointError;
pub use folder::Checkpoints;
