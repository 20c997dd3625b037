//! `--fleet`: the server over which the processes of several machines share a search.

#[cfg(feature = "redis")]
mod real;

#[cfg(feature = "redis")]
use std::{env, fs};

use selvedge_sim::explore::Fleet;

use crate::error::Failure;

/// Connects to the Redis or Valkey at this URL.
#[cfg(feature = "redis")]
pub(crate) fn connect(url: &str) -> Result<Fleet, Failure> {
    let server = real::RedisServer::connect(url)?;
    let executable = env::current_exe().and_then(fs::read).map_err(|error| {
        server.unusable(
            format!("the running executable cannot be read: {error}"),
            "start it from a readable file",
        )
    })?;
    Ok(Fleet::new(server, &executable))
}

/// Names the feature that connects to a Redis.
#[cfg(not(feature = "redis"))]
pub(crate) fn connect(_: &str) -> Result<Fleet, Failure> {
    Err(Failure::NotBuiltIn("--fleet".to_owned(), "redis"))
}
