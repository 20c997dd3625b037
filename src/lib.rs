//! Selvedge.
