//! The history of one execution: the invocations and responses, in their order.

use std::fmt::{self, Debug};

use super::Object;

/// A call of a thread.
#[derive(Clone, Debug)]
pub(super) struct Called<O: Object> {
    pub(super) thread: usize,
    pub(super) operation: O::Operation,
    /// The position of its invocation among the events of the history.
    pub(super) invoked: usize,
    /// The answer, with the position of the response. `None` if it has not returned.
    pub(super) returned: Option<(O::Answer, usize)>,
}

/// The calls of one execution.
#[derive(Clone, Debug)]
pub(super) struct History<O: Object> {
    pub(super) calls: Vec<Called<O>>,
    events: usize,
}

impl<O: Object> Default for History<O> {
    fn default() -> Self {
        History { calls: Vec::new(), events: 0 }
    }
}

impl<O: Object> History<O> {
    /// Records an invocation. Returns the index of the call.
    pub(super) fn invoke(&mut self, thread: usize, operation: O::Operation) -> usize {
        self.calls.push(Called { thread, operation, invoked: self.events, returned: None });
        self.events += 1;
        self.calls.len() - 1
    }

    /// Records the response of a call.
    pub(super) fn respond(&mut self, call: usize, answer: O::Answer) {
        self.calls[call].returned = Some((answer, self.events));
        self.events += 1;
    }

    /// Whether call `a` has ended before call `b` began.
    pub(super) fn precedes(&self, a: usize, b: usize) -> bool {
        self.calls[a].returned.as_ref().is_some_and(|(_, at)| *at < self.calls[b].invoked)
    }
}

/// A column for each thread, with time downwards.
impl<O: Object> fmt::Display for History<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = self.calls.iter().map(|call| call.thread + 1).max().unwrap_or(0);
        let mut rows = vec![(0, String::new()); self.events];
        for call in &self.calls {
            rows[call.invoked] = (call.thread, format!("╭ {:?}", call.operation));
            if let Some((answer, at)) = &call.returned {
                rows[*at] = (call.thread, format!("╰ {answer:?}"));
            }
        }
        let head = |thread: usize| format!("thread {}", thread + 1);
        let own =
            |thread| rows.iter().filter(move |(its, _)| *its == thread).map(|(_, text)| text.chars().count());
        let widths: Vec<usize> = (0..threads)
            .map(|thread| own(thread).chain([head(thread).chars().count()]).max().unwrap_or(0))
            .collect();
        let line = |cells: Vec<String>| {
            let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        writeln!(f, "  {}", line((0..threads).map(head).collect()))?;
        for (thread, text) in &rows {
            let cell = |at: usize| if at == *thread { text.clone() } else { String::new() };
            writeln!(f, "  {}", line((0..threads).map(cell).collect()))?;
        }
        Ok(())
    }
}
