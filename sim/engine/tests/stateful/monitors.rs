//! Monitors: their findings are found in every state, and their memory is part of the state.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::rc::Rc;

use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::{Explorer, Monitor, Part, Script, monitor, scripted};

thread_local! {
    static ORDER: RefCell<Option<Rc<Order>>> = const { RefCell::new(None) };
}

/// Finds that the operation of the second script began after the one of the first had ended.
#[derive(Debug, Default)]
struct Order {
    first_ended: Cell<bool>,
    /// The second has been called, and has not performed an event yet.
    second_called: Cell<bool>,
    found: Cell<u64>,
}

impl Monitor for Order {
    fn step(&self, task: u32) {
        let begins = task == 2 && self.second_called.take();
        self.found.set(u64::from(begins && self.first_ended.get()) << 3);
    }

    fn hash(&self, mut state: &mut dyn Hasher) {
        (self.first_ended.get(), self.second_called.get(), self.found.get()).hash(&mut state);
    }

    fn found(&self) -> u64 {
        self.found.get()
    }
}

fn program() {
    let order = Rc::new(Order::default());
    ORDER.set(Some(Rc::clone(&order)));
    monitor(order);
    let number = Arc::new(AtomicU64::new(0));
    let script = |me| Script { name: format!("script {me}"), operations: vec![me] };
    // Neither the results of operations nor the objects reveal it.
    scripted(&number, [script(1), script(2)], |number, &me| {
        let order = ORDER.with_borrow(Clone::clone).unwrap();
        order.second_called.set(order.second_called.get() || me == 2);
        number.load(SeqCst);
        number.load(SeqCst);
        order.first_ended.set(order.first_ended.get() || me == 1);
    });
}

#[test]
fn a_monitors_finding_is_reported_with_a_schedule() {
    let report = Explorer::stateful().run(program);
    let found = report.states.unwrap().found;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].states), (3, 1));
    let turns: Vec<u32> = found[0].schedule.decisions().map(|(task, _)| task).collect();
    assert_eq!(turns, [1, 1, 2]);

    // The search ends at the finding, and can be resumed.
    let mut whole = Vec::new();
    let begun = found[0].schedule.clone();
    let report = Explorer::continuing(begun.clone()).run_each(program, |run| {
        whole.push(run.schedule().decisions().map(|(task, _)| task).collect::<Vec<_>>());
        ControlFlow::Continue(())
    });
    assert_eq!((whole, report.nondeterminism), (vec![vec![1, 1, 2, 2]], None));
    assert!(Explorer::replay(begun).run(program).nondeterminism.is_some());
}

#[test]
fn the_search_for_the_simplest_schedule_can_be_stopped() {
    let simplest = |most| {
        let mut runs = 0;
        Explorer::stateful().simplest_finding(3, program, || {
            runs += 1;
            if runs == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    assert_eq!(simplest(0).map(|schedule| schedule.to_string()), Some("s1:b2c2".to_owned()));
    assert_eq!(simplest(1), None);
}

#[test]
fn a_monitors_memory_distinguishes_states() {
    let with = Explorer::stateful().run(program).states.unwrap();
    let without = Explorer::stateful().leaving_out(Part::Monitor).run(program).states.unwrap();
    // Each is before, inside or after. For one step, the monitor remembers that the second began
    // after the first.
    assert_eq!((without.count, with.count), (9, 10));
}
