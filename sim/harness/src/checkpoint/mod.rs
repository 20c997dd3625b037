//! Checkpoints of unfinished searches in files, to resume them later or on another machine.

mod error;
mod file;
mod folder;

pub use error::CheckpointError;
pub use folder::Checkpoints;
