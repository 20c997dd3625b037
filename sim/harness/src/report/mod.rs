//! Reports: projections of what explorations came to.

mod columns;
mod culprit;
mod github;
mod grid;
mod json;
mod judged;
mod junit;
mod record;
mod sarif;
mod summary;
mod table;
mod trace_json;

pub use github::{annotations, job_summary};
pub use grid::grid;
pub use json::case_line;
pub use judged::Judged;
pub use junit::junit;
pub use sarif::sarif;
pub use summary::Summary;
pub use table::table;
pub use trace_json::trace_line;
