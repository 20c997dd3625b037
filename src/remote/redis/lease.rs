//! The scripts of the leases.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::Script;

use super::command::{Command, milliseconds};
use crate::remote::Lease;

/// The prefix of the Redis key of a lease; the leased key follows.
const ROOT: &[u8] = b"selvedge:lease:";

/// Returns the value and its remaining time to live; without a value, the current lease or a new
/// one.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local value = redis.call('GET', KEYS[1])
         if value then return {value, redis.call('PTTL', KEYS[1])} end
         local lease = redis.call('GET', KEYS[2])
         if lease then return {lease} end
         redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
         return {ARGV[1]}",
    )
});

/// Sets the key if the lease is current and there is no value; there may be one from a `SET` by a
/// program without leases. The lease ends last, so that a server that is out of memory and refuses
/// the `SET` has changed nothing.
static FILL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
         if ARGV[3] then
             redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
         else
             redis.call('SET', KEYS[1], ARGV[2])
         end
         redis.call('DEL', KEYS[2])
         return 1",
    )
});

/// Creates leases.
pub(super) struct Leases {
    life: Duration,
    random: RandomState,
    given: AtomicU64,
}

impl Leases {
    pub(super) fn new(life: Duration) -> Self {
        Leases { life, random: RandomState::new(), given: AtomicU64::new(0) }
    }

    /// The Redis key of a key's lease.
    pub(super) fn key_of(key: &[u8]) -> Vec<u8> {
        [ROOT, key].concat()
    }

    /// Whether keys with this prefix are always distinct from keys of leases.
    pub(super) fn allow(prefix: &[u8]) -> bool {
        !ROOT.starts_with(prefix) && !prefix.starts_with(ROOT)
    }

    pub(super) fn take(&self, key: &[u8]) -> Command {
        // A pseudorandom number from a random seed: std's hasher is designed to be unpredictable.
        let token = self.random.hash_one(self.given.fetch_add(1, Ordering::Relaxed));
        let mut invocation = TAKE.key(key);
        invocation.key(Leases::key_of(key)).arg(token).arg(milliseconds(self.life));
        Command::Script(invocation)
    }

    pub(super) fn fill(key: &[u8], value: &[u8], ttl: Option<Duration>, token: u64) -> Command {
        let mut invocation = FILL.key(key);
        invocation.key(Leases::key_of(key)).arg(token).arg(value);
        if let Some(ttl) = ttl {
            invocation.arg(milliseconds(ttl));
        }
        Command::Script(invocation)
    }

    /// Parses the lease in the answer to [`take`](Leases::take).
    pub(super) fn read(token: &[u8]) -> Option<Lease> {
        std::str::from_utf8(token).ok()?.parse().ok().map(Lease::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_could_make_a_key_of_a_lease_is_not_allowed() {
        for prefix in ["", "s", "selvedge:", "selvedge:lease:", "selvedge:lease:app:"] {
            assert!(!Leases::allow(prefix.as_bytes()), "{prefix}");
        }
        for prefix in ["a", "app:", "selvedge:app:", "lease:"] {
            assert!(Leases::allow(prefix.as_bytes()), "{prefix}");
        }
    }
}
