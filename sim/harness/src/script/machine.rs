//! Executes a function of a script until it returns, or until it needs an effect: a step of the
//! exploration, which the driver executes.
//!
//! The stack is explicit, so that a recursion of the script is none of this code. Instructions and
//! memory are counted. The counts of one call are its own, so a limit is reached at the same place
//! in each schedule with the same observations.

use super::code::{Code, Op, Shape};
use super::library::Builtin;
use super::mistake::{ScriptMistake, Spot};
use super::value::{Data, Object, Text, V};
use crate::history::Key;
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

/// The limit of instructions of one call.
pub(crate) const MOST_STEPS: u32 = 100_000;

/// The instructions that an effect counts as.
pub(crate) const EFFECT: u32 = 500;

/// The limit of memory that one call allocates, in bytes.
pub(crate) const MOST_BYTES: usize = 2 << 20;

/// The limit of nested calls.
pub(crate) const MOST_FRAMES: usize = 200;

/// Why a call stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The script is wrong.
    Mistake(ScriptMistake),
    /// A limit was reached here.
    Limit(Spot, String),
}

/// What a call does next.
#[derive(Debug)]
pub(crate) enum Event {
    /// It returns this value.
    Done(V),
    /// The driver executes this, and resumes the call.
    Effect(Builtin),
    /// An exception is not handled. Whether a command failed, and the message.
    Failed(bool, Text),
}

pub(crate) type Ran<T> = Result<T, Stop>;

pub(crate) struct Frame {
    pub(crate) function: u16,
    pub(crate) at: usize,
    /// The stack's height below the locals.
    pub(crate) base: usize,
    /// The closure, whose variables are on the heap.
    pub(crate) closure: Option<u32>,
    /// Whether its result is that of a [`Builtin::Once`].
    pub(crate) is_flight: bool,
}

pub(crate) struct Handler {
    pub(crate) frame: usize,
    pub(crate) to: u32,
    pub(crate) height: usize,
}

/// A call of a function.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) stack: Vec<V>,
    pub(crate) heap: Vec<Object>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) steps: Cell<u32>,
    pub(crate) bytes: Cell<usize>,
    /// The number of the effect's arguments, on the stack.
    pub(crate) arguments: usize,
    /// Whether the effect's result is dropped.
    pub(crate) discards: bool,
    /// The heap's objects that are constants of the script.
    pub(crate) frozen: Vec<Range<u32>>,
    /// The constants on the heap, by the number of their global variable.
    pub(crate) constants: Vec<(u16, V)>,
    /// In the top level: the variables.
    pub(crate) globals: Vec<V>,
    /// An exception that continues after the end of a flight.
    pub(crate) pending: Option<V>,
    /// The current instruction's place.
    pub(crate) spot: Spot,
    /// The keys of the case.
    pub(crate) names: Arc<[Key]>,
    /// The first place that [looked](Machine::look) into a key or a value.
    pub(crate) looked: Cell<Option<Spot>>,
}

impl Machine {
    /// Begins a call. Retains the allocations of earlier ones.
    pub(crate) fn begin(&mut self, code: &Code, function: u16, arguments: &[V]) -> Ran<()> {
        self.stack.clear();
        self.heap.clear();
        self.frames.clear();
        self.handlers.clear();
        (self.steps, self.bytes) = Default::default();
        (self.arguments, self.discards, self.pending) = (0, false, None);
        self.frozen.clear();
        self.constants.clear();
        self.stack.extend_from_slice(arguments);
        let its = &code.functions[usize::from(function)];
        self.spot = its.spot;
        self.check_arguments(its, &Shape { positional: arguments.len(), names: Vec::new() })?;
        self.enter(code, function, arguments.len(), None)
    }

    /// A call of a function with these captured variables, on a task of its own.
    pub(crate) fn spawned(code: &Code, function: u16, captured: &[Data], arguments: &[Data]) -> Ran<Self> {
        let mut machine = Machine { spot: code.functions[usize::from(function)].spot, ..Machine::default() };
        let captured = captured.iter().map(|data| machine.thaw(data)).collect::<Ran<Vec<V>>>()?;
        for argument in arguments {
            let argument = machine.thaw(argument)?;
            machine.stack.push(argument);
        }
        let closure = machine.object(Object::Closure(function, captured))?;
        machine.call(code, closure, &Shape { positional: arguments.len(), names: Vec::new() })?;
        Ok(machine)
    }

    /// The arguments of the current effect.
    pub(crate) fn arguments(&self) -> &[V] {
        &self.stack[self.stack.len() - self.arguments..]
    }

    /// Whether the code drops the result of the current effect.
    pub(crate) fn drops_result(&self, code: &Code) -> bool {
        let next = self.frames.last().map(|frame| code.functions[usize::from(frame.function)].code[frame.at]);
        matches!(next, Some(Op::Pop))
    }

    /// Resumes after an effect with this result.
    pub(crate) fn resume(&mut self, result: V) {
        self.stack.truncate(self.stack.len() - self.arguments);
        self.arguments = 0;
        if !std::mem::take(&mut self.discards) {
            self.stack.push(result);
        }
    }

    /// Resumes after an effect that failed.
    pub(crate) fn resume_failed(&mut self, is_command: bool, message: &str) -> Option<Event> {
        self.stack.truncate(self.stack.len() - self.arguments);
        (self.arguments, self.discards) = (0, false);
        let failure = self.failure(is_command, message.into());
        self.raise(failure)
    }

    /// Resumes after [`Builtin::OnceBegin`], as the leader: calls the function.
    pub(crate) fn lead(&mut self, code: &Code) -> Ran<()> {
        let function = self.arguments()[1].clone();
        self.stack.truncate(self.stack.len() - self.arguments);
        self.arguments = 0;
        let frames = self.frames.len();
        if let Some(Event::Effect(_)) =
            self.call(code, function, &Shape { positional: 0, names: Vec::new() })?
        {
            return Err(self.wrong("`once` calls a function of the script", "expected a `def` or a `lambda`"));
        }
        if self.frames.len() > frames {
            self.frames.last_mut().expect("it has been pushed").is_flight = true;
            return Ok(());
        }
        Err(self.wrong("`once` calls a function of the script", "expected a `def` or a `lambda`"))
    }

    /// Resumes after [`Builtin::OnceEnd`].
    pub(crate) fn landed(&mut self) -> Option<Event> {
        let result = self.arguments()[0].clone();
        self.stack.truncate(self.stack.len() - self.arguments);
        self.arguments = 0;
        match self.pending.take() {
            Some(failure) => self.raise(failure),
            None => {
                self.stack.push(result);
                None
            }
        }
    }

    /// Whether the flight that ends has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.pending.is_some()
    }

    pub(crate) fn wrong(&self, what: impl Into<String>, label: impl Into<String>) -> Stop {
        Stop::Mistake(ScriptMistake::new(self.spot.range(), what, label))
    }

    pub(crate) fn wrong_with(
        &self,
        what: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Stop {
        Stop::Mistake(ScriptMistake::new(self.spot.range(), what, label).with_help(help))
    }

    pub(crate) fn limit(&self, what: impl Into<String>) -> Stop {
        Stop::Limit(self.spot, what.into())
    }

    /// Counts instructions.
    pub(crate) fn spend(&self, steps: usize) -> Ran<()> {
        self.steps.set(self.steps.get().saturating_add(steps.min(1 << 30) as u32));
        if self.steps.get() > MOST_STEPS {
            return Err(self.limit(format!("{MOST_STEPS} steps")));
        }
        Ok(())
    }

    /// Counts memory before it is allocated.
    pub(crate) fn charge(&self, bytes: usize) -> Ran<()> {
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        if self.bytes.get() > MOST_BYTES {
            return Err(self.limit(format!("{} MiB of memory", MOST_BYTES >> 20)));
        }
        Ok(())
    }

    /// Puts an object on the heap.
    pub(crate) fn object(&mut self, object: Object) -> Ran<V> {
        let items = match &object {
            Object::List(items) | Object::Tuple(items) | Object::Iterator(items, _) => items.len(),
            Object::Dict(entries) => 2 * entries.len(),
            Object::Closure(_, captured) => captured.len(),
            Object::Failure { .. } | Object::Range(..) | Object::Method(..) => 0,
        };
        self.charge(64 + items * size_of::<V>())?;
        self.heap.push(object);
        Ok(V::Heap(self.heap.len() as u32 - 1))
    }

    /// Makes a string.
    pub(crate) fn text(&mut self, text: &str) -> Ran<V> {
        self.charge(text.len() + 32)?;
        Ok(V::Text(text.into()))
    }

    pub(crate) fn failure(&mut self, is_command: bool, message: Text) -> V {
        self.heap.push(Object::Failure { is_command, message });
        V::Heap(self.heap.len() as u32 - 1)
    }

    pub(crate) fn pop(&mut self) -> V {
        self.stack.pop().expect("the compiler balances the stack")
    }
}
