//! The read of the controls: its fill is not fenced against writes.

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::Found;
use selvedge::sync::Primitives;

use super::Failure;
use crate::history::{Key, Value};

/// Reads `key`, whose local entry is `local`. The numbers are those of the protocols' headers.
pub(super) async fn read<P: Primitives, R: Remote<Key, Value, Error = Failure>>(
    l1: &L1<Key, Value, P>,
    remote: &R,
    key: Key,
    local: Key,
) -> Result<Option<Value>, Failure> {
    // 1
    if let Some(value) = l1.get(&local) {
        return Ok(Some(value));
    }
    // 2
    let Some(Found { value, .. }) = remote.get(&key).await? else { return Ok(None) };
    // 3
    l1.insert(local, value, l1.deadline());
    Ok(Some(value))
}
