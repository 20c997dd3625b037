//! Reports: projections of what explorations came to.

mod columns;
mod grid;
mod json;
mod judged;
mod record;
mod summary;
mod table;
mod trace_json;

pub use grid::grid;
pub use json::case_line;
pub use judged::Judged;
pub use summary::Summary;
pub use table::table;
pub use trace_json::trace_line;
