//! The shipped cases on the engines of other tools.

mod loom;
mod peer;
mod shipped;
mod shuttle;
