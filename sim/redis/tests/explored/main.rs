//! The server under the engine: counts of schedules, completeness, and faults.

mod blocking;
mod counts;
mod expiry;
mod faults;
mod outcomes;
mod pushes;
mod random;
mod time;
