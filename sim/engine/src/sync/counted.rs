//! [`Arc`] and [`Weak`] whose reference counts are visible operations.
//!
//! [`sync::Arc`](super::Arc) is std's: clones and drops are not events, and the order of drops is
//! not explored. This is right for most programs, whose `Arc` only keeps shared values alive, and
//! it adds no schedules. Use this type if the count affects the program:
//!
//! - [`try_unwrap`](Arc::try_unwrap), [`into_inner`](Arc::into_inner), [`get_mut`](Arc::get_mut),
//!   [`make_mut`](Arc::make_mut), [`strong_count`](Arc::strong_count) or [`Weak::upgrade`] run
//!   while other tasks may clone or drop;
//! - the value has a destructor with observable effects, which different tasks may run.
//!
//! Replace `sync::Arc` by `use selvedge_engine::sync::counted::Arc`; the names are std's. Unsized
//! coercion (`Arc<T>` to `Arc<dyn Trait>`) is missing, because stable Rust allows it for std's
//! types only: store a `Box<dyn Trait>`. Therefore this type does not replace `sync::Arc`.
//!
//! # What commutes
//!
//! | | clone | drop | last drop, upgrade | strong_count, try_unwrap that fails, get_mut |
//! |---|---|---|---|---|
//! | clone | commute | commute | conflict | conflict |
//! | drop | | commute, if the value has no destructor | conflict | conflict |
//!
//! If the value [needs to be dropped](std::mem::needs_drop), each drop observes whether it is the
//! last, and the order of drops is explored: `n!` schedules for `n` concurrent drops. Otherwise
//! drops commute.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem;
use std::ops::Deref;
use std::panic::Location;
use std::sync;

use crate::event::{Action, Mode, NOTHING, Pending, Rule, RuleTag};
use crate::runtime::Handle;

/// Adds -1 to the count.
const MINUS_ONE: u64 = u64::MAX;

/// Adds 1 to the count unless it is 0.
static UPGRADE: Rule = Rule {
    tag: RuleTag::CountedUpgrade,
    alternatives: |_, _| 1,
    outcome: |&[count, _, _], _, _| match count {
        0 => [(Mode::Read, 0), NOTHING, NOTHING],
        _ => [(Mode::Write, count + 1), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "upgrade a reference to",
};

/// The reference counts of a value.
#[derive(Clone, Copy, Debug)]
struct Counts {
    strong: Handle,
    weak: Handle,
}

impl Counts {
    #[track_caller]
    fn new(name: &'static str, strong: u64) -> Self {
        let show = |count: u64| count.to_string();
        Counts { strong: Handle::of_value(name, strong, show), weak: Handle::of_value(name, 0, show) }
    }
}

/// A shared value like [`std::sync::Arc`], whose count is explored: see [the module](self).
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::counted::Arc;
/// use selvedge_engine::{Explorer, thread};
///
/// // The main task gets the value back if the other task has dropped its reference.
/// let report = Explorer::optimal().run(|| {
///     let shared = Arc::new(5);
///     let other = Arc::clone(&shared);
///     thread::spawn(move || drop(other));
///     let _is_ours = Arc::try_unwrap(shared).is_ok();
/// });
/// assert_eq!(report.executions, 2);
/// ```
pub struct Arc<T> {
    counts: Counts,
    /// Where the reference was created.
    source: &'static Location<'static>,
    /// `None` once the reference is released.
    inner: Option<sync::Arc<T>>,
}

const PRESENT: &str = "a reference is present until it is released";

impl<T> Arc<T> {
    /// Creates a value with one reference.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Arc::named("an Arc", value)
    }

    /// Creates a value with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        Arc { counts: Counts::new(name, 1), source: Location::caller(), inner: Some(sync::Arc::new(value)) }
    }

    fn inner(&self) -> &sync::Arc<T> {
        self.inner.as_ref().expect(PRESENT)
    }

    /// Returns the value if this is the only reference.
    ///
    /// # Errors
    ///
    /// The reference, if there are others.
    #[track_caller]
    pub fn try_unwrap(mut this: Self) -> Result<T, Self> {
        let only = Action::CompareExchange { expected: 1, new: 0 };
        if this.counts.strong.perform(only, Location::caller()).is_some_and(|granted| granted.before != 1) {
            return Err(this);
        }
        let (counts, source) = (this.counts, this.source);
        let inner = this.inner.take().expect(PRESENT);
        sync::Arc::try_unwrap(inner).map_err(|inner| Arc { counts, source, inner: Some(inner) })
    }

    /// Releases the reference, and returns the value if it was the last one. If several tasks call
    /// this, exactly one gets the value.
    #[track_caller]
    pub fn into_inner(mut this: Self) -> Option<T> {
        this.counts.strong.perform(Action::Modify(u64::wrapping_add, MINUS_ONE), Location::caller());
        sync::Arc::into_inner(this.inner.take().expect(PRESENT))
    }

    /// The number of strong references.
    #[track_caller]
    pub fn strong_count(this: &Self) -> usize {
        match this.counts.strong.perform(Action::Load, Location::caller()) {
            Some(granted) => granted.before as usize,
            None => sync::Arc::strong_count(this.inner()),
        }
    }

    /// The number of [weak](Weak) references.
    #[track_caller]
    pub fn weak_count(this: &Self) -> usize {
        match this.counts.weak.perform(Action::Load, Location::caller()) {
            Some(granted) => granted.before as usize,
            None => sync::Arc::weak_count(this.inner()),
        }
    }

    /// Returns the value if there is no other reference, strong or weak.
    #[track_caller]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        let Counts { strong, weak } = this.counts;
        let granted = strong.perform_with(Action::Load, (weak, Action::Load), Location::caller());
        if granted.is_some_and(|granted| (granted.before, granted.second) != (1, 0)) {
            return None;
        }
        strong.note_exclusive_access();
        sync::Arc::get_mut(this.inner.as_mut().expect(PRESENT))
    }

    /// Returns the value. If there is another reference, strong or weak, clones the value first.
    #[track_caller]
    pub fn make_mut(this: &mut Self) -> &mut T
    where
        T: Clone,
    {
        if Arc::get_mut(this).is_none() {
            *this = Arc::new(T::clone(this));
        }
        sync::Arc::get_mut(this.inner.as_mut().expect(PRESENT)).expect("the only reference")
    }

    /// Whether both refer to the same value.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        sync::Arc::ptr_eq(this.inner(), other.inner())
    }

    /// Creates a weak reference.
    #[track_caller]
    pub fn downgrade(this: &Self) -> Weak<T> {
        let source = Location::caller();
        this.counts.weak.perform(Action::Update(1), source);
        Weak { counts: Some(this.counts), source, inner: sync::Arc::downgrade(this.inner()) }
    }
}

impl<T> Clone for Arc<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let source = Location::caller();
        self.counts.strong.perform(Action::Update(1), source);
        Arc { counts: self.counts, source, inner: self.inner.clone() }
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        if self.inner.is_none() {
            return;
        }
        let less = if mem::needs_drop::<T>() {
            Action::Modify(u64::wrapping_add, MINUS_ONE)
        } else {
            Action::Update(MINUS_ONE)
        };
        // A drop has no caller location.
        self.counts.strong.perform(less, self.source);
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner()
    }
}

impl<T> AsRef<T> for Arc<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T> Borrow<T> for Arc<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T> From<T> for Arc<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Arc::new(value)
    }
}

impl<T: Default> Default for Arc<T> {
    #[track_caller]
    fn default() -> Self {
        Arc::new(T::default())
    }
}

impl<T: PartialEq> PartialEq for Arc<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Arc<T> {}

impl<T: PartialOrd> PartialOrd for Arc<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord> Ord for Arc<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash> Hash for Arc<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A weak reference, like [`std::sync::Weak`].
pub struct Weak<T> {
    /// `None` if it never referred to a value.
    counts: Option<Counts>,
    /// Where the reference was created.
    source: &'static Location<'static>,
    inner: sync::Weak<T>,
}

impl<T> Weak<T> {
    /// Creates a reference to no value.
    #[track_caller]
    pub fn new() -> Self {
        Weak { counts: None, source: Location::caller(), inner: sync::Weak::new() }
    }

    /// Returns a strong reference if the value still exists.
    #[track_caller]
    pub fn upgrade(&self) -> Option<Arc<T>> {
        let counts = self.counts?;
        let pending = Pending::ruled(&[counts.strong.location()], &UPGRADE, 0, Location::caller());
        if counts.strong.perform_all(&pending).is_some_and(|granted| granted.before == 0) {
            return None;
        }
        Some(Arc { counts, source: Location::caller(), inner: Some(self.inner.upgrade()?) })
    }

    /// The number of strong references.
    #[track_caller]
    pub fn strong_count(&self) -> usize {
        let granted = self.counts.and_then(|its| its.strong.perform(Action::Load, Location::caller()));
        granted.map_or_else(|| self.inner.strong_count(), |granted| granted.before as usize)
    }

    /// Whether both refer to the same value, or both to none.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.inner.ptr_eq(&other.inner)
    }
}

impl<T> Clone for Weak<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        if let Some(counts) = self.counts {
            counts.weak.perform(Action::Update(1), Location::caller());
        }
        Weak { counts: self.counts, source: Location::caller(), inner: self.inner.clone() }
    }
}

impl<T> Drop for Weak<T> {
    fn drop(&mut self) {
        if let Some(counts) = self.counts {
            counts.weak.perform(Action::Update(MINUS_ONE), self.source);
        }
    }
}

impl<T> Default for Weak<T> {
    #[track_caller]
    fn default() -> Self {
        Weak::new()
    }
}

impl<T> fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(Weak)")
    }
}
