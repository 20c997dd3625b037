//! The flights of the keys of one shard.

use std::task::{Poll, Waker};

use crate::fence::Token;

/// The flights of the keys of one shard; `T` is the result of a flight.
#[derive(Debug)]
pub(crate) struct Shard<K, T> {
    flights: Vec<Flight<K>>,
    /// Results for followers that have not taken them yet.
    results: Vec<(CallerId, T)>,
    next: u64,
}

/// Identifies a caller. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallerId(u64);

#[derive(Debug)]
struct Flight<K> {
    key: K,
    leader: Caller,
    /// The token under which the leader reads; `None` until the leader has been polled.
    token: Option<Token>,
    followers: Vec<Caller>,
    standby: Vec<Caller>,
}

#[derive(Debug)]
struct Caller {
    id: CallerId,
    waker: Option<Waker>,
}

/// A caller's part in a flight.
#[derive(Debug, PartialEq)]
pub(crate) enum Joined<T> {
    /// It leads the flight, and reads under this token.
    Lead(Token),
    /// The flight has completed with this result.
    Completed(T),
}

impl<K: Eq, T: Clone> Shard<K, T> {
    pub(crate) fn new() -> Self {
        Shard { flights: Vec::new(), results: Vec::new(), next: 0 }
    }

    /// Adds a caller that wants the key's value; `now` reads the stripe.
    pub(crate) fn enter(&mut self, key: &K, now: impl FnOnce() -> Token) -> CallerId
    where
        K: Clone,
    {
        let id = CallerId(self.next);
        self.next += 1;
        let caller = Caller { id, waker: None };
        match self.flights.iter_mut().find(|flight| flight.key == *key) {
            None => self.flights.push(Flight {
                key: key.clone(),
                leader: caller,
                token: None,
                followers: Vec::new(),
                standby: Vec::new(),
            }),
            Some(flight) if flight.token.is_none_or(|token| token.is_closed() && token == now()) => {
                flight.followers.push(caller);
            }
            Some(flight) => flight.standby.push(caller),
        }
        id
    }

    /// The caller's part in its flight; `now` reads the stripe. While it is pending, its waker is
    /// stored.
    pub(crate) fn poll(
        &mut self,
        caller: CallerId,
        now: impl FnOnce() -> Token,
        waker: &Waker,
    ) -> Poll<Joined<T>> {
        if let Some(index) = self.results.iter().position(|(id, _)| *id == caller) {
            return Poll::Ready(Joined::Completed(self.results.swap_remove(index).1));
        }
        let (flight, _) = self.find(caller);
        let flight = &mut self.flights[flight];
        if flight.leader.id == caller {
            let token = now();
            flight.token = Some(token);
            return Poll::Ready(Joined::Lead(token));
        }
        let waiting = flight.followers.iter_mut().chain(&mut flight.standby);
        for its in waiting.filter(|its| its.id == caller) {
            if its.waker.as_ref().is_none_or(|its| !its.will_wake(waker)) {
                its.waker = Some(waker.clone());
            }
        }
        Poll::Pending
    }

    /// Completes the flight that `leader` leads. Returns the wakers to call.
    pub(crate) fn complete(&mut self, leader: CallerId, result: &T) -> Vec<Waker> {
        let (index, _) = self.find(leader);
        let Flight { followers, standby, .. } = &mut self.flights[index];
        let followers = std::mem::take(followers);
        let mut standby = std::mem::take(standby).into_iter();
        let mut woken: Vec<_> = Vec::with_capacity(followers.len() + 1);
        for Caller { id, waker } in followers {
            self.results.push((id, result.clone()));
            woken.extend(waker);
        }
        match standby.next() {
            None => drop(self.flights.swap_remove(index)),
            Some(first) => woken.extend(self.flights[index].restart(first, standby.collect())),
        }
        woken
    }

    /// Removes the caller, in any state. Returns the waker of the leader that replaces it, if any.
    pub(crate) fn leave(&mut self, caller: CallerId) -> Option<Waker> {
        if let Some(index) = self.results.iter().position(|(id, _)| *id == caller) {
            self.results.swap_remove(index);
            return None;
        }
        let (index, is_leader) = self.find(caller);
        let flight = &mut self.flights[index];
        if !is_leader {
            flight.followers.retain(|its| its.id != caller);
            flight.standby.retain(|its| its.id != caller);
            return None;
        }
        // The next token is taken after all of them came, so that none needs to be on standby.
        let mut waiting = std::mem::take(&mut flight.followers).into_iter();
        let mut standby = std::mem::take(&mut flight.standby).into_iter();
        match waiting.next().or_else(|| standby.next()) {
            None => {
                self.flights.swap_remove(index);
                None
            }
            Some(first) => flight.restart(first, waiting.chain(standby).collect()),
        }
    }

    /// The index of the caller's flight, and whether the caller leads it.
    fn find(&self, caller: CallerId) -> (usize, bool) {
        let has = |callers: &[Caller]| callers.iter().any(|its| its.id == caller);
        for (index, flight) in self.flights.iter().enumerate() {
            if flight.leader.id == caller {
                return (index, true);
            }
            if has(&flight.followers) || has(&flight.standby) {
                return (index, false);
            }
        }
        unreachable!("a caller that has left or has its result does not poll again")
    }
}

impl<K> Flight<K> {
    /// Restarts the flight with this leader. Returns the leader's waker.
    fn restart(&mut self, leader: Caller, followers: Vec<Caller>) -> Option<Waker> {
        let waker = leader.waker.clone();
        self.leader = leader;
        self.token = None;
        self.followers = followers;
        waker
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;
    use crate::fence::Stripes;
    use crate::sync::Std;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Bell(AtomicU32);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A stripe, and the flights of its keys.
    struct Bench {
        stripes: Stripes<Std>,
        shard: Shard<&'static str, u32>,
    }

    fn completed(result: u32) -> Poll<Joined<u32>> {
        Poll::Ready(Joined::Completed(result))
    }

    impl Bench {
        fn new() -> Self {
            Bench { stripes: Stripes::new(NonZeroUsize::MIN), shard: Shard::new() }
        }

        fn enter(&mut self, key: &'static str) -> CallerId {
            self.shard.enter(&key, || self.stripes[0].token())
        }

        fn poll(&mut self, caller: CallerId) -> Poll<Joined<u32>> {
            self.shard.poll(caller, || self.stripes[0].token(), Waker::noop())
        }

        fn leads(&mut self, caller: CallerId) -> bool {
            matches!(self.poll(caller), Poll::Ready(Joined::Lead(_)))
        }

        fn write(&self) {
            self.stripes[0].open();
            self.stripes[0].close();
        }

        fn is_empty(&self) -> bool {
            self.shard.flights.is_empty() && self.shard.results.is_empty()
        }
    }

    #[test]
    fn one_leads_and_the_others_receive_its_result() {
        let mut bench = Bench::new();
        let [first, second, third] = [0; 3].map(|_| bench.enter("k"));
        assert!(bench.leads(first) && bench.poll(second) == Poll::Pending);
        bench.shard.complete(first, &7);
        assert_eq!((bench.poll(second), bench.poll(third)), (completed(7), completed(7)));
        assert!(bench.is_empty());
    }

    #[test]
    fn each_key_has_a_flight_of_its_own() {
        let mut bench = Bench::new();
        let (first, second) = (bench.enter("k"), bench.enter("other"));
        assert!(bench.leads(first) && bench.leads(second));
    }

    #[test]
    fn a_caller_after_a_write_waits_for_the_next_flight() {
        let mut bench = Bench::new();
        let (first, second) = (bench.enter("k"), bench.enter("k"));
        assert!(bench.leads(first));
        bench.write();
        let (third, fourth) = (bench.enter("k"), bench.enter("k"));
        bench.shard.complete(first, &7);
        assert_eq!(bench.poll(second), completed(7));
        assert!(bench.leads(third) && bench.poll(fourth) == Poll::Pending);
        bench.shard.complete(third, &8);
        assert_eq!(bench.poll(fourth), completed(8));
        assert!(bench.is_empty());
    }

    #[test]
    fn a_caller_during_a_write_waits_for_the_next_flight() {
        let mut bench = Bench::new();
        bench.stripes[0].open();
        let first = bench.enter("k");
        let with_it = bench.enter("k");
        assert!(bench.leads(first));
        let late = bench.enter("k");
        bench.shard.complete(first, &7);
        assert_eq!(bench.poll(with_it), completed(7));
        assert!(bench.leads(late));
    }

    #[test]
    fn a_leader_that_leaves_hands_over_to_a_waiting_caller_and_wakes_it() {
        let mut bench = Bench::new();
        let [first, second, third] = [0; 3].map(|_| bench.enter("k"));
        assert!(bench.leads(first));
        let bell = Arc::<Bell>::default();
        let now = bench.stripes[0].token();
        assert_eq!(bench.shard.poll(second, || now, &bell.clone().into()), Poll::Pending);
        bench.shard.leave(first).expect("one waits").wake();
        assert_eq!(bell.0.load(Ordering::Relaxed), 1);
        // It leaves too, before it is polled.
        bench.shard.leave(second);
        assert!(bench.leads(third));
        bench.shard.leave(third);
        assert!(bench.is_empty());
    }

    #[test]
    fn a_new_leader_takes_those_on_standby_with_it() {
        let mut bench = Bench::new();
        let first = bench.enter("k");
        assert!(bench.leads(first));
        bench.write();
        let [second, third] = [0; 2].map(|_| bench.enter("k"));
        bench.shard.leave(first);
        assert!(bench.leads(second));
        bench.shard.complete(second, &7);
        assert_eq!(bench.poll(third), completed(7));
    }

    #[test]
    fn a_caller_that_leaves_leaves_nothing_behind() {
        let mut bench = Bench::new();
        let [first, second, third] = [0; 3].map(|_| bench.enter("k"));
        assert!(bench.leads(first));
        bench.shard.leave(second);
        bench.write();
        let fourth = bench.enter("k");
        bench.shard.leave(fourth);
        bench.shard.complete(first, &7);
        // Its flight has completed, and it never takes the result.
        bench.shard.leave(third);
        assert!(bench.is_empty());
    }
}
