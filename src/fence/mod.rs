//! The fence: decides whether a value that was read may still be cached.
//!
//! A [`Fence`] has a fixed number of *stripes*; each key belongs to one. Writes change the stripes
//! of their keys, and fills of either tier compare them (`stripe.rs` has the word and the proof).
//! The fence also records the writes whose outcome is unknown (`losses.rs`) and the fills of Redis
//! that are in progress (`fills.rs`). Two guards change the three together: [`WriteGuard`] for a
//! write and [`FillGuard`] for a fill of Redis.

#[expect(clippy::module_inception, reason = "the file is named after its type")]
mod fence;
mod fill_guard;
mod fills;
mod losses;
mod stripe;
mod wakers;
mod write_guard;

pub(crate) use fence::Fence;
pub(crate) use fill_guard::FillGuard;
pub use losses::LostStripes;
pub use stripe::{Stripe, Stripes, Token};
pub(crate) use write_guard::WriteGuard;
