//! The book: what its pages show of the command was printed by it, what they tell somebody to do works, and their links and
//! tables are whole.
//!
//! `UPDATE_DOCS=1` renews what commands print. Read what changes.

mod cache;
mod links;
mod pages;
mod recipes;
mod tables;
mod transcripts;
