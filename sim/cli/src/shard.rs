//! Shards: the distribution of cases to several runs of a command.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use selvedge_sim::scenario::Case;

/// One of several shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Its number, from 1.
    pub(crate) number: u32,
    /// The number of shards.
    pub(crate) of: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            _ => Err("expected the number of the shard and of all shards, such as 1/3".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// The indexes of the shard's items, given the cost of each item. The most expensive item goes
    /// first to the shard with the least cost so far, so the shards take about equally long. The
    /// result depends on the costs alone.
    pub(crate) fn own(self, costs: &[u64]) -> BTreeSet<usize> {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        order.sort_by_key(|&at| (Reverse(costs[at]), at));
        let mut loads = vec![0u64; self.of as usize];
        let mut own = BTreeSet::new();
        for at in order {
            let least =
                (0..loads.len()).min_by_key(|&shard| (loads[shard], shard)).expect("one shard or more");
            loads[least] = loads[least].saturating_add(costs[at].max(1));
            if least as u32 + 1 == self.number {
                own.insert(at);
            }
        }
        own
    }
}

/// The cost of a case without a recorded one: it grows with each call and each fault.
pub(crate) fn estimated_cost(case: &Case) -> u64 {
    let calls: usize = case.threads.iter().map(|thread| thread.ops.len()).sum();
    let faults = u64::from(case.faults + case.drops) * 8 + 1;
    8u64.saturating_pow(calls as u32).saturating_mul(faults)
}

/// Identifies a list of texts: the same texts have the same fingerprint in the same build.
pub(crate) fn fingerprint(texts: impl IntoIterator<Item = String>) -> String {
    let mut hasher = DefaultHasher::new();
    texts.into_iter().for_each(|text| text.hash(&mut hasher));
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_in_one_shard_and_the_shards_cost_about_the_same() {
        let costs: Vec<u64> = (0..50).map(|at| (at * 37 % 50) * 10).collect();
        let shards: Vec<_> = (1..=3).map(|number| Shard { number, of: 3 }.own(&costs)).collect();
        let all: Vec<usize> = shards.iter().flatten().copied().collect();
        assert_eq!(all.len(), 50);
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 50);
        let loads: Vec<u64> = shards.iter().map(|own| own.iter().map(|&at| costs[at].max(1)).sum()).collect();
        let (least, most) = (loads.iter().min().expect("three"), loads.iter().max().expect("three"));
        assert!(most - least <= 500, "{loads:?}");
        assert!(Shard { number: 3, of: 3 }.own(&[7, 7]).is_empty());
    }

    #[test]
    fn a_shard_has_a_number_up_to_the_number_of_shards() {
        assert_eq!("2/3".parse(), Ok(Shard { number: 2, of: 3 }));
        for text in ["", "3", "0/3", "4/3", "1/0", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
