//! Functions that a script runs on tasks of their own.

use super::cache::{Call, DEEPEST_SPAWN, MOST_SPAWNED};
use crate::backends::{Engine, Simulated};
use crate::history::{Key, OperationId, Value};
use crate::number::counted;
use crate::protocols::Failure;
use crate::script::{Machine, Object, Ran, V};
use selvedge::Remote;
use selvedge::sync::Primitives as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl<R: Remote<Key, Value, Error = Failure> + 'static> Call<'_, R> {
    /// Runs a function on a task of its own.
    pub(super) fn spawn(&mut self) -> Ran<()> {
        let code = &self.cache.script.code;
        let arguments = self.machine.arguments();
        let (function, captured) = match &arguments[0] {
            V::Function(function) => (*function, Vec::new()),
            V::Heap(at) => match &self.machine.heap[*at as usize] {
                Object::Closure(function, captured) => (*function, self.machine.freeze_all(captured, 0)?),
                _ => return Err(self.machine.wrong("this cannot be spawned", "expected a function")),
            },
            _ => return Err(self.machine.wrong("this cannot be spawned", "expected a function")),
        };
        let rest = self.machine.freeze_all(&arguments[1..], 0)?;
        let its = &code.functions[usize::from(function)];
        if rest.len() < its.required || rest.len() > its.parameters.len() {
            let takes = counted(its.parameters.len() as u64, "argument");
            let what = format!("`{}` takes {takes}, and the call has {}", its.name, rest.len());
            return Err(self.machine.wrong(what, "spawned here"));
        }
        if self.cache.truth.faults > 0 {
            self.cache.truth.limits.note("the commands of a function that a script spawns were not let fail");
        }
        // The first two limits do not depend on the schedule.
        self.spawned += 1;
        let is_deep = self.depth >= DEEPEST_SPAWN || self.spawned > MOST_SPAWNED;
        if is_deep || self.cache.spawned.fetch_add(1, Relaxed) >= self.cache.script.most_tasks() {
            let what = format!("{} spawned tasks", self.cache.script.most_tasks());
            return Err(self.machine.limit(what));
        }
        let (cache, depth) = (Arc::clone(self.cache), self.depth + 1);
        let name = its.name.clone();
        drop(Engine::spawn(&name, move || {
            Engine::enter(OperationId::MAX);
            let machine = match Machine::spawned(&cache.script.code, function, &captured, &rest) {
                Ok(machine) => machine,
                Err(stop) => {
                    cache.stopped(stop);
                    return;
                }
            };
            let mut call = Call::new(&cache, machine);
            call.depth = depth;
            // A failure has no receiver.
            _ = Engine::block_on(call.run(None));
        }));
        Ok(())
    }
}
