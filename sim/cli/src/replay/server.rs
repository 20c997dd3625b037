//! The server that receives the commands of a replay.

use selvedge_sim::explore::Server;

use crate::error::Failure;

/// The description of a server.
pub(super) struct About {
    /// Its URL, without a password.
    pub(super) place: String,
    /// Its name and version: `redis 7.0.15`.
    pub(super) name: String,
    /// The prefix of the written keys.
    pub(super) prefix: String,
}

/// Connects to the Redis at this URL.
#[cfg(feature = "redis")]
pub(super) fn connect(url: &str) -> Result<(Box<dyn Server>, About), Failure> {
    let (server, about) = super::real::RealRedis::connect(url)?;
    Ok((Box::new(server), about))
}

/// Names the feature that connects to a Redis.
#[cfg(not(feature = "redis"))]
pub(super) fn connect(_: &str) -> Result<(Box<dyn Server>, About), Failure> {
    Err(Failure::NotBuiltIn("--redis".to_owned(), "redis"))
}
