//! The read that the controls share: a fill with nothing between it and a write.

use std::convert::Infallible;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::Found;
use selvedge::sync::Primitives;

use crate::history::{Key, Value};

/// Reads `key`, whose local entry is `local`. The steps are those of the protocols' headers.
pub(super) async fn read<P: Primitives, R: Remote<Key, Value, Error = Infallible>>(
    l1: &L1<Key, Value, P>,
    remote: &R,
    key: Key,
    local: Key,
) -> Option<Value> {
    // 1
    if let Some(value) = l1.get(&local) {
        return Some(value);
    }
    // 2
    let Ok(found) = remote.get(&key).await;
    // 3
    let Found { value, .. } = found?;
    l1.insert(local, value, l1.deadline());
    Some(value)
}
