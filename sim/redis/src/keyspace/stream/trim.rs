//! Trimming: the removal of the oldest entries.

use super::{Stream, StreamId};

/// The oldest entries that remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// At most so many entries.
    Length(usize),
    /// Entries from this identifier on.
    Id(StreamId),
}

/// How `XADD` and `XTRIM` trim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trim {
    pub(crate) bound: Bound,
    /// Removes whole parts only (`~`).
    pub(crate) is_approximate: bool,
    /// The greatest number of entries to remove; 0 if there is none.
    pub(crate) limit: usize,
}

impl Stream {
    /// Removes the oldest entries, and returns their number.
    pub(crate) fn trim(&mut self, trim: Trim) -> usize {
        let mut removed = 0;
        while let Some(node) = self.nodes.first().filter(|_| !self.is_within(trim.bound)) {
            if trim.limit > 0 && removed + node.live > trim.limit {
                break;
            }
            let is_outside = match trim.bound {
                Bound::Length(most) => self.entries.len() - node.live >= most,
                Bound::Id(least) => node.last < least,
            };
            if is_outside {
                let node = self.nodes.remove(0);
                self.entries = self.entries.split_off(&node.last);
                self.entries.remove(&node.last);
                removed += node.live;
            } else {
                if !trim.is_approximate {
                    removed += self.trim_first_node(trim.bound);
                }
                break;
            }
        }
        if removed > 0 {
            self.record_first();
        }
        removed
    }

    fn is_within(&self, bound: Bound) -> bool {
        matches!(bound, Bound::Length(most) if self.entries.len() <= most)
    }

    /// Removes the oldest entries of the first part.
    fn trim_first_node(&mut self, bound: Bound) -> usize {
        let mut removed = 0;
        while let Some((id, _)) = self.entries.first_key_value() {
            let stays = match bound {
                Bound::Length(most) => self.entries.len() <= most,
                Bound::Id(least) => *id >= least,
            };
            if stays {
                break;
            }
            self.entries.pop_first();
            self.nodes[0].remove();
            removed += 1;
        }
        removed
    }
}
