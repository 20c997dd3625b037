//! The word that orders writes and fills: one generation and write count for each stripe of keys.
//!
//! A stripe is one atomic word:
//!
//! ```text
//! bits 63..28  generation
//! bit  27      a fill of Redis is in progress
//! bit  26      a write was lost
//! bits 25..0   number of writes in progress
//! ```
//!
//! A write *opens* the stripe of its key before any other step, and *closes* it when Redis has
//! acknowledged. Each is one read-modify-write that makes a new generation. A read takes the word
//! as its *token* before it queries Redis. It may fill L1 only if the stripe was closed in the
//! token and the word still equals it.
//!
//! An absent key has no state, so that nothing can be removed and reinserted: no ABA. Keys that
//! share a stripe may cost each other a fill, but never cause a stale read.
//!
//! # Why it holds
//!
//! Consider a fill of key k, with its token and its check, and a write W of k. In the word's
//! modification order, W's open is either before the token or after it.
//!
//! - *Before.* The stripe was closed in the token, so that W's close is before it too. The token's
//!   load is an acquire and the close a release (later read-modify-writes continue its release
//!   sequence). So all of W, including its write to Redis, happens before the read of Redis that
//!   follows the token. The fill has W's version or a newer one.
//! - *After.* The check passed, so that its load did not see the open. Then W's removal of k from
//!   L1 follows the fill: if it had been first, the lock of k would order the open, which precedes
//!   the removal, before the check, and the load would have seen it. So the removal removes the
//!   fill before W writes to Redis.
//!
//! In both cases no fill outlives the removal by a newer write. The open and the check rely only on
//! the lock of k, so that the check is relaxed; the open could be too if Redis were never filled.
//!
//! [`advance`](Stripe::advance) is a write that completed before its notification: the same two
//! cases, with its one step as open and close. It is a release because of the first.
//!
//! # Filling Redis
//!
//! A *reader* writes a value from a source of truth to Redis, and this SET must not follow that of
//! a newer write. Two rules ensure it. The reader may [begin](Stripe::begin_fill) only if the
//! stripe is still at its token; that is a compare-and-swap, so that no write has opened since the
//! load began. And a write that finds a fill in progress when it opens waits for the fill's end
//! before it sends its own command, and runs the fill meanwhile (`fills.rs`). A fill never waits,
//! so that there is no cycle of waits. A stripe has at most one fill in progress, because it is not
//! closed for the next one.
//!
//! For a fill of L1, a fill of Redis is a write: the stripe is not closed while it lasts, and its
//! end makes a generation. Otherwise an "absent" that was read before it could be cached after it.
//! For this the open is an acquire and the end a release: a write's command follows the fills that
//! it found ended. The begin is relaxed: it publishes nothing, and the fills that it must exclude
//! are excluded by the word itself or by the lock of k. A read whose check follows the reader's
//! removal of k from L1 sees the begin.
//!
//! # Losses
//!
//! A stripe with a lost write closes when the loss is settled. That is done under the lock under
//! which the write was lost. So the release of the settling task carries everything that the losing
//! task did, and the loss itself is relaxed. A write that finds a loss acquires the same lock
//! before it sends its command.
//!
//! # Evidence from loom
//!
//! `tests/orderings` relaxes the acquire of the token and of the open, and the release of the close
//! and of similar steps, one at a time. Each time, loom finds an execution in which an old version
//! is cached. The check and the begin are relaxed already. loom does not model load buffering, in
//! which a relaxed load returns a value that is written later. For that only the proofs above
//! apply: they use the modification order of the word and happens-before, not loom's results.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::ops::Index;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicU64, Primitives};

/// One write in progress.
const WRITER: u64 = 1;

/// A write was lost, and may still take effect.
const LOST: u64 = 1 << 26;

/// A fill of Redis is in progress.
const FILL: u64 = 1 << 27;

/// One generation. It wraps around after 2^36; a token would miss that only if exactly as many were
/// made during one read of Redis.
const GENERATION: u64 = 1 << 28;

/// A fixed array of stripes.
pub struct Stripes<P: Primitives> {
    stripes: Box<[Stripe<P>]>,
}

impl<P: Primitives> Stripes<P> {
    /// Creates this many stripes, all closed.
    pub fn new(count: NonZeroUsize) -> Self {
        let format = |word| Token(word).to_string();
        let stripe = |_| Stripe(P::AtomicU64::new("stripe", 0).formatted_by(format));
        Stripes { stripes: (0..count.get()).map(stripe).collect() }
    }

    /// The index of a key's stripe. The hash has a fixed seed: a key has the same stripe in every
    /// run.
    pub fn of<K: Hash>(&self, key: &K) -> usize {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        (hasher.finish() % self.stripes.len() as u64) as usize
    }

    /// All stripes, in order.
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

/// A stripe. Aligned to two cache lines, because processors fetch them in pairs: writers of one
/// stripe do not slow down readers of its neighbours.
#[repr(align(128))]
pub struct Stripe<P: Primitives>(P::AtomicU64);

impl<P: Primitives> Stripe<P> {
    /// Begins a write: no fill succeeds from now on. Returns the state before.
    ///
    /// # Panics
    ///
    /// If 2^26 - 1 writes are in progress. One more would set the bit of a lost write.
    #[track_caller]
    pub fn open(&self) -> Token {
        let before = Token(self.0.fetch_add(GENERATION + WRITER, Ordering::Acquire));
        assert!(before.writers() < LOST - 1, "too many writes of one stripe are in progress");
        before
    }

    /// Ends a write that opened the stripe: it was acknowledged, or cannot take effect any more.
    #[track_caller]
    pub fn close(&self) {
        self.0.fetch_add(GENERATION - WRITER, Ordering::Release);
    }

    /// Ends a write that opened the stripe and was lost, if it is the stripe's first loss. The
    /// stripe is not closed until that is [settled](Stripe::settle). Call both under the same lock:
    /// then this step publishes nothing, and settling does.
    #[track_caller]
    pub fn lose(&self) {
        self.0.fetch_add(GENERATION + LOST - WRITER, Ordering::Relaxed);
    }

    /// Settles the losses: no lost write can take effect any more.
    #[track_caller]
    pub fn settle(&self) {
        self.0.fetch_add(GENERATION - LOST, Ordering::Release);
    }

    /// Makes a generation after a write by another process: no earlier token lets a read fill L1.
    #[track_caller]
    pub fn advance(&self) {
        self.0.fetch_add(GENERATION, Ordering::Release);
    }

    /// The current state, for a read that is about to query Redis.
    #[track_caller]
    pub fn token(&self) -> Token {
        Token(self.0.load(Ordering::Acquire))
    }

    /// Whether the stripe still equals the token. Call it under L1's lock of the key.
    #[track_caller]
    pub fn is_at(&self, token: Token) -> bool {
        self.0.load(Ordering::Relaxed) == token.0
    }

    /// Makes a generation if the stripe still equals the token. Returns whether it did. Call it
    /// under L1's lock of the key. For a fill that other fills must not follow with older values:
    /// see [`nodes`](crate::nodes).
    #[track_caller]
    pub fn advance_from(&self, token: Token) -> bool {
        self.0.replace(token.0, token.0.wrapping_add(GENERATION), Ordering::Release)
    }

    /// Begins to fill Redis with a value that was loaded under this token, in which the stripe was
    /// closed. Returns the token under which the value may fill L1 meanwhile, or `None` if the
    /// stripe has changed.
    #[track_caller]
    pub fn begin_fill(&self, token: Token) -> Option<Token> {
        self.0.replace(token.0, token.0 + FILL, Ordering::Relaxed).then_some(Token(token.0 + FILL))
    }

    /// Ends the fill. Returns the state before.
    #[track_caller]
    pub fn end_fill(&self) -> Token {
        Token(self.0.fetch_add(GENERATION - FILL, Ordering::Release))
    }

    /// Ends a fill that was lost, if it is the stripe's first loss. Returns the state before. Call
    /// it as [`lose`](Stripe::lose).
    #[track_caller]
    pub fn lose_fill(&self) -> Token {
        Token(self.0.fetch_add(GENERATION + LOST - FILL, Ordering::Relaxed))
    }
}

impl<P: Primitives> fmt::Debug for Stripe<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the word: reading it would be a step of the program.
        f.debug_struct("Stripe").finish_non_exhaustive()
    }
}

/// The state of a stripe at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

impl Token {
    /// Whether no write or fill of Redis was in progress, and no write was lost.
    pub fn is_closed(self) -> bool {
        self.0.is_multiple_of(GENERATION)
    }

    /// Whether a fill of Redis was in progress.
    pub fn is_filling(self) -> bool {
        self.0 & FILL != 0
    }

    /// Whether a write was lost.
    pub fn has_lost(self) -> bool {
        self.0 & LOST != 0
    }

    /// The number of writes in progress.
    pub fn writers(self) -> u64 {
        self.0 % LOST
    }

    /// The generation.
    fn generation(self) -> u64 {
        self.0 / GENERATION
    }
}

/// `generation 3, 1 writer, lost`; `0` before the first write.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0");
        }
        write!(f, "generation {}", self.generation())?;
        match self.writers() {
            0 => {}
            1 => f.write_str(", 1 writer")?,
            writers => write!(f, ", {writers} writers")?,
        }
        if self.is_filling() {
            f.write_str(", filling")?;
        }
        if self.has_lost() {
            f.write_str(", lost")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Std;

    #[test]
    fn a_token_is_formatted_by_its_parts() {
        let shown = |word| Token(word).to_string();
        assert_eq!(shown(0), "0");
        assert_eq!(shown(GENERATION), "generation 1");
        assert_eq!(shown(2 * GENERATION + WRITER), "generation 2, 1 writer");
        assert_eq!(shown(7 * GENERATION + 2 * WRITER + LOST), "generation 7, 2 writers, lost");
        assert_eq!(shown(3 * GENERATION + FILL), "generation 3, filling");
        assert_eq!(shown(FILL + LOST), "generation 0, filling, lost");
    }

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
    fn a_notification_voids_earlier_tokens_and_leaves_the_stripe_closed() {
        let stripes = stripes(1);
        let before = stripes[0].token();
        stripes[0].advance();
        assert!(!stripes[0].is_at(before) && stripes[0].token().is_closed());
    }

    #[test]
    fn redis_is_filled_only_under_the_token_of_the_load_and_by_one_load_at_a_time() {
        let stripe = &stripes(1)[0];
        let before = stripe.token();
        let filling = stripe.begin_fill(before).expect("nothing has changed");
        assert!(stripe.is_at(filling) && !filling.is_closed() && filling.is_filling());
        assert_eq!(stripe.begin_fill(before), None);
        // A write opens: it sees the fill, and the fill may no longer be cached.
        assert!(stripe.open().is_filling());
        assert!(!stripe.is_at(filling));
        assert_eq!(stripe.end_fill().writers(), 1);
        stripe.close();
        assert!(stripe.token().is_closed());
        assert_eq!(stripe.begin_fill(before), None);
    }

    #[test]
    fn absent_read_before_a_fill_of_redis_is_not_cached_after_it() {
        let stripe = &stripes(1)[0];
        let before = stripe.token();
        stripe.begin_fill(before).expect("nothing has changed");
        stripe.end_fill();
        assert!(stripe.token().is_closed() && !stripe.is_at(before));
    }

    #[test]
    fn a_lost_write_keeps_the_stripe_open_until_it_is_settled() {
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
    fn a_generation_that_wraps_leaves_the_writers_unchanged() {
        let last: Stripe<Std> = Stripe(std::sync::atomic::AtomicU64::new(u64::MAX - GENERATION + 1));
        last.open();
        assert_eq!(last.token(), Token(WRITER));
        last.close();
        assert_eq!(last.token(), Token(GENERATION));
    }

    #[test]
    #[should_panic(expected = "too many writes")]
    fn one_write_too_many_panics() {
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
