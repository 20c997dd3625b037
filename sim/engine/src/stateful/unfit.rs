//! Why a program cannot be searched by its states.

use std::fmt;
use std::panic::Location;

/// What a program has done that a search of its states cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// Something that is not seen: an [`opaque`](crate::opaque) step, or the poll of a future that is not instrumented.
    Opaque(&'static Location<'static>),
    /// A look at a pointer's address, which is another in each run.
    Address(&'static Location<'static>),
    /// Exclusive access to what an object holds, through which it can be changed unseen.
    Exclusive(&'static Location<'static>),
    /// A [wait until no other task can go on](crate::quiesce) while some task has not ended.
    Quiet(&'static Location<'static>),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, what) = match self {
            Unfit::Opaque(source) => (source, "does something that the engine does not see (an opaque step)"),
            Unfit::Address(source) => {
                (source, "compares the address of a pointer, which is another in each run")
            }
            Unfit::Quiet(source) => {
                (source, "waits until no other task can go on, while there are tasks that have not ended")
            }
            Unfit::Exclusive(source) => {
                (source, "takes exclusive access to what an object holds, which can change it unseen")
            }
        };
        write!(
            f,
            "the program {what}, at {}:{}, so that its states cannot be told from one another. Use Explorer::optimal, which \
             needs no states",
            source.file(),
            source.line()
        )
    }
}
