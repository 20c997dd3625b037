//! Enumerates clients, one of each equivalence class.

use std::collections::BTreeSet;

/// A thread of a client: where it runs, and its calls in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program<S> {
    /// The number of its calls, first so that shorter programs come first.
    len: usize,
    /// The node on which it runs.
    pub(crate) node: usize,
    pub(crate) calls: Vec<S>,
}

impl<S> Program<S> {
    pub(crate) fn new(node: usize, calls: Vec<S>) -> Self {
        Program { len: calls.len(), node, calls }
    }
}

/// A client: a multiset of threads, as a sorted list.
pub(crate) type Client<S> = Vec<Program<S>>;

/// The clients to enumerate.
pub(crate) struct Enumeration<'e, S> {
    /// The calls that a thread can make.
    pub(crate) alphabet: &'e [S],
    /// The number of nodes on which a thread can run.
    pub(crate) nodes: usize,
    /// The maximum number of calls of all threads together.
    pub(crate) calls: usize,
    /// The maximum number of threads.
    pub(crate) threads: usize,
    /// Renamings of calls under which clients are equivalent. They form a group with the identity,
    /// which may be omitted.
    pub(crate) renamings: &'e [&'e dyn Fn(S) -> S],
    /// Whether clients with the same threads in another order are different.
    pub(crate) orders_threads: bool,
    /// The maximum number of clients.
    pub(crate) most: usize,
}

impl<S: Copy + Ord> Enumeration<'_, S> {
    /// The first client of each equivalence class, sorted by the number of calls, then of threads.
    /// `None` if there are more than [`most`](Enumeration::most).
    pub(crate) fn all(&self) -> Option<Vec<Client<S>>> {
        let mut programs = Vec::new();
        let mut before = vec![Vec::new()];
        for len in 1..=self.calls {
            let longer = |calls: &Vec<S>| {
                let calls = calls.clone();
                self.alphabet.iter().map(move |&call| [calls.as_slice(), &[call]].concat())
            };
            if before.len().checked_mul(self.alphabet.len())? > self.most {
                return None;
            }
            before = before.iter().flat_map(longer).collect();
            for node in 0..self.nodes {
                programs.extend(before.iter().map(|calls| Program { len, node, calls: calls.clone() }));
            }
        }
        let mut found = Vec::new();
        self.extend(&programs, &mut Vec::new(), self.calls, &mut found)?;
        found.sort_by(|a, b| (calls(a), a.len()).cmp(&(calls(b), b.len())).then_with(|| a.cmp(b)));
        Some(found)
    }

    /// Adds each client that begins with `client` and continues with `programs`, which are sorted.
    fn extend(
        &self,
        programs: &[Program<S>],
        client: &mut Client<S>,
        left: usize,
        found: &mut Vec<Client<S>>,
    ) -> Option<()> {
        if client.len() == self.threads {
            return Some(());
        }
        for (at, program) in programs.iter().enumerate() {
            if program.len > left {
                break;
            }
            client.push(program.clone());
            if self.is_first_of_its_class(client) {
                found.push(client.clone());
            }
            if found.len() > self.most {
                return None;
            }
            let rest = if self.orders_threads { programs } else { &programs[at..] };
            self.extend(rest, client, left - program.len, found)?;
            client.pop();
        }
        Some(())
    }

    fn is_first_of_its_class(&self, client: &Client<S>) -> bool {
        self.renamings.iter().all(|rename| {
            let renamed = |program: &Program<S>| Program {
                calls: program.calls.iter().map(|&call| rename(call)).collect(),
                ..program.clone()
            };
            let mut other: Client<S> = client.iter().map(renamed).collect();
            if !self.orders_threads {
                other.sort();
            }
            *client <= other
        })
    }
}

/// The number of calls of a client.
pub(crate) fn calls<S>(client: &Client<S>) -> usize {
    client.iter().map(|program| program.len).sum()
}

/// The number of different things, such as keys, that `of` finds in the calls of a client.
pub(crate) fn different<S: Copy, T: Ord>(client: &Client<S>, of: impl Fn(S) -> Option<T>) -> usize {
    let calls = client.iter().flat_map(|program| &program.calls);
    calls.filter_map(|&call| of(call)).collect::<BTreeSet<T>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enumeration<'e>(
        alphabet: &'e [u8],
        calls: usize,
        threads: usize,
        renamings: &'e [&'e dyn Fn(u8) -> u8],
    ) -> Enumeration<'e, u8> {
        Enumeration { alphabet, nodes: 1, calls, threads, renamings, orders_threads: false, most: 1_000_000 }
    }

    /// Every client, by another route: all lists of threads, reduced to the least of each class.
    fn by_brute_force(of: &Enumeration<'_, u8>) -> BTreeSet<Client<u8>> {
        let mut lists: Vec<Client<u8>> = vec![Vec::new()];
        let mut all = BTreeSet::new();
        for _ in 0..of.threads {
            let mut longer = Vec::new();
            for list in &lists {
                let left = of.calls - calls(list);
                let mut programs: Vec<Vec<u8>> = vec![Vec::new()];
                for _ in 0..left {
                    let more: Vec<Vec<u8>> = (programs.iter())
                        .flat_map(|its| of.alphabet.iter().map(|&call| [its.as_slice(), &[call]].concat()))
                        .collect();
                    programs.extend(more);
                    programs.sort();
                    programs.dedup();
                }
                for its in programs.into_iter().filter(|its| !its.is_empty()) {
                    let mut list = list.clone();
                    list.push(Program { len: its.len(), node: 0, calls: its });
                    longer.push(list);
                }
            }
            for list in &longer {
                let forms = of.renamings.iter().map(|rename| {
                    let mut form = list.clone();
                    form.iter_mut()
                        .flat_map(|program| &mut program.calls)
                        .for_each(|its| *its = rename(*its));
                    form.sort();
                    form
                });
                let mut own = list.clone();
                own.sort();
                all.insert(forms.chain([own]).min().expect("its own form"));
            }
            lists = longer;
        }
        all
    }

    #[test]
    fn each_class_has_one_client_and_smaller_clients_come_first() {
        let swap = |call: u8| call ^ 1;
        let none: &[&dyn Fn(u8) -> u8] = &[];
        let swaps: &[&dyn Fn(u8) -> u8] = &[&swap];
        for (alphabet, calls_, threads, renamings) in [
            (&[0u8][..], 4, 4, none),
            (&[0, 1], 4, 3, none),
            (&[0, 1], 4, 2, swaps),
            (&[0, 1, 2, 3], 3, 3, none),
            (&[0, 1, 2, 3], 3, 3, swaps),
        ] {
            let enumeration = enumeration(alphabet, calls_, threads, renamings);
            let all = enumeration.all().expect("few clients");
            let set: BTreeSet<_> = all.iter().cloned().collect();
            assert_eq!(set.len(), all.len(), "no client twice");
            assert_eq!(set, by_brute_force(&enumeration), "{alphabet:?} {calls_} {threads}");
            assert!(all.is_sorted_by_key(|client| (calls(client), client.len())));
        }
    }

    #[test]
    fn the_numbers_of_clients_of_two_operations_are_those_of_the_formula() {
        // One kind of call: the partitions of 1, 2, 3, 4 and 5 into at most 3 parts.
        let count = |most| enumeration(&[0], most, 3, &[]).all().expect("few").len();
        assert_eq!([1, 2, 3, 4, 5].map(count), [1, 3, 6, 10, 15]);
        let two = |most| enumeration(&[0, 1], most, 3, &[]).all().expect("few").len();
        // Multisets of words over two letters.
        assert_eq!([1, 2, 3].map(two), [2, 9, 29]);
    }

    #[test]
    fn each_order_of_the_threads_is_a_client_if_they_are_ordered() {
        let all = |orders_threads| {
            let of = Enumeration { orders_threads, ..enumeration(&[0, 1], 3, 3, &[&|call| call]) };
            of.all().expect("few clients")
        };
        let multisets: BTreeSet<_> = all(false).into_iter().collect();
        let lists = all(true);
        let different: BTreeSet<_> = lists.iter().cloned().collect();
        assert_eq!(lists.len(), different.len(), "no client twice");
        // 2 of one call; 4 + 4 of two; 8 + 2 * 8 + 8 of three.
        assert_eq!(lists.len(), 2 + 8 + 32);
        let sorted = lists.into_iter().map(|mut client| {
            client.sort();
            client
        });
        assert_eq!(sorted.collect::<BTreeSet<_>>(), multisets);
    }

    #[test]
    fn too_many_clients_are_none() {
        let few = Enumeration { most: 8, ..enumeration(&[0, 1], 2, 3, &[]) };
        assert_eq!(few.all(), None);
        assert!(Enumeration { most: 9, ..few }.all().is_some());
    }
}
