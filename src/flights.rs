//! Single-flight: who loads a key, and who waits for it.
//!
//! A *flight* is one load of one key. It has a leader, who makes it, and passengers, who are given what it comes to. A key
//! has at most one flight at a time. This file is the book that is kept of them; the wakers' calls and the load itself are
//! elsewhere (`tiered/load.rs`).
//!
//! # Who may take a flight
//!
//! What a flight comes to was read after the token that its leader took. A read that comes later may be given it only if
//! that is not too old for it:
//!
//! - Who was waiting before the token was taken may: all that the flight reads is read while it waits.
//! - Who comes after it may if the stripe is still at the token, and was closed. Then no write has begun since, so that
//!   whatever was acknowledged before this read, and whatever an earlier read saw, was there when the flight began to
//!   read.
//! - Anyone else waits on *standby*. When the flight has landed, those on standby make the next one, which is led by the
//!   first of them and takes its token then. There is still one load at a time.
//!
//! # Nobody waits in vain
//!
//! A leader that goes away without landing, since its future was dropped or its loader panicked, hands the lead to the first
//! who waits, and wakes it. Should that one go away before it notices, it hands the lead on in the same way. A flight with
//! nobody left is taken off the book. Those who are woken are told so under the lock that they wait at, so that no wake-up
//! is lost.

use std::fmt;
use std::num::NonZeroUsize;
use std::task::Waker;

use crate::stripe::Token;
use crate::sync::{Mutex, Primitives};

/// The most books that the flights are spread over.
const MOST_SHARDS: usize = 64;

/// The flights of all keys. Each has its book by its stripe, under a lock.
pub(crate) struct Board<K: Send + 'static, T: Send + 'static, P: Primitives> {
    shards: Box<[P::Mutex<Flights<K, T>>]>,
}

impl<K: Eq + Send + 'static, T: Clone + Send + 'static, P: Primitives> Board<K, T, P> {
    /// No flight of a key of one of so many stripes.
    pub(crate) fn new(stripes: NonZeroUsize) -> Self {
        let shards = 0..stripes.get().min(MOST_SHARDS);
        Board { shards: shards.map(|_| P::Mutex::new("flights", Flights::new())).collect() }
    }

    /// Calls `action` with the flights of the stripe's keys (and others), once nobody else is at them.
    #[track_caller]
    pub(crate) fn with<R>(&self, stripe: usize, action: impl FnOnce(&mut Flights<K, T>) -> R) -> R {
        self.shards[stripe % self.shards.len()].with(action)
    }
}

impl<K: Send + 'static, T: Send + 'static, P: Primitives> fmt::Debug for Board<K, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

/// The book of the flights of some keys; `T` is what a flight comes to.
#[derive(Debug)]
pub(crate) struct Flights<K, T> {
    flights: Vec<Flight<K>>,
    /// What flights came to, for passengers who have not taken it yet.
    landed: Vec<(Ticket, T)>,
    next: u64,
}

/// One who takes part in a flight. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

#[derive(Debug)]
struct Flight<K> {
    key: K,
    leader: Waiting,
    /// Under which the leader reads; `None` until it has noticed that it leads.
    token: Option<Token>,
    passengers: Vec<Waiting>,
    standby: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    waker: Option<Waker>,
}

/// What one who takes part is to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn<T> {
    /// Make the flight, and read under this token.
    Lead(Token),
    /// Take what it came to.
    Landed(T),
    /// Wait to be woken.
    Wait,
}

impl<K: Eq, T: Clone> Flights<K, T> {
    fn new() -> Self {
        Flights { flights: Vec::new(), landed: Vec::new(), next: 0 }
    }

    /// One more wants the key's value; `now` reads the stripe.
    pub(crate) fn enter(&mut self, key: &K, now: impl FnOnce() -> Token) -> Ticket
    where
        K: Clone,
    {
        let ticket = Ticket(self.next);
        self.next += 1;
        let one = Waiting { ticket, waker: None };
        match self.flights.iter_mut().find(|flight| flight.key == *key) {
            None => self.flights.push(Flight {
                key: key.clone(),
                leader: one,
                token: None,
                passengers: Vec::new(),
                standby: Vec::new(),
            }),
            Some(flight) if flight.token.is_none_or(|token| token.is_closed() && token == now()) => {
                flight.passengers.push(one);
            }
            Some(flight) => flight.standby.push(one),
        }
        ticket
    }

    /// What `ticket` is to do; `now` reads the stripe. If it is to wait, its waker is kept.
    pub(crate) fn turn(&mut self, ticket: Ticket, now: impl FnOnce() -> Token, waker: &Waker) -> Turn<T> {
        if let Some(place) = self.landed.iter().position(|(its, _)| *its == ticket) {
            return Turn::Landed(self.landed.swap_remove(place).1);
        }
        let (flight, _) = self.find(ticket);
        let flight = &mut self.flights[flight];
        if flight.leader.ticket == ticket {
            let token = now();
            flight.token = Some(token);
            return Turn::Lead(token);
        }
        let waiting = flight.passengers.iter_mut().chain(&mut flight.standby);
        for its in waiting.filter(|its| its.ticket == ticket) {
            if its.waker.as_ref().is_none_or(|its| !its.will_wake(waker)) {
                its.waker = Some(waker.clone());
            }
        }
        Turn::Wait
    }

    /// The flight that `ticket` leads has come to this. Whoever is to be woken is returned.
    pub(crate) fn land(&mut self, ticket: Ticket, outcome: &T) -> Vec<Waker> {
        let (place, _) = self.find(ticket);
        let Flight { passengers, standby, .. } = &mut self.flights[place];
        let passengers = std::mem::take(passengers);
        let mut standby = std::mem::take(standby).into_iter();
        let mut woken: Vec<_> = Vec::with_capacity(passengers.len() + 1);
        for Waiting { ticket, waker } in passengers {
            self.landed.push((ticket, outcome.clone()));
            woken.extend(waker);
        }
        match standby.next() {
            None => drop(self.flights.swap_remove(place)),
            Some(first) => woken.extend(self.flights[place].is_led_by(first, standby.collect())),
        }
        woken
    }

    /// `ticket` goes away, whatever it was about to do. Whoever is to be woken in its place is returned.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        if let Some(place) = self.landed.iter().position(|(its, _)| *its == ticket) {
            self.landed.swap_remove(place);
            return None;
        }
        let (place, is_leader) = self.find(ticket);
        let flight = &mut self.flights[place];
        if !is_leader {
            flight.passengers.retain(|its| its.ticket != ticket);
            flight.standby.retain(|its| its.ticket != ticket);
            return None;
        }
        // The next token is taken after all of them came: nobody needs to be on standby.
        let mut waiting = std::mem::take(&mut flight.passengers).into_iter();
        let mut standby = std::mem::take(&mut flight.standby).into_iter();
        match waiting.next().or_else(|| standby.next()) {
            None => {
                self.flights.swap_remove(place);
                None
            }
            Some(first) => flight.is_led_by(first, waiting.chain(standby).collect()),
        }
    }

    /// The place of the flight that `ticket` takes part in, and whether it leads.
    fn find(&self, ticket: Ticket) -> (usize, bool) {
        let has = |waiting: &[Waiting]| waiting.iter().any(|its| its.ticket == ticket);
        for (place, flight) in self.flights.iter().enumerate() {
            if flight.leader.ticket == ticket {
                return (place, true);
            }
            if has(&flight.passengers) || has(&flight.standby) {
                return (place, false);
            }
        }
        unreachable!("who has left or landed does not ask again")
    }
}

impl<K> Flight<K> {
    /// The flight begins anew, with this leader, who is to be woken.
    fn is_led_by(&mut self, leader: Waiting, passengers: Vec<Waiting>) -> Option<Waker> {
        let waker = leader.waker.clone();
        self.leader = leader;
        self.token = None;
        self.passengers = passengers;
        waker
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;
    use crate::stripe::Stripes;
    use crate::sync::Std;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Bell(AtomicU32);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A stripe, and the book of the flights of its keys.
    struct Bench {
        stripes: Stripes<Std>,
        flights: Flights<&'static str, u32>,
    }

    impl Bench {
        fn new() -> Self {
            Bench { stripes: Stripes::new(NonZeroUsize::MIN), flights: Flights::new() }
        }

        fn enter(&mut self, key: &'static str) -> Ticket {
            self.flights.enter(&key, || self.stripes[0].token())
        }

        fn turn(&mut self, ticket: Ticket) -> Turn<u32> {
            self.flights.turn(ticket, || self.stripes[0].token(), Waker::noop())
        }

        fn leads(&mut self, ticket: Ticket) -> bool {
            matches!(self.turn(ticket), Turn::Lead(_))
        }

        fn write(&self) {
            self.stripes[0].open();
            self.stripes[0].close();
        }

        fn is_empty(&self) -> bool {
            self.flights.flights.is_empty() && self.flights.landed.is_empty()
        }
    }

    #[test]
    fn one_leads_and_the_others_are_given_what_it_comes_to() {
        let mut bench = Bench::new();
        let [first, second, third] = [0; 3].map(|_| bench.enter("k"));
        assert!(bench.leads(first) && bench.turn(second) == Turn::Wait);
        bench.flights.land(first, &7);
        assert_eq!((bench.turn(second), bench.turn(third)), (Turn::Landed(7), Turn::Landed(7)));
        assert!(bench.is_empty());
    }

    #[test]
    fn each_key_has_a_flight_of_its_own() {
        let mut bench = Bench::new();
        let (first, second) = (bench.enter("k"), bench.enter("other"));
        assert!(bench.leads(first) && bench.leads(second));
    }

    #[test]
    fn who_comes_after_a_write_waits_for_the_next_flight() {
        let mut bench = Bench::new();
        let (first, second) = (bench.enter("k"), bench.enter("k"));
        assert!(bench.leads(first));
        bench.write();
        let (third, fourth) = (bench.enter("k"), bench.enter("k"));
        bench.flights.land(first, &7);
        assert_eq!(bench.turn(second), Turn::Landed(7));
        assert!(bench.leads(third) && bench.turn(fourth) == Turn::Wait);
        bench.flights.land(third, &8);
        assert_eq!(bench.turn(fourth), Turn::Landed(8));
        assert!(bench.is_empty());
    }

    #[test]
    fn who_comes_while_a_write_is_under_way_waits_for_the_next_flight() {
        let mut bench = Bench::new();
        bench.stripes[0].open();
        let first = bench.enter("k");
        let with_it = bench.enter("k");
        assert!(bench.leads(first));
        let late = bench.enter("k");
        bench.flights.land(first, &7);
        assert_eq!(bench.turn(with_it), Turn::Landed(7));
        assert!(bench.leads(late));
    }

    #[test]
    fn a_leader_that_goes_hands_over_to_a_waiter_and_wakes_it() {
        let mut bench = Bench::new();
        let [first, second, third] = [0; 3].map(|_| bench.enter("k"));
        assert!(bench.leads(first));
        let bell = Arc::<Bell>::default();
        let now = bench.stripes[0].token();
        assert_eq!(bench.flights.turn(second, || now, &bell.clone().into()), Turn::Wait);
        bench.flights.leave(first).expect("one waits").wake();
        assert_eq!(bell.0.load(Ordering::Relaxed), 1);
        // It goes too, before it has noticed.
        bench.flights.leave(second);
        assert!(bench.leads(third));
        bench.flights.leave(third);
        assert!(bench.is_empty());
    }

    #[test]
    fn a_new_leader_takes_those_on_standby_with_it() {
        let mut bench = Bench::new();
        let first = bench.enter("k");
        assert!(bench.leads(first));
        bench.write();
        let [second, third] = [0; 2].map(|_| bench.enter("k"));
        bench.flights.leave(first);
        assert!(bench.leads(second));
        bench.flights.land(second, &7);
        assert_eq!(bench.turn(third), Turn::Landed(7));
    }

    #[test]
    fn who_goes_leaves_nothing_behind() {
        let mut bench = Bench::new();
        let [first, second, third] = [0; 3].map(|_| bench.enter("k"));
        assert!(bench.leads(first));
        bench.flights.leave(second);
        bench.write();
        let fourth = bench.enter("k");
        bench.flights.leave(fourth);
        bench.flights.land(first, &7);
        // It has landed, and nobody fetches it.
        bench.flights.leave(third);
        assert!(bench.is_empty());
    }
}
