//! One cache as a node of the levels [`Notified`](crate::nodes::Notified) and
//! [`Strict`](crate::nodes::Strict): its steps, the time until which it may serve its local tier,
//! and the answers of the other nodes. The protocols are in the header of `nodes/mod.rs`.

mod answers;
mod horizon;
#[expect(clippy::module_inception, reason = "the file is named after its type")]
mod member;

pub(crate) use answers::AwaitedWrite;
pub use answers::OpenWrites;
pub(crate) use member::Member;
