//! `selvedge redis`: the simulated Redis, on a socket.

use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use selvedge_redis::{Address, Redis};

use crate::error::Failure;
use crate::interrupt::{INTERRUPTED, Interrupt};

/// Where to listen.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// A port of this machine; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0, conflicts_with = "socket")]
    port: u16,

    /// A Unix socket instead
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// How often an interrupt is looked for.
const LOOKED_EVERY: Duration = Duration::from_millis(50);

/// Serves until there is an interrupt, on the clock on the wall.
pub(crate) fn run(place: &Place, interrupt: &Interrupt, out: &mut dyn Write) -> Result<u8, Failure> {
    let address = place.socket.clone().map_or(Address::Port(place.port), Address::Socket);
    let redis = Redis::on_wall_clock();
    // Nobody asks what was sent.
    redis.retain_commands(0);
    let listener = redis.listen(address.clone()).map_err(|error| Failure::Listen(address, error))?;
    writeln!(out, "listening on {}", listener.address())?;
    out.flush()?;
    let _searching = interrupt.searching();
    while !interrupt.is_set() {
        thread::sleep(LOOKED_EVERY);
    }
    // The socket's file goes with it.
    drop(listener);
    Ok(INTERRUPTED)
}
