//! Every shipped case: its classes of schedules, its result and its trace.

mod matrix;
mod optimal;
mod recorded;
mod shipped;
mod traces;
