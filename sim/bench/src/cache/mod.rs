//! Compares the local tier and the whole cache with moka, quick_cache, DashMap and a locked
//! `HashMap`: time per operation, memory per entry, hit ratio.
//!
//! Keys and values have 8 bytes. Each library uses its default hasher. Each measurement runs in a
//! new process, so earlier allocations cannot affect it.

mod contender;
mod memory;
mod row;
mod run;
mod speed;
mod trace;
mod workload;

pub(crate) use contender::Contender;
pub(crate) use memory::measure as measure_memory;
pub(crate) use run::{Settings, run};
pub(crate) use speed::measure as measure_speed;
pub(crate) use trace::{Trace, measure as measure_hit_ratio};
pub(crate) use workload::Workload;
