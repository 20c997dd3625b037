//! The command as a process: one binary, because linking takes longer than most of its tests.

mod checkpoints;
mod cli;
mod fuzz;
mod gate;
mod in_the_way;
mod prove;
mod readme;
mod redis;
mod replay;
mod shards;
