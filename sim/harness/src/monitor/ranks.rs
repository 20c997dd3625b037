//! What of a key's versions can still matter, as a search of states is to see it.
//!
//! Places are compared and never counted. A version that is no newer than both floors of the key cannot raise them any
//! more; all that can be asked of it is whether it is older than a floor, of the key or of a read under way. So such
//! versions have ranks among the floors, and are otherwise alike. Newer ones have their distance from there.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use selvedge_engine::{Name, hash_unordered};

use super::versions::{Content, Floor, Place, Versions, Writer};

/// Where ranks end and distances begin.
const DISTANCES: u64 = 1 << 32;

/// What places come to: a rank or a distance.
pub(super) struct Ranks {
    /// No newer than both floors of the key, and one more: 0 is before all.
    low: usize,
    /// The floors of the key and of the reads under way, each once, in order.
    floors: Vec<Place>,
}

impl Ranks {
    /// Of this key, with these floors of reads that are under way.
    pub(super) fn new<'a>(versions: &'a Versions, reads: impl Iterator<Item = &'a Floor>) -> Self {
        let after = |place: Option<Place>| place.map_or(0, |place| place + 1);
        let low = after(versions.floor.acknowledged).min(after(versions.floor.returned));
        let mut floors: Vec<Place> = reads
            .chain([&versions.floor])
            .flat_map(|floor| [floor.acknowledged, floor.returned])
            .flatten()
            .collect();
        floors.sort_unstable();
        floors.dedup();
        Ranks { low, floors }
    }

    fn of(&self, place: Place) -> u64 {
        match place.checked_sub(self.low) {
            Some(distance) => DISTANCES + distance as u64,
            None => self.floors.partition_point(|floor| *floor <= place) as u64,
        }
    }

    /// Feeds in the place of what a write under way has made: it matters if it can raise a floor.
    pub(super) fn hash_made(&self, place: Option<Place>, mut state: &mut dyn Hasher) {
        let rank = place.map(|place| self.of(place));
        rank.map(|rank| if rank < DISTANCES { 0 } else { rank }).hash(&mut state);
    }

    /// Feeds in a floor.
    pub(super) fn hash_floor(&self, floor: &Floor, mut state: &mut dyn Hasher) {
        let places = [floor.acknowledged, floor.returned].map(|place| place.map(|place| self.of(place)));
        places.hash(&mut state);
        hash_unordered(floor.early.iter().map(Named), state);
    }

    /// Feeds in all that can still matter of the key's versions.
    pub(super) fn hash(&self, versions: &Versions, mut state: &mut dyn Hasher) {
        let mut known: BTreeMap<Content, (u64, u64)> = BTreeMap::new();
        for (place, &content) in versions.contents.iter().enumerate() {
            let rank = self.of(place);
            known.entry(content).and_modify(|(_, newest)| *newest = rank).or_insert((rank, rank));
        }
        for (oldest, newest) in known.values_mut() {
            // How old it is matters if a read that returns it can raise the floor.
            if *oldest < DISTANCES {
                *oldest = 0;
            }
            debug_assert!(oldest <= newest || *oldest == 0);
        }
        hash_unordered(known, state);
        versions.contents.last().hash(&mut state);
        self.hash_floor(&versions.floor, state);
        hash_unordered(versions.undecided.iter().map(|its| (Named(&its.later), Named(&its.earlier))), state);
    }
}

/// A set of writers, whatever their numbers are.
struct Named<'a>(&'a BTreeSet<Writer>);

impl Hash for Named<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_unordered(self.0.iter().copied().map(Name), state);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::hash_map::DefaultHasher;

    use super::*;
    use crate::history::{Key, Value};

    fn value(version: u32) -> Content {
        Some(Value { key: Key::new("k"), version })
    }

    fn hash(contents: &[u32], floor: Option<Place>, read: Option<Place>) -> u64 {
        hash_of(contents, [floor; 2], read)
    }

    fn hash_of(contents: &[u32], floor: [Option<Place>; 2], read: Option<Place>) -> u64 {
        let of = |[acknowledged, returned]: [Option<Place>; 2]| Floor {
            acknowledged,
            returned,
            ..Floor::default()
        };
        let contents = contents.iter().map(|&version| value(version)).collect();
        let versions = Versions { contents, floor: of(floor), ..Versions::default() };
        let reads = [of([read; 2])];
        let ranks = Ranks::new(&versions, reads.iter());
        let mut state = DefaultHasher::new();
        ranks.hash(&versions, &mut state);
        ranks.hash_floor(&reads[0], &mut state);
        state.finish()
    }

    #[test]
    fn the_order_of_what_is_too_old_for_everybody_does_not_matter() {
        assert_eq!(hash(&[0, 1, 2, 3], Some(3), Some(3)), hash(&[0, 2, 1, 3], Some(3), Some(3)));
        assert_ne!(hash(&[0, 1, 2, 3], Some(3), Some(2)), hash(&[0, 2, 1, 3], Some(3), Some(2)));
    }

    #[test]
    fn the_order_of_what_can_raise_a_floor_does() {
        assert_ne!(hash(&[0, 1, 2], Some(0), None), hash(&[0, 2, 1], Some(0), None));
        assert_ne!(hash(&[0, 1], Some(1), None), hash(&[0, 1], Some(0), None));
        assert_ne!(hash(&[0, 1], None, None), hash(&[0, 1], Some(0), None));
    }

    #[test]
    fn what_a_floor_is_at_is_not_older_than_it() {
        let hash = |contents: &[u32]| hash_of(contents, [Some(3), Some(2)], None);
        assert_ne!(hash(&[0, 1, 2, 3]), hash(&[0, 2, 1, 3]));
    }

    #[test]
    fn what_is_last_does() {
        assert_ne!(hash(&[0, 1, 2], Some(2), Some(2)), hash(&[0, 2, 1], Some(2), Some(2)));
    }
}
