//! Reports: projections of the results of explorations.

mod columns;
mod culprit;
mod folder;
mod github;
mod grid;
mod html;
mod json;
mod judged;
mod junit;
mod piece;
mod record;
mod sarif;
mod searched;
mod summary;
mod table;

pub use folder::{Folder, Unwritable};
pub use github::{annotations, job_summary};
pub use grid::grid;
pub use html::{Extension, case_data, extended_page, trace_page};
pub use json::case_line;
pub use judged::Judged;
pub use junit::junit;
pub use piece::{Piece, PieceError};
pub use sarif::sarif;
pub use summary::Summary;
pub use table::table;
