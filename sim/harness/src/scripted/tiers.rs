//! The local tier, the shared dictionaries and the shared variables of a script.

use super::cache::Call;
use crate::backends::amend_note;
use crate::history::{Key, Value};
use crate::protocols::Failure;
use crate::script::{Builtin, Data, Ran, Text, V};
use selvedge::Remote;
use selvedge::sync::Map as _;

impl<R: Remote<Key, Value, Error = Failure> + 'static> Call<'_, R> {
    /// The index of a shared dictionary: 0 is the local tier.
    pub(super) fn tier(&self, value: &V) -> Ran<usize> {
        match value {
            V::Tier(tier) if usize::from(*tier) == self.cache.script.local_tier() => Ok(0),
            V::Tier(tier) => Ok(usize::from(*tier)),
            _ => Err(self.machine.wrong("expected a shared dict", "called here")),
        }
    }

    pub(super) fn tier_get(&self, tier: usize, key: Key) -> Option<Data> {
        let found = match tier {
            0 => self.cache.local.get(&key),
            tier => self.cache.tiers[tier - 1].get(&key),
        };
        if let Some(data) = found.as_ref().filter(|data| !matches!(data, Data::Stored(_))) {
            amend_note(|| format!("{}.get {key} → {data}", self.tier_name(tier)));
        }
        found
    }

    pub(super) fn tier_set(&self, tier: usize, key: Key, data: Data) {
        let shown =
            (!matches!(data, Data::Stored(_)) && selvedge_engine::recording()).then(|| data.to_string());
        match tier {
            0 => self.cache.local.insert(key, data, self.cache.local.deadline()),
            tier => _ = self.cache.tiers[tier - 1].insert(key, data),
        }
        if let Some(shown) = shown {
            amend_note(|| format!("{} {key} = {shown}", self.tier_name(tier)));
        }
    }

    pub(super) fn tier_name(&self, tier: usize) -> &str {
        match tier {
            0 => "L1",
            tier => &self.cache.script.code.tiers[tier - 1],
        }
    }

    /// A variable that functions assign.
    pub(super) fn shared(&mut self, builtin: Builtin) -> Ran<V> {
        let Some(V::Int(at)) = self.machine.arguments().last() else { unreachable!("the variable's number") };
        let name = Key::new(&self.cache.script.code.shared[*at as usize].0);
        let map = self.cache.shared.as_ref().expect("the script has such variables");
        if builtin == Builtin::SharedGet {
            let data = map.get(&name).unwrap_or(Data::None);
            amend_note(|| format!("{name} → {data}"));
            return self.machine.thaw(&data);
        }
        let data = self.machine.freeze(&self.machine.arguments()[0], 0)?;
        let shown = data.to_string();
        map.insert(name, data);
        amend_note(|| format!("{name} = {shown}"));
        Ok(V::None)
    }

    pub(super) fn lock_name(&self, lock: &V) -> Key {
        match lock {
            V::Lock(Text::Key(key)) => *key,
            V::Lock(name) => Key::new(name.as_str()),
            other => unreachable!("{other:?} is no lock"),
        }
    }
}
