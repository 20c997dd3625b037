//! The server under the engine: how many schedules there are, that none is missed, and what goes wrong in them.

mod counts;
mod expiry;
mod faults;
mod outcomes;
mod pushes;
mod random;
mod time;
