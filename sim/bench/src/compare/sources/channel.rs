//! A pipeline: two sources send to a stage, which squares the items and sends them to the main
//! thread.

use crate::tools::Tool;

/// Number of sources.
pub(crate) const SOURCES: usize = 2;

/// `items` is the number per source.
pub(crate) fn pipeline<T: Tool>(items: usize) {
    let (to_stage, from_sources) = T::channel();
    let (to_main, from_stage) = T::channel();
    let mut threads = Vec::new();
    for _ in 0..SOURCES {
        let to_stage = to_stage.clone();
        threads.push(T::spawn(move || (1..=items as u64).for_each(|item| T::send(&to_stage, item))));
    }
    threads.push(T::spawn(move || {
        for _ in 0..SOURCES * items {
            let item = T::receive(&from_sources);
            T::send(&to_main, item * item);
        }
    }));
    let sum: u64 = (0..SOURCES * items).map(|_| T::receive(&from_stage)).sum();
    assert_eq!(sum, (1..=items as u64).map(|item| item * item).sum::<u64>() * SOURCES as u64);
    threads.into_iter().for_each(T::join);
}
