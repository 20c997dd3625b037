//! Programs that a search of states does not support.

use std::fmt;
use std::panic::Location;

/// A feature of a program that a search of states does not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsupported {
    /// An effect that the engine does not see: an [`opaque`](crate::opaque) step, or the poll of a
    /// future that is not instrumented.
    Opaque(&'static Location<'static>),
    /// An observation of a pointer's address, which differs between runs.
    Address(&'static Location<'static>),
    /// Exclusive access to the contents of an object, through which they can be changed without an
    /// event.
    Exclusive(&'static Location<'static>),
    /// A [wait until no other task can proceed](crate::quiesce) while some task has not ended.
    Quiet(&'static Location<'static>),
    /// An operation that a search of [execution graphs](crate::Explorer::rc11) does not model: what
    /// the program does, and where.
    Unmodelled(&'static str, &'static Location<'static>),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, what) = match self {
            Unsupported::Opaque(source) => {
                (source, "has an effect that the engine does not see (an opaque step)")
            }
            Unsupported::Unmodelled(what, source) => {
                return write!(
                    f,
                    "the program {what}, at {}:{}, which the search of execution graphs does not model. Use \
                     Explorer::optimal, which assumes sequential consistency",
                    source.file(),
                    source.line()
                );
            }
            Unsupported::Quiet(source) => {
                (source, "waits until no other task can proceed, while some task has not ended")
            }
            Unsupported::Address(source) => {
                (source, "compares the address of a pointer, which differs between runs")
            }
            Unsupported::Exclusive(source) => (
                source,
                "takes exclusive access to the contents of an object, which can change them without an event",
            ),
        };
        write!(
            f,
            "the program {what}, at {}:{}, so that its states cannot be distinguished. Use \
             Explorer::optimal, which needs no states",
            source.file(),
            source.line()
        )
    }
}
