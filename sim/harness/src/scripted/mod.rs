//! Scripts on our engine: the functions of a [`Script`](crate::script::Script) as the operations of a
//! cache, on the simulator's tiers.

mod build;
mod cache;
#[cfg(feature = "redis")]
mod server;
#[cfg(feature = "redis")]
mod whole_redis;

pub(crate) use build::Named;
#[cfg(feature = "redis")]
pub(crate) use server::Server;
