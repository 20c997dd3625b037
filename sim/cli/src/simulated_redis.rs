//! `selvedge redis`: the simulated Redis, on a socket.

use std::io::Write;
use std::thread;
use std::time::Duration;

use selvedge_redis::{Address, Redis};

use crate::args::ListenOptions;
use crate::error::Failure;
use crate::interrupt::{INTERRUPTED, Interrupt};

/// The interval between polls of the interrupt.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Serves on wall-clock time until interrupted.
pub(crate) fn run(
    options: &ListenOptions,
    interrupt: &Interrupt,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let address = options.socket.clone().map_or(Address::Port(options.port), Address::Socket);
    let redis = Redis::on_wall_clock();
    // Nothing reads the commands.
    redis.retain_commands(0);
    let listener = redis.listen(address.clone()).map_err(|error| Failure::Listen(address, error))?;
    writeln!(out, "listening on {}", listener.address())?;
    out.flush()?;
    let _searching = interrupt.searching();
    while !interrupt.is_set() {
        thread::sleep(POLL_INTERVAL);
    }
    // Removes the socket's file.
    drop(listener);
    Ok(INTERRUPTED)
}
