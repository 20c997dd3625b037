//! The remote tier: what the cache asks of it.

// The one trait that this module is about.
#[expect(
    clippy::module_inception,
    reason = "a file is named after its idea, and this one is the remote tier"
)]
mod remote;

pub use remote::{Fill, Found, Lease, Outcome, Remote};
