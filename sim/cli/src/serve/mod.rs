//! `selvedge serve`: a page to paste a cache into.
//!
//! The server listens on loopback only, and answers two requests: `GET /` is the page, and
//! `POST /run` runs what was pasted. Each run is a process of its own, of this executable
//! (`selvedge serve-run`): its memory has a limit that the operating system enforces, it can open
//! no file, and it can be ended at any point, also inside a step of a hostile script. The results
//! are lines of JSON, which the page shows as they arrive.

mod answer;
mod child;
mod confine;
mod examples;
mod guard;
mod limits;
mod listen;
mod mistakes;
mod page;
mod pasted;
mod request;
mod smallest;
mod work;

pub(crate) use listen::run;
pub(crate) use work::work;
