//! Relations between the events of a graph, as matrices of bits.

/// A relation: for each event, the set of the events that it relates to.
#[derive(Clone)]
pub(crate) struct Relation {
    rows: Vec<u64>,
    /// The number of words of a row.
    width: usize,
    events: usize,
}

impl Relation {
    /// The empty relation of so many events.
    pub(crate) fn new(events: usize) -> Self {
        let width = events.div_ceil(64);
        Relation { rows: vec![0; events * width], width, events }
    }

    #[inline]
    pub(crate) fn add(&mut self, from: usize, to: usize) {
        self.rows[from * self.width + to / 64] |= 1 << (to % 64);
    }

    #[inline]
    pub(crate) fn has(&self, from: usize, to: usize) -> bool {
        self.rows[from * self.width + to / 64] >> (to % 64) & 1 != 0
    }

    fn row(&self, from: usize) -> &[u64] {
        &self.rows[from * self.width..(from + 1) * self.width]
    }

    /// The events that `from` relates to.
    pub(crate) fn from(&self, from: usize) -> impl Iterator<Item = usize> {
        let words = self.row(from).iter().enumerate();
        words.flat_map(|(nth, &word)| {
            (0..64).filter(move |bit| word >> bit & 1 != 0).map(move |bit| nth * 64 + bit)
        })
    }

    /// Adds all pairs of another relation.
    pub(crate) fn join(&mut self, other: &Relation) {
        for (own, its) in self.rows.iter_mut().zip(&other.rows) {
            *own |= its;
        }
    }

    /// The composition: first this relation, then `next`.
    pub(crate) fn then(&self, next: &Relation) -> Relation {
        let mut all = Relation::new(self.events);
        for from in 0..self.events {
            for through in self.from(from) {
                for nth in 0..self.width {
                    all.rows[from * self.width + nth] |= next.rows[through * self.width + nth];
                }
            }
        }
        all
    }

    /// The transitive closure (Warshall: "A theorem on Boolean matrices", JACM 9, 1962).
    pub(crate) fn close(&mut self) {
        for through in 0..self.events {
            let row = self.row(through).to_vec();
            for from in 0..self.events {
                if self.has(from, through) {
                    for (nth, word) in row.iter().enumerate() {
                        self.rows[from * self.width + nth] |= word;
                    }
                }
            }
        }
    }

    /// Removes all pairs except those from and to the events of these sets.
    pub(crate) fn keep(&mut self, from: impl Fn(usize) -> bool, to: impl Fn(usize) -> bool) {
        for own in 0..self.events {
            for nth in 0..self.width {
                let mut mask = 0;
                if from(own) {
                    for bit in (0..64).filter(|bit| nth * 64 + bit < self.events && to(nth * 64 + bit)) {
                        mask |= 1 << bit;
                    }
                }
                self.rows[own * self.width + nth] &= mask;
            }
        }
    }

    /// Whether a path leads from some event back to it.
    pub(crate) fn is_cyclic(mut self) -> bool {
        self.close();
        (0..self.events).any(|event| self.has(event, event))
    }
}
