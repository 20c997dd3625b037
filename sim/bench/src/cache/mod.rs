//! The local tier, alone and with the whole cache around it, beside moka, quick_cache, DashMap and a locked `HashMap`: the
//! time of an operation, the memory of an entry, and how often what is asked for is there.
//!
//! All have the same keys and values, of 8 bytes each, and each library its own default hasher. Each measurement is a
//! process of its own, in which nothing else has been allocated.

mod contender;
mod memory;
mod row;
mod run;
mod speed;
mod trace;
mod work;

pub(crate) use contender::Contender;
pub(crate) use memory::measure as measure_memory;
pub(crate) use run::{Settings, run};
pub(crate) use speed::measure as measure_speed;
pub(crate) use trace::{Trace, measure as measure_hit_ratio};
pub(crate) use work::Work;
