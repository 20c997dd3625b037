//! `selvedge serve`: its requests, the limits of a run, and the page in a browser.

mod browser;
mod limits;
mod requests;
mod runs;
mod server;
