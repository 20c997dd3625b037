//! One cache as a node of the level [`Notified`](crate::nodes::Notified): its steps, and the time
//! until which it may serve its local tier. The protocol is in the header of `nodes/mod.rs`.

mod horizon;
#[expect(clippy::module_inception, reason = "the file is named after its type")]
mod member;

pub(crate) use member::Member;
