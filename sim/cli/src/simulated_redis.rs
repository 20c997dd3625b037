//! `selvedge redis`: the simulated Redis, on a socket.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use selvedge_redis::{Address, Redis};

use crate::error::Failure;

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

/// Serves until the process is ended, on the clock on the wall.
pub(crate) fn run(place: &Place, out: &mut dyn Write) -> Result<u8, Failure> {
    let address = place.socket.clone().map_or(Address::Port(place.port), Address::Socket);
    let redis = Redis::on_wall_clock();
    // Nobody asks what was sent.
    redis.keep_commands(0);
    let listener = redis.listen(address.clone()).map_err(|error| Failure::Listen(address, error))?;
    writeln!(out, "listening on {}", listener.address())?;
    out.flush()?;
    listener.wait();
    Ok(0)
}
