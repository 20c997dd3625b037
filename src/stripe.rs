//! The fence between writes and fills: generations with write intent, a word for each stripe of keys.
//!
//! A stripe is one atomic word: a generation in its high bits; below it whether Redis is being filled, and whether a write
//! was lost; and the number of writes under way in its low ones. A write *opens* the stripe of its key before it touches
//! anything, and *closes* it when Redis has acknowledged. Each step is one read-modify-write and makes a new generation. A
//! read takes the word as its *token* before it asks Redis, and may fill L1 only if the stripe was closed then and the word is
//! still the token.
//!
//! There is no state for a key that is absent, so nothing can be removed and come back: no ABA. Keys that share a
//! stripe cost one another a fill, never a stale read.
//!
//! # Why it holds
//!
//! Take a fill of key k, with its token and its check, and a write W of k. The word's modification order has either
//! W's open before the token, or after it.
//!
//! - *Before.* The stripe was closed at the token, so W's close is before it too. The token's load is an acquire and
//!   the close a release (later read-modify-writes carry the release on), so all of W, its write to Redis included,
//!   happens before the read of Redis that follows the token. The fill holds W's version, or a newer one.
//! - *After.* The check passed, so its load did not see the open. Then W's removal of k from L1 comes after the fill:
//!   had it come first, the lock of k would make the open, which precedes the removal, happen before the check, and
//!   the load could not have missed it. So the removal takes the fill away before W writes to Redis.
//!
//! Either way no fill outlives the removal of a write that is newer than it. The open and the check lean on the lock of
//! k alone, so the check is relaxed, and so would be the open if Redis were not filled.
//!
//! What [`advance`](Stripe::advance) does is a write that was over before it was told of: the same two cases, with its
//! one step as open and close. It is a release for the first of them.
//!
//! # Filling Redis
//!
//! A value that was loaded from a source of truth is put into Redis by a *reader*, and such a SET must not come after
//! that of a newer write. Two things see to it. The reader may [begin](Stripe::begin_fill) only if the stripe is still at
//! its token: a compare-and-swap, so that no write has opened since the load began. And a write that finds a fill under
//! way when it opens waits for its end before it sends its own command, and carries the fill out meanwhile (`fills.rs`). A
//! fill never waits, so that nobody waits in a circle. At most one fill of a stripe is under way, since the stripe is not closed to the next one.
//!
//! For whoever fills L1, a fill of Redis is a write: the stripe is not closed while it lasts, and it makes a generation
//! at its end. Otherwise "absent", read before it, could be kept after it. The open is an acquire for its sake, and the end
//! a release: a write's command comes after the fills that it found ended. The begin is relaxed. It publishes nothing, and
//! what it keeps away is kept away by the word itself, or by the lock of k: a read that checks after the reader has removed
//! k from L1 cannot miss it.
//!
//! # Losses
//!
//! A stripe with a lost write closes when that is settled. This is done under the lock under which it was lost, so that the
//! release of who settles carries all that the loser had done, and to lose is relaxed. A write that finds a loss takes the
//! same lock before it sends its command.
//!
//! # What loom can say
//!
//! `tests/orderings` relaxes the acquire of the token and of the open, and the release of the close and its like, one at a
//! time: each time, loom finds an execution in which an old version is kept. The check and the begin are relaxed already.
//! loom models no load buffering, in which a relaxed load returns what is written only later. There the arguments above have
//! to do: they lean on the modification order of the word and on happens-before, and not on what loom has seen.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::ops::Index;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicU64, Primitives};

/// One write under way.
const WRITER: u64 = 1;

/// A write was lost, and may still come.
const LOST: u64 = 1 << 26;

/// Redis is being filled.
const FILL: u64 = 1 << 27;

/// One generation. It comes round after 2^36, which a token would notice only if exactly as many were made during one
/// read of Redis.
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

    /// The place of a key's stripe. The hash has a fixed seed: the same key has the same stripe in every run.
    pub fn of<K: Hash>(&self, key: &K) -> usize {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        (hasher.finish() % self.stripes.len() as u64) as usize
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Stripe<P>> {
        self.stripes.iter()
    }
}

impl<P: Primitives> Index<usize> for Stripes<P> {
    type Output = Stripe<P>;

    fn index(&self, place: usize) -> &Stripe<P> {
        &self.stripes[place]
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
    /// A write begins: no fill from here on. Returns the stripe as it was before.
    ///
    /// # Panics
    ///
    /// If 2^26 - 1 writes are under way. One more would look like a lost one.
    #[track_caller]
    pub fn open(&self) -> Token {
        let before = Token(self.0.fetch_add(GENERATION + WRITER, Ordering::Acquire));
        assert!(before.writers() < LOST - 1, "too many writes of one stripe never ended");
        before
    }

    /// A write that opened the stripe is over: it was acknowledged, or nothing is still to come of it.
    #[track_caller]
    pub fn close(&self) {
        self.0.fetch_add(GENERATION - WRITER, Ordering::Release);
    }

    /// A write that opened the stripe was lost, the first one. The stripe is not closed until that is [settled](Stripe::settle).
    /// Call it under the lock under which that is done: then it publishes nothing itself, and who settles does.
    #[track_caller]
    pub fn lose(&self) {
        self.0.fetch_add(GENERATION + LOST - WRITER, Ordering::Relaxed);
    }

    /// Nothing is still to come of what was lost.
    #[track_caller]
    pub fn settle(&self) {
        self.0.fetch_add(GENERATION - LOST, Ordering::Release);
    }

    /// Something has been written elsewhere: tokens taken before do not let fill.
    #[track_caller]
    pub fn advance(&self) {
        self.0.fetch_add(GENERATION, Ordering::Release);
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

    /// Begins to fill Redis with what was loaded under this token, which is closed. Returns the token under which the value
    /// may fill L1 meanwhile, or `None` if the stripe has changed.
    #[track_caller]
    pub fn begin_fill(&self, token: Token) -> Option<Token> {
        self.0.replace(token.0, token.0 + FILL, Ordering::Relaxed).then_some(Token(token.0 + FILL))
    }

    /// The fill is over. Returns the stripe as it was before.
    #[track_caller]
    pub fn end_fill(&self) -> Token {
        Token(self.0.fetch_add(GENERATION - FILL, Ordering::Release))
    }

    /// The fill was lost, the first one to be: otherwise as [`end_fill`](Stripe::end_fill). Call it as [`lose`](Stripe::lose).
    #[track_caller]
    pub fn lose_fill(&self) -> Token {
        Token(self.0.fetch_add(GENERATION + LOST - FILL, Ordering::Relaxed))
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
    /// Whether nothing was being written, or filled in Redis, or lost.
    pub fn is_closed(self) -> bool {
        self.0.is_multiple_of(GENERATION)
    }

    /// Whether Redis was being filled.
    pub fn is_filling(self) -> bool {
        self.0 & FILL != 0
    }

    /// Whether a write was lost.
    pub fn has_lost(self) -> bool {
        self.0 & LOST != 0
    }

    /// How many writes were under way.
    pub fn writers(self) -> u64 {
        self.0 % LOST
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
        let stripe = &stripes[stripes.of(&"k")];
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
        let stripe = &stripes[stripes.of(&"k")];
        stripe.open();
        stripe.open();
        stripe.close();
        assert!(!stripe.token().is_closed());
        stripe.close();
        assert!(stripe.token().is_closed());
    }

    #[test]
    fn what_was_told_of_voids_the_tokens_before_it_and_closes_nothing() {
        let stripes = stripes(1);
        let before = stripes[0].token();
        stripes[0].advance();
        assert!(!stripes[0].is_at(before) && stripes[0].token().is_closed());
    }

    #[test]
    fn the_remote_tier_is_filled_only_under_the_token_of_the_load_and_by_one_at_a_time() {
        let stripe = &stripes(1)[0];
        let before = stripe.token();
        let filling = stripe.begin_fill(before).expect("nothing has changed");
        assert!(stripe.is_at(filling) && !filling.is_closed() && filling.is_filling());
        assert_eq!(stripe.begin_fill(before), None);
        // A write comes: it sees the fill, and the fill may no longer be kept.
        assert!(stripe.open().is_filling());
        assert!(!stripe.is_at(filling));
        assert_eq!(stripe.end_fill().writers(), 1);
        stripe.close();
        assert!(stripe.token().is_closed());
        assert_eq!(stripe.begin_fill(before), None);
    }

    #[test]
    fn absent_read_before_a_fill_of_redis_is_not_kept_after_it() {
        let stripe = &stripes(1)[0];
        let before = stripe.token();
        stripe.begin_fill(before).expect("nothing has changed");
        stripe.end_fill();
        assert!(stripe.token().is_closed() && !stripe.is_at(before));
    }

    #[test]
    fn what_is_lost_keeps_the_stripe_open_until_it_is_settled() {
        let stripe = &stripes(1)[0];
        stripe.begin_fill(stripe.token()).expect("nothing has changed");
        stripe.lose_fill();
        let lost = stripe.token();
        assert!(!lost.is_closed() && lost.has_lost() && !lost.is_filling() && lost.writers() == 0);
        stripe.settle();
        assert!(stripe.token().is_closed());
        stripe.open();
        stripe.lose();
        let lost = stripe.token();
        assert!(!lost.is_closed() && lost.has_lost() && !lost.is_filling() && lost.writers() == 0);
        stripe.settle();
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
        let full: Stripe<Std> = Stripe(std::sync::atomic::AtomicU64::new(LOST - 1));
        full.open();
    }

    #[test]
    fn a_key_has_the_same_stripe_in_every_cache_and_keys_spread() {
        let (one, other) = (stripes(8), stripes(8));
        let mut used = [false; 8];
        for key in 0..256 {
            assert_eq!(one.of(&key), other.of(&key));
            used[one.of(&key)] = true;
        }
        assert_eq!(used, [true; 8]);
    }

    #[test]
    fn stripes_share_no_cache_line() {
        assert_eq!(size_of::<Stripe<Std>>(), 128);
    }
}
