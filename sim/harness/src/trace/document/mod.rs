//! A trace as a JSON document: what is written to files, and read back. `docs/trace-format.md` describes it for those who
//! read it with other tools.

mod error;
mod lines;
mod read;
mod shape;
mod write;

pub use error::Unreadable;
pub use read::read;
pub use write::json;

/// The name of the format, as a document has it.
pub const FORMAT: &str = "selvedge-trace";

/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;
