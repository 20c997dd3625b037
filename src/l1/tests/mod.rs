//! The local tier: what it returns, how much it holds, whom it evicts, and whom it tells.

mod books;
mod fixture;
mod policy;
mod removals;
mod time;
