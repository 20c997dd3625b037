//! Memory orders of operations on atomics.

use std::sync::atomic::Ordering;

/// The memory order of an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum MemoryOrder {
    /// The operation is one of an object that is no atomic, such as a lock.
    #[default]
    Object,
    /// The operation is one of an object outside of the program's memory, such as a server: it
    /// orders no accesses of memory.
    Outside,
    /// Access to plain data: two that conflict and that nothing orders are a data race.
    NotAtomic,
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl MemoryOrder {
    /// Whether a read with this order synchronizes with the write that it reads from.
    #[inline]
    pub(crate) fn acquires(self) -> bool {
        matches!(self, MemoryOrder::Acquire | MemoryOrder::AcqRel | MemoryOrder::SeqCst)
    }

    /// Whether a write with this order synchronizes with the reads that read from it.
    #[inline]
    pub(crate) fn releases(self) -> bool {
        matches!(self, MemoryOrder::Release | MemoryOrder::AcqRel | MemoryOrder::SeqCst)
    }

    #[inline]
    pub(crate) fn is_seq_cst(self) -> bool {
        self == MemoryOrder::SeqCst
    }
}

impl From<Ordering> for MemoryOrder {
    fn from(ordering: Ordering) -> Self {
        match ordering {
            Ordering::Relaxed => MemoryOrder::Relaxed,
            Ordering::Acquire => MemoryOrder::Acquire,
            Ordering::Release => MemoryOrder::Release,
            Ordering::AcqRel => MemoryOrder::AcqRel,
            // The enum is not exhaustive; a stronger order would be unknown here.
            _ => MemoryOrder::SeqCst,
        }
    }
}

/// The memory orders of an operation: if it has its full effect, and if it is a compare-exchange
/// that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) success: MemoryOrder,
    pub(crate) failure: MemoryOrder,
}

impl Orders {
    /// The order of an operation that cannot fail.
    #[inline]
    pub(crate) fn of(order: impl Into<MemoryOrder>) -> Self {
        let order = order.into();
        Orders { success: order, failure: order }
    }

    /// The orders of a compare-exchange.
    #[inline]
    pub(crate) fn exchange(success: Ordering, failure: Ordering) -> Self {
        Orders { success: success.into(), failure: failure.into() }
    }

    /// Whether the operation is one of an object that is no atomic.
    #[inline]
    pub(crate) fn is_of_object(self) -> bool {
        matches!(self.success, MemoryOrder::Object | MemoryOrder::Outside)
    }
}
