//! Sets of events and relations between them, as bits.

/// A set of events.
#[derive(Clone, Debug)]
pub(super) struct Set(Vec<u64>);

impl Set {
    /// The empty set, for so many events.
    pub(super) fn new(events: usize) -> Self {
        Set(vec![0; events.div_ceil(64)])
    }

    #[inline]
    pub(super) fn add(&mut self, event: usize) {
        self.0[event / 64] |= 1 << (event % 64);
    }

    #[inline]
    pub(super) fn remove(&mut self, event: usize) {
        self.0[event / 64] &= !(1 << (event % 64));
    }

    #[inline]
    pub(super) fn has(&self, event: usize) -> bool {
        self.0[event / 64] >> (event % 64) & 1 != 0
    }

    /// Adds the events of another set.
    #[inline]
    pub(super) fn join(&mut self, other: &Set) {
        for (own, its) in self.0.iter_mut().zip(&other.0) {
            *own |= its;
        }
    }

    /// The events, in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(nth, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
                (bit < u64::BITS).then_some(nth * 64 + bit as usize)
            })
        })
    }
}

/// A relation: for each event, the set of the events that it relates to.
#[derive(Clone, Debug)]
pub(super) struct Relation(Vec<Set>);

impl Relation {
    /// The empty relation of so many events.
    pub(super) fn new(events: usize) -> Self {
        Relation(vec![Set::new(events); events])
    }

    #[inline]
    pub(super) fn add(&mut self, from: usize, to: usize) {
        self.0[from].add(to);
    }

    /// Whether a path leads from some event back to it (Warshall: "A theorem on Boolean matrices",
    /// JACM 9, 1962).
    pub(super) fn has_cycle(mut self) -> bool {
        for through in 0..self.0.len() {
            let reached = self.0[through].clone();
            for from in &mut self.0 {
                if from.has(through) {
                    from.join(&reached);
                }
            }
        }
        self.0.iter().enumerate().any(|(event, reached)| reached.has(event))
    }
}
