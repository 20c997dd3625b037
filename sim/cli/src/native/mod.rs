//! `selvedge test`: builds the tests of a package with instrumented atomics, and runs them.
//!
//! Data flows from the options to the [build] (the runtime, then the package's tests), to the
//! [runs] (one process for each test) and to the [summary] (lines for people, JUnit).

mod build;
mod run;
mod runs;
mod summary;

pub(crate) use run::run;
