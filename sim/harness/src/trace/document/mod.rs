//! Writes and reads a trace as a JSON document. `docs/trace-format.md` describes the format for
//! other tools.

mod error;
mod lines;
mod read;
mod shape;
mod write;

pub use error::Unreadable;
pub use read::read;
pub use write::json;

/// The name of the format in a document.
pub const FORMAT: &str = "selvedge-trace";

/// The version that this release writes, and the newest that it reads.
pub const VERSION: u32 = 1;
