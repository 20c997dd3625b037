//! The observable orders of sends and receives.

use std::collections::BTreeSet;
use std::time::Duration;

use selvedge_engine::sync::mpsc::{self, Receiver, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use selvedge_engine::{Explorer, thread};

use super::{check, lines};

#[test]
fn one_producer_and_one_consumer_have_one_class() {
    let consume = |receiver: Receiver<u32>| assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    check(&Explorer::optimal(), 1, 0, move || {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || (0..5).for_each(|number| sender.send(number).unwrap()));
        consume(receiver);
    });
    for bound in 0..=6 {
        check(&Explorer::optimal(), 1, 0, move || {
            let (sender, receiver) = mpsc::sync_channel(bound);
            thread::spawn(move || (0..5).for_each(|number| sender.send(number).unwrap()));
            consume(receiver);
        });
    }
}

#[test]
fn producers_have_a_class_for_each_order_of_their_sends() {
    for (producers, sends, classes) in [(2, 1, 2), (3, 1, 6), (2, 2, 6), (3, 2, 90)] {
        let produce = move |send: &dyn Fn(usize)| (0..sends).for_each(|_| send(0));
        let (received, _) = check(&Explorer::optimal(), classes, 0, move || {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..producers {
                let sender = sender.clone();
                thread::spawn(move || produce(&|number| sender.send(number).unwrap()));
            }
            drop(sender);
            receiver.into_iter().count()
        });
        assert_eq!(received, BTreeSet::from([producers * sends]));
        for bound in 0..3 {
            check(&Explorer::optimal(), classes, 0, move || {
                let (sender, receiver) = mpsc::sync_channel(bound);
                for _ in 0..producers {
                    let sender = sender.clone();
                    thread::spawn(move || produce(&|number| sender.send(number).unwrap()));
                }
                drop(sender);
                receiver.into_iter().count()
            });
        }
    }
}

#[test]
fn a_poll_finds_a_message_or_none() {
    let soon = Duration::from_secs(1);
    let (seen, _) = check(&Explorer::optimal(), 2, 0, || {
        let (sender, receiver) = mpsc::channel();
        let task = thread::spawn(move || sender.send(1).unwrap());
        let seen = receiver.try_recv();
        task.join().unwrap();
        seen.map_err(|error| error.to_string())
    });
    assert_eq!(seen, BTreeSet::from([Ok(1), Err(TryRecvError::Empty.to_string())]));
    let (seen, _) = check(&Explorer::optimal(), 2, 0, move || {
        let (sender, receiver) = mpsc::channel::<u32>();
        let task = thread::spawn(move || drop(sender));
        let seen = receiver.recv_timeout(soon);
        task.join().unwrap();
        seen.map_err(|error| error.to_string())
    });
    let [timeout, disconnected] = [RecvTimeoutError::Timeout, RecvTimeoutError::Disconnected];
    assert_eq!(seen, BTreeSet::from([Err(timeout.to_string()), Err(disconnected.to_string())]));
}

#[test]
fn a_message_without_room_returns_when_the_receiver_is_dropped() {
    // It is dropped before the first send, before the second, or while that one waits.
    let (seen, _) = check(&Explorer::optimal(), 3, 0, || {
        let (sender, receiver) = mpsc::sync_channel(1);
        thread::spawn(move || drop(receiver));
        [sender.send(1), sender.send(2)].map(|sent| sent.err().map(|SendError(message)| message))
    });
    assert_eq!(seen, BTreeSet::from([[Some(1), Some(2)], [None, Some(2)]]));
}

#[test]
fn receiving_a_message_makes_room() {
    let (seen, _) = check(&Explorer::optimal(), 2, 0, || {
        let (sender, receiver) = mpsc::sync_channel(1);
        assert_eq!(sender.try_send(1), Ok(()));
        let task = thread::spawn(move || {
            let first = receiver.recv();
            (first, receiver)
        });
        let sent = sender.try_send(2);
        let (first, receiver) = task.join().unwrap();
        assert_eq!(first, Ok(1));
        drop(receiver);
        assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
        sent.map_err(|error| matches!(error, TrySendError::Full(2)))
    });
    assert_eq!(seen, BTreeSet::from([Ok(()), Err(true)]));
}

#[test]
fn try_send_to_a_rendezvous_needs_a_waiting_receiver() {
    let (seen, _) = check(&Explorer::optimal(), 2, 0, || {
        let (sender, receiver) = mpsc::sync_channel(0);
        let task = thread::spawn(move || receiver.recv());
        let sent = sender.try_send(1);
        drop(sender);
        (sent.is_ok(), task.join().unwrap().ok())
    });
    assert_eq!(seen, BTreeSet::from([(true, Some(1)), (false, None)]));
}

#[test]
fn a_rendezvous_ends_when_the_message_has_been_received() {
    // The receiver's poll comes before the offer, or takes it: then the sender continues.
    let (seen, _) = check(&Explorer::optimal(), 1, 1, || {
        let (sender, receiver) = mpsc::sync_channel(0);
        let task = thread::spawn(move || sender.send(1));
        let seen = receiver.try_recv();
        task.join().unwrap().unwrap();
        seen.ok()
    });
    assert_eq!(seen, BTreeSet::from([Some(1)]));
}

#[test]
fn a_deadlock_names_the_waiting_tasks() {
    let (_, waits) = check(&Explorer::optimal(), 0, 1, || {
        let (_sender, receiver) = mpsc::channel::<u32>();
        receiver.recv().ok()
    });
    assert_eq!(waits, lines(["main waits to receive from a channel"]));
    let (_, waits) = check(&Explorer::optimal(), 0, 1, || {
        let (sender, _receiver) = mpsc::sync_channel(2);
        (0..3).for_each(|number| sender.send(number).unwrap());
    });
    assert_eq!(waits, lines(["main waits to send into a channel"]));
}

#[test]
fn unreceived_messages_are_dropped_with_the_receiver() {
    check(&Explorer::optimal(), 1, 0, || {
        let (sender, receiver) = mpsc::channel();
        let message = std::sync::Arc::new(());
        sender.send(std::sync::Arc::clone(&message)).unwrap();
        drop(receiver);
        assert_eq!(std::sync::Arc::strong_count(&message), 1);
    });
}
