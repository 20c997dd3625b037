//! Traces: the recorded run and its projections.

mod difference;
mod document;
mod lanes;
mod marks;
mod mermaid;
mod model;
mod on_server;
mod order;
mod perfetto;
mod reason;
mod shiviz;
mod state;
mod story;
mod text;
mod transcript;
pub(crate) mod users;

pub use difference::Difference;
pub use document::{FORMAT, Unreadable, VERSION, json, read};
pub use lanes::{lanes, lanes_in};
pub use marks::{Mark, Moment, Role, marks};
pub use mermaid::mermaid;
pub use model::{Effect, Ending, Entry, Place, Span, Step, Tier, Trace};
pub use on_server::on_server;
pub use order::immediately_before;
pub use perfetto::perfetto;
pub use reason::{reason, reason_in, verdict};
pub use shiviz::shiviz;
pub use state::{Content, states};
pub use transcript::{Answer, Command, FailureCause, ServerFailure, Transcript};

pub use crate::look::Look;
