//! Compares the cache over a real redis-server with redis-rs alone and with redis-rs' client-side
//! caching.

mod contender;
mod load;
mod row;
mod run;
mod workload;

pub(crate) use run::{Settings, run};
