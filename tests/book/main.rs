//! The book: its transcripts are output of the command, its instructions work, and its links and
//! tables are complete.
//!
//! `UPDATE_DOCS=1` updates the transcripts. Review the changes.

mod cache;
mod links;
mod listings;
mod pages;
mod recipes;
mod tables;
mod transcripts;
