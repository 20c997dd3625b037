//! Steps whose state is predicted lead to that state.

use std::time::Duration;

use selvedge_engine::mode::Stateful;
use selvedge_engine::object::{Queue, Set};
use selvedge_engine::sync::Arc;
use selvedge_engine::{Explorer, thread};

/// The items of a queue have locations of their own, and unused items have equal contents. After a
/// `pop` at a later time found nothing, the first item is distinguished from the second only by the
/// time of this access.
#[test]
fn the_effect_of_a_step_depends_on_the_locations_that_it_reads() {
    let body = || {
        let (queue, set) = (Arc::new(Queue::new()), Arc::new(Set::new()));
        let (first, second, third) = (Arc::clone(&queue), Arc::clone(&queue), Arc::clone(&queue));
        let tasks = [
            thread::spawn(move || first.push(1)),
            thread::spawn(move || {
                second.push(2);
                set.insert(0);
            }),
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(1));
                third.pop();
            }),
        ];
        tasks.into_iter().for_each(|task| task.join().unwrap());
        queue.pop();
        queue.pop();
    };
    let counts = |explorer: Explorer<Stateful>| {
        let report = explorer.run(body);
        assert!(report.is_complete(), "{report:?}");
        report.states.map(|its| (its.count, its.transitions))
    };
    let predicted = counts(Explorer::stateful());
    assert_eq!(predicted, counts(Explorer::stateful().without_transition_cache()));
}
