//! Independent clients: redis-rs, redis-cli and redis-benchmark.

mod async_client;
mod bad_bytes;
mod blocking_client;
mod blocking_commands;
mod debian_tools;
mod faults;
mod in_process;
mod listening;
#[path = "../support/wire.rs"]
mod wire;
