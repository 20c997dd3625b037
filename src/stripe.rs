//! The fence between writes and fills: generations with write intent, a word for each stripe of keys.
//!
//! A stripe is one atomic word: a generation in its high bits, the number of writes under way in its low ones. A write
//! *opens* the stripe of its key before it touches anything, and *closes* it when Redis has acknowledged. Both steps
//! are one read-modify-write and make a new generation. A read takes the word as its *token* before it asks Redis, and
//! may fill L1 only if no write was under way then and the word is still the token.
//!
//! There is no state for a key that is absent, so nothing can be removed and come back: no ABA. Keys that share a
//! stripe cost one another a fill, never a stale read.
//!
//! # Why it holds
//!
//! Take a fill of key k, with its token and its check, and a write W of k. The word's modification order has either
//! W's open before the token, or after it.
//!
//! - *Before.* No write was under way at the token, so W's close is before it too. The token's load is an acquire and
//!   the close a release (later read-modify-writes carry the release on), so all of W, its write to Redis included,
//!   happens before the read of Redis that follows the token. The fill holds W's version, or a newer one.
//! - *After.* The check passed, so its load did not see the open. Then W's removal of k from L1 comes after the fill:
//!   had it come first, the lock of k would make the open, which precedes the removal, happen before the check, and
//!   the load could not have missed it. So the removal takes the fill away before W writes to Redis.
//!
//! Either way no fill outlives the removal of a write that is newer than it. The open and the check lean on the lock of
//! k alone, so they are relaxed.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicU64, Primitives};

/// One write under way.
const WRITER: u64 = 1;

/// One generation. 2^28 writes that never ended fit below it. It comes round after 2^36, which a token would notice
/// only if exactly as many were made during one read of Redis.
const GENERATION: u64 = 1 << 28;

/// A fixed array of stripes.
pub struct Stripes<P: Primitives> {
    stripes: Box<[Stripe<P>]>,
}

impl<P: Primitives> Stripes<P> {
    /// This many stripes, all closed.
    pub fn new(count: NonZeroUsize) -> Self {
        Stripes { stripes: (0..count.get()).map(|_| Stripe(P::AtomicU64::new("stripe", 0))).collect() }
    }

    /// The stripe of a key. The hash has a fixed seed: the same key has the same stripe in every run.
    pub fn of<K: Hash>(&self, key: &K) -> &Stripe<P> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        &self.stripes[(hasher.finish() % self.stripes.len() as u64) as usize]
    }
}

impl<P: Primitives> fmt::Debug for Stripes<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripes").field("count", &self.stripes.len()).finish_non_exhaustive()
    }
}

/// A stripe. Aligned to two cache lines, since processors fetch them in pairs: writers of one stripe do not slow down
/// the readers of its neighbours.
#[repr(align(128))]
pub struct Stripe<P: Primitives>(P::AtomicU64);

impl<P: Primitives> Stripe<P> {
    /// A write begins: no fill from here on.
    ///
    /// # Panics
    ///
    /// If 2^28 writes are under way. One more would make the stripe look closed.
    #[track_caller]
    pub fn open(&self) {
        let before = Token(self.0.fetch_add(GENERATION + WRITER, Ordering::Relaxed));
        assert!(before.writers() < GENERATION - 1, "too many writes of one stripe never ended");
    }

    /// A write that opened the stripe was acknowledged.
    #[track_caller]
    pub fn close(&self) {
        self.0.fetch_add(GENERATION - WRITER, Ordering::Release);
    }

    /// The stripe as it is now, for a read that is about to ask Redis.
    #[track_caller]
    pub fn token(&self) -> Token {
        Token(self.0.load(Ordering::Acquire))
    }

    /// Whether the stripe has not changed since the token. Call it under L1's lock of the key.
    #[track_caller]
    pub fn is_at(&self, token: Token) -> bool {
        self.0.load(Ordering::Relaxed) == token.0
    }
}

impl<P: Primitives> fmt::Debug for Stripe<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The word itself is not shown: reading it would be a step of the program.
        f.debug_struct("Stripe").finish_non_exhaustive()
    }
}

/// A stripe at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

impl Token {
    /// Whether no write was under way.
    pub fn is_closed(self) -> bool {
        self.writers() == 0
    }

    fn writers(self) -> u64 {
        self.0 % GENERATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Std;

    fn stripes(count: usize) -> Stripes<Std> {
        Stripes::new(NonZeroUsize::new(count).expect("not zero"))
    }

    #[test]
    fn a_write_closes_fills_until_it_ends_and_voids_the_tokens_before_it() {
        let stripes = stripes(1);
        let stripe = stripes.of(&"k");
        let before = stripe.token();
        assert!(before.is_closed() && stripe.is_at(before));
        stripe.open();
        let during = stripe.token();
        assert!(!during.is_closed() && !stripe.is_at(before));
        stripe.close();
        assert!(stripe.token().is_closed());
        assert!(!stripe.is_at(before) && !stripe.is_at(during));
    }

    #[test]
    fn the_last_of_several_writes_closes_the_stripe() {
        let stripes = stripes(1);
        let stripe = stripes.of(&"k");
        stripe.open();
        stripe.open();
        stripe.close();
        assert!(!stripe.token().is_closed());
        stripe.close();
        assert!(stripe.token().is_closed());
    }

    #[test]
    fn a_generation_that_comes_round_leaves_the_writers_as_they_were() {
        let last: Stripe<Std> = Stripe(std::sync::atomic::AtomicU64::new(u64::MAX - GENERATION + 1));
        last.open();
        assert_eq!(last.token(), Token(WRITER));
        last.close();
        assert_eq!(last.token(), Token(GENERATION));
    }

    #[test]
    #[should_panic(expected = "too many writes")]
    fn one_write_too_many_does_not_close_the_stripe_unseen() {
        let full: Stripe<Std> = Stripe(std::sync::atomic::AtomicU64::new(GENERATION - 1));
        full.open();
    }

    #[test]
    fn a_key_has_the_same_stripe_in_every_cache_and_keys_spread() {
        let index = |stripes: &Stripes<Std>, key: &u32| {
            let stripe = stripes.of(key);
            stripes.stripes.iter().position(|other| std::ptr::eq(other, stripe)).expect("one of them")
        };
        let (one, other) = (stripes(8), stripes(8));
        let mut used = [false; 8];
        for key in 0..256 {
            assert_eq!(index(&one, &key), index(&other, &key));
            used[index(&one, &key)] = true;
        }
        assert_eq!(used, [true; 8]);
    }

    #[test]
    fn stripes_share_no_cache_line() {
        assert_eq!(size_of::<Stripe<Std>>(), 128);
    }
}
