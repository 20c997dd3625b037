//! `basic/mpsc.rs`: unbounded, bounded and rendezvous channels.

use selvedge_engine::sync::mpsc::{RecvError, TryRecvError, TrySendError, channel, sync_channel};
use selvedge_engine::thread;

use super::outcomes::{deadlocks, outcomes, set};

#[test]
fn one_task_sends_to_itself() {
    let received = outcomes(|| {
        let (sender, receiver) = channel();
        sender.send(5).unwrap();
        receiver.recv().unwrap()
    });
    assert_eq!(received, set([5]));
}

#[test]
fn two_senders_are_received_in_either_order() {
    let received = outcomes(|| {
        let (sender, receiver) = channel();
        for message in [5, 6] {
            let sender = sender.clone();
            thread::spawn(move || sender.send(message).unwrap());
        }
        (receiver.recv().unwrap(), receiver.recv().unwrap())
    });
    assert_eq!(received, set([(5, 6), (6, 5)]));
}

#[test]
fn a_disconnected_channel() {
    let all = outcomes(|| {
        let (sender, receiver) = channel();
        drop(receiver);
        let unbounded = sender.send(1).is_err();
        let bounds = [10, 0].map(|bound| {
            let (sender, receiver) = sync_channel(bound);
            drop(receiver);
            sender.send(1).is_err()
        });
        let (sender, receiver) = channel::<()>();
        let dropping = thread::spawn(move || drop(sender));
        let received = receiver.recv().is_err();
        dropping.join().unwrap();
        let received_from = [10, 0].map(|bound| {
            let (sender, receiver) = sync_channel::<()>(bound);
            let receiving = thread::spawn(move || receiver.recv().is_err());
            drop(sender);
            receiving.join().unwrap()
        });
        (unbounded, bounds, received, received_from)
    });
    assert_eq!(all, set([(true, [true; 2], true, [true; 2])]));
}

/// Sent messages are received after the sender is dropped.
#[test]
fn messages_outlive_their_sender() {
    let received = outcomes(|| {
        let (sender, receiver) = channel();
        let sending = thread::spawn(move || (1..=3).for_each(|message| sender.send(message).unwrap()));
        sending.join().unwrap();
        [receiver.recv(), receiver.recv(), receiver.recv(), receiver.recv()].map(|received| received.ok())
    });
    assert_eq!(received, set([[Some(1), Some(2), Some(3), None]]));
}

#[test]
fn a_full_channel_blocks() {
    let full = |messages: usize| {
        deadlocks(move || {
            let (sender, receiver) = sync_channel(2);
            let sending =
                thread::spawn(move || (0..messages).for_each(|message| sender.send(message).unwrap()));
            sending.join().unwrap();
            drop(receiver);
        })
    };
    assert_eq!(full(2), (0, 1));
    assert_eq!(full(3), (1, 1));
}

#[test]
fn a_sum_through_a_bound() {
    let sums = outcomes(|| {
        let (sender, receiver) = sync_channel(2);
        thread::spawn(move || (0..4).for_each(|_| sender.send(1).unwrap()));
        let receiving = thread::spawn(move || (0..4).map(|_| receiver.recv().unwrap()).sum::<u32>());
        receiving.join().unwrap()
    });
    assert_eq!(sums, set([4]));
}

mod without_room {
    use super::*;

    #[test]
    fn a_message_is_handed_over() {
        let received = outcomes(|| {
            let (sender, receiver) = sync_channel(0);
            thread::spawn(move || sender.send(53).unwrap());
            receiver.recv().unwrap()
        });
        assert_eq!(received, set([53]));
    }

    #[test]
    fn a_sender_without_a_receiver_deadlocks() {
        let all = deadlocks(|| {
            let (sender, receiver) = sync_channel(0);
            sender.send(53).unwrap();
            receiver.recv().unwrap();
        });
        assert_eq!(all, (1, 1));
    }

    #[test]
    fn two_senders() {
        let received = outcomes(|| {
            let (sender, receiver) = sync_channel(0);
            let other = sender.clone();
            thread::spawn(move || sender.send(10).unwrap());
            thread::spawn(move || other.send(20).unwrap());
            (receiver.recv().unwrap(), receiver.recv().unwrap())
        });
        assert_eq!(received, set([(10, 20), (20, 10)]));
    }

    /// The receiver is itself sent to another task.
    #[test]
    fn a_receiver_is_passed_on() {
        let received = outcomes(|| {
            let (passing, passed) = sync_channel(1);
            let (sender, receiver) = sync_channel(0);
            thread::spawn(move || {
                assert_eq!(receiver.recv(), Ok(10));
                passing.send(receiver).unwrap();
            });
            let last = thread::spawn(move || passed.recv().unwrap().recv().unwrap());
            sender.send(10).unwrap();
            sender.send(20).unwrap();
            last.join().unwrap()
        });
        assert_eq!(received, set([20]));
    }
}

/// Receives without waiting while another task sends once and, with `drop_sender`, drops its
/// sender.
fn try_receive(drop_sender: bool) -> Vec<Result<u32, &'static str>> {
    let all = outcomes(move || {
        let (sender, receiver) = channel();
        let kept = (!drop_sender).then(|| sender.clone());
        let sending = thread::spawn(move || {
            sender.send(5).unwrap();
            drop(sender);
        });
        let received = receiver.try_recv().map_err(|error| match error {
            TryRecvError::Empty => "empty",
            TryRecvError::Disconnected => "disconnected",
        });
        sending.join().unwrap();
        drop(kept);
        received
    });
    all.into_iter().collect()
}

#[test]
fn receiving_without_waiting() {
    assert_eq!(try_receive(false), [Ok(5), Err("empty")]);
    assert_eq!(try_receive(true), [Ok(5), Err("empty")]);
    let gone = outcomes(|| {
        let (sender, receiver) = channel::<u32>();
        drop(sender);
        (receiver.try_recv() == Err(TryRecvError::Disconnected), receiver.recv() == Err(RecvError))
    });
    assert_eq!(gone, set([(true, true)]));
}

#[test]
fn sending_without_waiting() {
    let all = outcomes(|| {
        let (sender, receiver) = sync_channel(1);
        let first = sender.try_send(1).is_ok();
        let receiving = thread::spawn(move || receiver.recv().unwrap());
        let second = match sender.try_send(2) {
            Ok(()) => "sent",
            Err(TrySendError::Full(2)) => "full",
            Err(TrySendError::Disconnected(2)) => "gone",
            Err(_) => "another message",
        };
        (first, second, receiving.join().unwrap())
    });
    // The receiver takes the first message and is dropped: before, between or after the sends.
    assert_eq!(all, set([(true, "full", 1), (true, "gone", 1), (true, "sent", 1)]));
}

#[test]
fn sending_without_waiting_to_a_rendezvous_channel() {
    let refused = outcomes(|| {
        let (sender, receiver) = sync_channel(0);
        let refused = matches!(sender.try_send(1), Err(TrySendError::Full(1)));
        drop(receiver);
        refused
    });
    assert_eq!(refused, set([true]));
}

#[test]
fn three_senders_through_a_bound() {
    let sums = outcomes(|| {
        let (sender, receiver) = sync_channel(1);
        for message in [1, 2, 4] {
            let sender = sender.clone();
            thread::spawn(move || sender.send(message).unwrap());
        }
        drop(sender);
        let mut sum = 0;
        while let Ok(message) = receiver.recv() {
            sum += message;
        }
        sum
    });
    assert_eq!(sums, set([7]));
}
