//! Streams, counters and sets of events of native mode: the optimal search finds the outcomes of
//! the naive one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::Location;
use std::rc::Rc;

use selvedge_engine::native::{self, Memory, READABLE, Readable, Slot, WRITABLE, Waits};
use selvedge_engine::{Explorer, Report};

#[track_caller]
fn here() -> &'static Location<'static> {
    Location::caller()
}

/// What a program has observed.
type Seen = Rc<RefCell<Vec<String>>>;

/// The program's objects: two streams, a counter, and a set in which all are registered.
struct Objects {
    memory: Memory,
    streams: [u32; 2],
    counter: u32,
    set: u32,
}

impl Objects {
    fn new() -> Rc<Self> {
        let memory = Memory::begin();
        let location = |key| memory.endpoint(key, "an endpoint");
        let objects =
            Objects { memory, streams: [1, 2].map(location), counter: location(3), set: location(4) };
        for index in 0..3 {
            let (slot, stream) = objects.registered(index);
            memory.change_set(slot.set, stream, here(), |set, present| {
                set | (present & READABLE & !WRITABLE) << (3 * slot.index)
            });
        }
        Rc::new(objects)
    }

    fn registered(&self, index: u32) -> (Slot, u32) {
        let stream = [self.streams[0], self.streams[1], self.counter][index as usize];
        (Slot { set: self.set, index }, stream)
    }

    fn arrive(&self, index: u32, count: u32) {
        let (slot, stream) = self.registered(index);
        match index {
            2 => self.memory.count(stream, count, Some(slot), here()),
            _ => drop(self.memory.arrive(stream, count, false, Some(slot), here())),
        }
    }

    fn wait(&self, waits: Waits) -> String {
        let (events, is_late) = self.memory.wait_for_set(self.set, waits, here());
        format!("{events:o}{}", if is_late { " late" } else { "" })
    }

    fn read(&self, index: usize, waits: Waits) -> Readable {
        self.memory.read_stream(self.streams[index], 100, false, waits, here())
    }
}

/// Explores a program with both searches, and compares their outcomes. Returns the report of the
/// optimal one, and the outcomes.
fn outcomes(program: impl Fn(&Rc<Objects>, &Seen) + Clone + 'static) -> (Report, BTreeSet<Vec<String>>) {
    let explore = |explorer: Explorer<selvedge_engine::mode::Any>| {
        let all = Rc::new(RefCell::new(BTreeSet::new()));
        let (program, found) = (program.clone(), Rc::clone(&all));
        let seen: Seen = Rc::default();
        let of_run = Rc::clone(&seen);
        let report = explorer.run_each(
            move || {
                seen.borrow_mut().clear();
                program(&Objects::new(), &seen);
            },
            move |_| {
                found.borrow_mut().insert(of_run.borrow().clone());
                std::ops::ControlFlow::Continue(())
            },
        );
        assert!(report.nondeterminism.is_none() && report.is_complete(), "{report:?}");
        let all = all.borrow().clone();
        (report, all)
    };
    let (optimal, some) = explore(Explorer::optimal().into_any());
    let (naive, all) = explore(Explorer::naive().into_any());
    assert_eq!(some, all, "the searches find different outcomes");
    assert!(optimal.executions <= naive.executions);
    (optimal, some)
}

/// Two arrivals at different streams commute with each other, and race with the wait.
#[test]
fn arrivals_and_a_wait() {
    let (report, seen) = outcomes(|objects, seen| {
        for index in 0..2 {
            let objects = Rc::clone(objects);
            native::spawn(None, move || objects.arrive(index, 1));
        }
        let events = objects.wait(Waits::Forever);
        seen.borrow_mut().push(events);
    });
    // The first, the second, or both.
    assert_eq!((report.executions, seen.len()), (3, 3), "{seen:?}");
}

/// Two increments of one counter commute, although only the first of them adds the event.
#[test]
fn increments_of_a_counter() {
    let (report, seen) = outcomes(|objects, seen| {
        for _ in 0..2 {
            let objects = Rc::clone(objects);
            native::spawn(None, move || objects.arrive(2, 1));
        }
        let first = objects.wait(Waits::Ends);
        let second = objects.wait(Waits::Tries);
        seen.borrow_mut().extend([first, second]);
    });
    assert!(report.executions >= seen.len() as u64, "{report:?}");
    assert!(seen.contains(&vec!["0 late".to_owned(), "0".to_owned()]), "{seen:?}");
    assert!(seen.contains(&vec!["100 late".to_owned(), "0".to_owned()]), "{seen:?}");
    assert!(seen.contains(&vec!["100".to_owned(), "100".to_owned()]), "{seen:?}");
}

/// Reads with and without a deadline, and without waiting, of what arrives in two parts.
#[test]
fn reads_of_two_parts() {
    for waits in [Waits::Forever, Waits::Ends, Waits::Tries] {
        let (_, seen) = outcomes(move |objects, seen| {
            let other = Rc::clone(objects);
            native::spawn(None, move || {
                other.arrive(0, 1);
                other.arrive(0, 2);
            });
            let read = objects.read(0, waits);
            seen.borrow_mut().push(format!("{read:?}"));
        });
        let may_be_empty = waits != Waits::Forever;
        assert_eq!(seen.len(), if may_be_empty { 3 } else { 2 }, "{waits:?} {seen:?}");
    }
}

/// A stream is registered while bytes arrive: the event is not lost.
#[test]
fn a_registration_and_an_arrival() {
    let (_, seen) = outcomes(|objects, seen| {
        let other = Rc::clone(objects);
        let (slot, stream) = objects.registered(0);
        objects.memory.change_set(slot.set, stream, here(), |set, _| set & !(7 << (3 * slot.index)));
        native::spawn(None, move || {
            other.memory.arrive(stream, 1, false, None, here());
        });
        objects.memory.change_set(slot.set, stream, here(), |set, present| {
            set | (present & READABLE) << (3 * slot.index)
        });
        let events = objects.wait(Waits::Tries);
        seen.borrow_mut().push(events);
    });
    assert_eq!(seen.len(), 2, "{seen:?}");
}

/// A deadline that passes only if no other task can continue.
#[test]
fn a_wait_until_nothing_else_happens() {
    let (report, seen) = outcomes(|objects, seen| {
        let other = Rc::clone(objects);
        native::spawn(None, move || other.arrive(0, 1));
        let first = objects.wait(Waits::Idle(10));
        let second = objects.wait(Waits::Idle(20));
        seen.borrow_mut().extend([first, second]);
    });
    assert_eq!((report.executions, seen), (1, [vec!["1".to_owned(), "0 late".to_owned()]].into()));
}

/// Of several such deadlines the earliest passes first, whatever the order of the tasks.
#[test]
fn the_earliest_deadline_passes_first() {
    let (_, seen) = outcomes(|objects, seen| {
        for deadline in [30, 10, 20] {
            let (objects, seen) = (Rc::clone(objects), Rc::clone(seen));
            native::spawn(None, move || {
                let read = objects.read(1, Waits::Idle(deadline));
                seen.borrow_mut().push(format!("{deadline} {read:?}"));
            });
        }
    });
    let order = [10, 20, 30].map(|deadline| format!("{deadline} Nothing")).to_vec();
    assert_eq!(seen, [order].into());
}

/// A request is executed at any point after it was sent; requests of one connection in order. The
/// server may wait when the run ends.
#[test]
fn requests_are_executed_in_order() {
    let (report, seen) = outcomes(|objects, seen| {
        let (server, executed) = (Rc::clone(objects), Rc::clone(seen));
        native::spawn_server(None, move || {
            for nth in 0.. {
                let flag = server.memory.endpoint(100 + nth, "a request");
                server.memory.wait_for_flag(flag, here());
                server.arrive(0, nth as u32 + 1);
                executed.borrow_mut().push(format!("executed {nth}"));
            }
        });
        let sent = objects.memory.endpoint(5, "a connection");
        for nth in 0..2 {
            let flag = || objects.memory.endpoint(100 + nth, "a request");
            objects.memory.send(sent, None, here(), flag);
        }
        let read = objects.read(0, Waits::Forever);
        seen.borrow_mut().push(format!("{read:?}"));
    });
    // The client reads the first reply, or both.
    assert_eq!((report.executions, seen.len()), (2, 2), "{seen:?}");
    assert_eq!(report.deadlocks, 0);
}
