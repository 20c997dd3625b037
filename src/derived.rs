//! Derived keys: keys whose values are computed from another key's value.

use std::fmt;

/// The rules by which keys are derived from a key.
pub(crate) struct Derived<K>(Vec<Rule<K>>);

type Rule<K> = Box<dyn Fn(&K) -> Vec<K> + Send + Sync>;

impl<K: Clone + Eq> Derived<K> {
    /// No rules.
    pub(crate) fn none() -> Self {
        Derived(Vec::new())
    }

    /// Adds a rule.
    pub(crate) fn add(&mut self, rule: impl Fn(&K) -> Vec<K> + Send + Sync + 'static) {
        self.0.push(Box::new(rule));
    }

    /// All keys that are derived from the key, transitively, without duplicates and without the key
    /// itself. Takes quadratic time in their number, which is small.
    pub(crate) fn of(&self, key: &K) -> Vec<K> {
        let mut found = Vec::new();
        let mut from = Some(key.clone());
        let mut done = 0;
        while let Some(its) = from {
            for derived in self.0.iter().flat_map(|rule| rule(&its)) {
                if derived != *key && !found.contains(&derived) {
                    found.push(derived);
                }
            }
            from = found.get(done).cloned();
            done += 1;
        }
        found
    }
}

impl<K> fmt::Debug for Derived<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").field("rules", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_keys_are_transitive_and_cycles_end() {
        let mut derived = Derived::none();
        assert_eq!(derived.of(&1), Vec::<u32>::new());
        derived.add(|&key: &u32| if key < 4 { vec![key + 1] } else { vec![] });
        derived.add(|&key: &u32| if key == 4 { vec![1, 5, 4] } else { vec![4] });
        assert_eq!(derived.of(&1), [2, 4, 3, 5]);
        assert_eq!(derived.of(&4), [1, 5, 2, 3]);
    }
}
