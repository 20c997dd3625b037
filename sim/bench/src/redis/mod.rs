//! The cache over a real redis-server, beside redis-rs alone and beside redis-rs' own client-side caching.

mod contender;
mod load;
mod row;
mod run;
mod work;

pub(crate) use run::{Settings, run};
