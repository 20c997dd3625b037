//! The search of states, compared with other searches on random scripts, state by state on small
//! programs, and part by part.

#[path = "../many/mod.rs"]
mod many;

mod alike;
mod checkpoints;
mod counts;
mod expanded;
mod monitors;
mod movers;
mod outcomes;
mod parts;
mod predictions;
mod refused;
mod scripts;
mod workers;
