//! A pipeline: items go through two queues, from one thread to another and on to the main one.
//!
//! A queue is a `VecDeque` under a lock, and who takes from it looks as often as there are items, and once more.

use std::collections::VecDeque;

use crate::tools::Tool;

type Queue<T> = <T as Tool>::Mutex<VecDeque<u64>>;

fn push<T: Tool>(queue: &Queue<T>, item: u64) {
    T::with(queue, |queue| queue.push_back(item));
}

fn pop<T: Tool>(queue: &Queue<T>) -> Option<u64> {
    T::with(queue, VecDeque::pop_front)
}

pub(crate) fn pipeline<T: Tool>(items: usize) {
    let queues: [Queue<T>; 2] = [T::mutex(VecDeque::new()), T::mutex(VecDeque::new())];
    let queues = T::share(queues);
    let [source, stage] = [queues.clone(), queues.clone()];
    let source = T::spawn(move || (0..items as u64).for_each(|item| push::<T>(&source[0], item)));
    let stage = T::spawn(move || {
        for _ in 0..=items {
            if let Some(item) = pop::<T>(&stage[0]) {
                push::<T>(&stage[1], item * item);
            }
        }
    });
    for _ in 0..=items {
        pop::<T>(&queues[1]);
    }
    T::join(source);
    T::join(stage);
}
