//! Renamings of symmetric tasks and of the symbols that they write.
//!
//! If two tasks have the same script, exchanging them in a state changes nothing but names in the
//! future of the state, so that one of the two states need not be explored. Therefore a state is
//! identified by the minimum of its fingerprints under all renamings that map tasks to symmetric
//! tasks. Tasks without symbols need no renaming: they share a name, and the sum of their
//! fingerprints is unordered. A task's symbols are renamed with the task.
//!
//! Ip, Dill: "Better verification through symmetry", Formal Methods in System Design 9, 1996.

use crate::event::{Digest, Fingerprint};
use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// The symmetry class of a script: see [`symmetric`](crate::symmetric).
///
/// # Examples
///
/// See [`symmetric`](crate::symmetric).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// Scripts with the same class are symmetric: they have the same operations, except for their
    /// symbols.
    pub class: u32,
    /// The values that this script writes and no other does, in the order of its operations.
    /// Symbols at the same index in symmetric scripts correspond to one another. They must be
    /// hashed as [`Symbol`] everywhere.
    pub symbols: Vec<u64>,
}

/// The largest number of renamings. A class that would exceed it is treated as asymmetric.
const MOST: usize = 24;

/// A mapping of scripts to names, and of symbols to symbols.
#[derive(Debug, Default)]
pub(super) struct Renaming {
    scripts: Vec<ScriptName>,
    /// The renamed symbols, each with its new symbol, in ascending order.
    symbols: Vec<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct ScriptName {
    name: u64,
    /// Whether the script is symmetric to another.
    is_symmetric: bool,
    /// Whether symmetric scripts share this name.
    is_shared: bool,
}

/// The smallest name of a script. Other tasks have their numbers as names.
const SCRIPTS: u64 = 1 << 32;

impl Renaming {
    /// All renamings of these scripts. The first changes no symbol.
    pub(super) fn all(scripts: &[Alike]) -> Vec<Rc<Renaming>> {
        let mut all = vec![Renaming::first(scripts)];
        let mut classes: Vec<u32> = scripts.iter().map(|its| its.class).collect();
        classes.sort_unstable();
        classes.dedup();
        for class in classes {
            let members: Vec<usize> = (0..scripts.len()).filter(|&at| scripts[at].class == class).collect();
            let own = &scripts[members[0]].symbols;
            let are_symmetric = members.iter().all(|&at| scripts[at].symbols.len() == own.len());
            assert!(are_symmetric, "symmetric scripts write the same number of symbols");
            let orders = orders(members.len());
            if members.len() == 1 {
                continue;
            }
            if own.is_empty() {
                for renaming in &mut all {
                    let name = renaming.scripts[members[0]].name;
                    for &at in &members {
                        renaming.scripts[at] = ScriptName { name, is_symmetric: true, is_shared: true };
                    }
                }
            } else if all.len() * orders.len() <= MOST {
                let with = |renaming: &Renaming, order: &[usize]| renaming.with(scripts, &members, order);
                all = all.iter().flat_map(|its| orders.iter().map(|order| with(its, order))).collect();
            }
        }
        all.into_iter().map(Rc::new).collect()
    }

    /// The identity: names each script by its index.
    fn first(scripts: &[Alike]) -> Self {
        let name =
            |at: usize| ScriptName { name: SCRIPTS + at as u64, is_symmetric: false, is_shared: false };
        Renaming { scripts: (0..scripts.len()).map(name).collect(), symbols: Vec::new() }
    }

    /// This renaming, with the members of a class permuted.
    fn with(&self, scripts: &[Alike], members: &[usize], order: &[usize]) -> Self {
        let mut renaming = Renaming { scripts: self.scripts.clone(), symbols: self.symbols.clone() };
        for (&at, &place) in members.iter().zip(order) {
            let other = members[place];
            let name = SCRIPTS + other as u64;
            renaming.scripts[at] = ScriptName { name, is_symmetric: true, is_shared: false };
            renaming
                .symbols
                .extend(scripts[at].symbols.iter().copied().zip(scripts[other].symbols.iter().copied()));
        }
        renaming.symbols.sort_unstable();
        renaming
    }

    /// The name of the script.
    pub(super) fn name(&self, script: usize) -> u64 {
        self.scripts[script].name
    }

    /// Whether the script is symmetric to another.
    pub(super) fn is_symmetric(&self, script: usize) -> bool {
        self.scripts[script].is_symmetric
    }

    /// Whether another script has the same name.
    pub(super) fn is_shared(&self, script: usize) -> bool {
        self.scripts[script].is_shared
    }

    fn symbol(&self, symbol: u64) -> u64 {
        match self.symbols.binary_search_by_key(&symbol, |&(from, _)| from) {
            Ok(at) => self.symbols[at].1,
            Err(_) => symbol,
        }
    }
}

/// All permutations of `count` items, the identity first. More than [`MOST`] copies of the identity
/// if `count` is too large.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > 4 {
        return vec![(0..count).collect(); MOST + 1];
    }
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let insert = |order: &Vec<usize>| {
            let places = (0..=order.len()).rev();
            let with = |place| {
                let mut order = order.clone();
                order.insert(place, next);
                order
            };
            places.map(with).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(insert).collect();
    }
    all
}

/// The names in effect while something is hashed.
#[derive(Default)]
struct CurrentNames {
    renaming: Rc<Renaming>,
    /// The name of each task by its number, and whether other tasks share it.
    tasks: Vec<(u64, bool)>,
}

thread_local! {
    static NAMES: RefCell<CurrentNames> = RefCell::default();
    /// Whether a shared name was hashed.
    static AMBIGUOUS: Cell<bool> = const { Cell::new(false) };
}

/// Hashes something under these names. Also returns whether an ambiguous task was hashed.
pub(super) fn under<T>(
    renaming: &Rc<Renaming>,
    tasks: impl Iterator<Item = (u64, bool)>,
    hash: impl FnOnce() -> T,
) -> (T, bool) {
    NAMES.with_borrow_mut(|names| {
        names.renaming = Rc::clone(renaming);
        names.tasks.clear();
        names.tasks.extend(tasks);
    });
    AMBIGUOUS.set(false);
    let hashed = hash();
    NAMES.with_borrow_mut(|names| {
        names.renaming = Rc::default();
        names.tasks.clear();
    });
    (hashed, AMBIGUOUS.get())
}

/// A value that one script writes and no other does: see [`Alike`]. Hash it in everything that is
/// part of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol(pub u64);

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let symbol = NAMES.with_borrow(|names| names.renaming.symbol(self.0));
        state.write_u64(symbol);
    }
}

/// The number of a task, as a [monitor](crate::Monitor) hashes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(pub u32);

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let known = NAMES.with_borrow(|names| names.tasks.get(self.0 as usize).copied());
        let (name, is_shared) = known.unwrap_or((u64::from(self.0) + 1, false));
        if is_shared {
            AMBIGUOUS.set(true);
        }
        state.write_u64(name);
    }
}

/// Hashes items without regard to their order.
///
/// # Examples
///
/// ```
/// use std::hash::{DefaultHasher, Hasher};
/// use selvedge_engine::hash_unordered;
///
/// let hash = |items: [&str; 2]| {
///     let mut state = DefaultHasher::new();
///     hash_unordered(items, &mut state);
///     state.finish()
/// };
/// assert_eq!(hash(["a", "b"]), hash(["b", "a"]));
/// assert_ne!(hash(["a", "b"]), hash(["a", "a"]));
/// ```
pub fn hash_unordered<T: Hash>(items: impl IntoIterator<Item = T>, state: &mut dyn Hasher) {
    let mut all = Fingerprint::NONE;
    let mut count = 0;
    for item in items {
        let mut digest = Digest::default();
        item.hash(&mut digest);
        all.add(digest.fingerprint());
        count += 1;
    }
    state.write_u64(count);
    state.write_u64(all.0 as u64);
    state.write_u64((all.0 >> 64) as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(class: u32, symbols: impl Into<Vec<u64>>) -> Alike {
        Alike { class, symbols: symbols.into() }
    }

    #[test]
    fn scripts_without_symbols_share_a_name_and_need_no_renaming() {
        let all = Renaming::all(&[alike(0, []), alike(1, []), alike(0, [])]);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].name(0), all[0].name(2));
        assert_ne!(all[0].name(0), all[0].name(1));
        assert_eq!([0, 1, 2].map(|script| all[0].is_shared(script)), [true, false, true]);
    }

    #[test]
    fn symbols_are_renamed_with_their_scripts() {
        let all = Renaming::all(&[alike(0, [10, 11]), alike(0, [20, 21]), alike(0, [30, 31])]);
        assert_eq!(all.len(), 6);
        assert_eq!([10, 21, 31].map(|symbol| all[0].symbol(symbol)), [10, 21, 31]);
        for renaming in &all {
            for (script, symbol) in [(0, 10), (1, 20), (2, 30)] {
                let to = renaming.name(script) - SCRIPTS;
                assert_eq!(renaming.symbol(symbol), 10 * (to + 1));
                assert_eq!(renaming.symbol(symbol + 1), 10 * (to + 1) + 1);
            }
            assert_eq!(renaming.symbol(40), 40);
        }
    }

    #[test]
    fn a_class_with_too_many_scripts_is_asymmetric() {
        let five: Vec<Alike> = (0..5).map(|at| alike(0, [at])).collect();
        let all = Renaming::all(&five);
        assert_eq!(all.len(), 1);
        assert!((0..5).all(|script| !all[0].is_symmetric(script)));
    }
}
