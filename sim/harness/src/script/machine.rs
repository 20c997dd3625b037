//! Executes a function of a script until it returns, or until it needs an effect: a step of the
//! exploration, which the driver executes.
//!
//! The stack is explicit, so that a recursion of the script is none of this code. Instructions and
//! memory are counted. The counts of one call are its own, so a limit is reached at the same place in
//! each schedule with the same observations.

use std::cell::Cell;
use std::ops::Range;

use super::code::{Code, Function, Initial, Op, Shape};
use super::compile::bind_check;
use super::library::{Builtin, Entry, OF_LOCK, OF_TIER};
use super::mistake::{ScriptMistake, Spot};
use super::tree::Operator;
use super::value::{DEEPEST, Data, Object, Text, V};

/// The limit of instructions of one call.
pub(crate) const MOST_STEPS: u32 = 100_000;
/// The instructions that an effect counts as.
const EFFECT: u32 = 500;
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

pub(crate) type Step<T> = Result<T, Stop>;

struct Frame {
    function: u16,
    at: usize,
    /// The stack's height below the locals.
    base: usize,
    /// The closure, whose variables are on the heap.
    closure: Option<u32>,
    /// Whether its result is that of a [`Builtin::Once`].
    is_flight: bool,
}

struct Handler {
    frame: usize,
    to: u32,
    height: usize,
}

/// A call of a function.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) stack: Vec<V>,
    pub(crate) heap: Vec<Object>,
    frames: Vec<Frame>,
    handlers: Vec<Handler>,
    steps: Cell<u32>,
    bytes: Cell<usize>,
    /// The number of the effect's arguments, on the stack.
    arguments: usize,
    /// Whether the effect's result is dropped.
    discards: bool,
    /// The heap's objects that are constants of the script.
    pub(crate) frozen: Vec<Range<u32>>,
    /// The constants on the heap, by the number of their global variable.
    constants: Vec<(u16, V)>,
    /// In the top level: the variables.
    pub(crate) globals: Vec<V>,
    /// An exception that continues after the end of a flight.
    pending: Option<V>,
    /// The current instruction's place.
    pub(crate) spot: Spot,
}

impl Machine {
    /// Begins a call. Retains the allocations of earlier ones.
    pub(crate) fn begin(&mut self, code: &Code, function: u16, arguments: &[V]) -> Step<()> {
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
    pub(crate) fn spawned(code: &Code, function: u16, captured: &[Data], arguments: &[Data]) -> Step<Self> {
        let mut machine = Machine { spot: code.functions[usize::from(function)].spot, ..Machine::default() };
        let captured = captured.iter().map(|data| machine.thaw(data)).collect::<Step<Vec<V>>>()?;
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
    pub(crate) fn lead(&mut self, code: &Code) -> Step<()> {
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
    pub(crate) fn spend(&self, steps: usize) -> Step<()> {
        self.steps.set(self.steps.get().saturating_add(steps.min(1 << 30) as u32));
        if self.steps.get() > MOST_STEPS {
            return Err(self.limit(format!("{MOST_STEPS} steps")));
        }
        Ok(())
    }

    /// Counts memory before it is allocated.
    pub(crate) fn charge(&self, bytes: usize) -> Step<()> {
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        if self.bytes.get() > MOST_BYTES {
            return Err(self.limit(format!("{} MiB of memory", MOST_BYTES >> 20)));
        }
        Ok(())
    }

    /// Puts an object on the heap.
    pub(crate) fn object(&mut self, object: Object) -> Step<V> {
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
    pub(crate) fn text(&mut self, text: &str) -> Step<V> {
        self.charge(text.len() + 32)?;
        Ok(V::Text(text.into()))
    }

    fn failure(&mut self, is_command: bool, message: Text) -> V {
        self.heap.push(Object::Failure { is_command, message });
        V::Heap(self.heap.len() as u32 - 1)
    }

    pub(crate) fn pop(&mut self) -> V {
        self.stack.pop().expect("the compiler balances the stack")
    }

    fn check_arguments(&self, function: &Function, shape: &Shape) -> Step<()> {
        let names: Vec<&str> = function.parameters.iter().map(String::as_str).collect();
        bind_check(&function.name, &names, function.required, false, shape)
            .map_err(|(what, help)| self.wrong_with(what, "called here", help.unwrap_or_default()))
    }

    /// Enters a function whose arguments are on the stack.
    fn enter(&mut self, code: &Code, function: u16, count: usize, closure: Option<u32>) -> Step<()> {
        if self.frames.len() >= MOST_FRAMES {
            return Err(self.limit(format!("{MOST_FRAMES} nested calls")));
        }
        let its = &code.functions[usize::from(function)];
        let base = self.stack.len() - count;
        self.charge(its.locals * size_of::<V>())?;
        self.stack.resize(base + its.locals.max(count), V::Missing);
        self.frames.push(Frame { function, at: 0, base, closure, is_flight: false });
        Ok(())
    }

    /// Arranges the arguments on the stack in the order of the parameters.
    fn bind(&mut self, names: &[String], parameters: &[impl AsRef<str>], given: usize) {
        let named = self.stack.split_off(self.stack.len() - names.len());
        debug_assert!(given + names.len() <= parameters.len(), "the arguments have been checked");
        let base = self.stack.len() - given;
        self.stack.resize(base + parameters.len(), V::Missing);
        for (name, value) in names.iter().zip(named) {
            let at =
                parameters.iter().position(|its| its.as_ref() == name).expect("the names have been checked");
            self.stack[base + at] = value;
        }
    }

    /// Calls a value with the arguments on the stack. Returns an effect, if it is one.
    fn call(&mut self, code: &Code, callee: V, shape: &Shape) -> Step<Option<Event>> {
        let (function, closure) = match callee {
            V::Function(function) => (function, None),
            V::Builtin(builtin) => {
                let entry = match builtin {
                    Builtin::RedisCommand(_) => None,
                    builtin => Some(builtin.entry().expect("a named function has an entry")),
                };
                return self.call_builtin(builtin, entry, shape, false);
            }
            V::Heap(at) => match &self.heap[at as usize] {
                Object::Closure(function, _) => (*function, Some(at)),
                Object::Method(receiver, name) => {
                    let (receiver, name) = (receiver.clone(), *name);
                    let base = self.stack.len() - shape.count();
                    self.stack.insert(base, receiver);
                    return self.method(code, name, shape);
                }
                _ => return Err(self.not_callable(&V::Heap(at))),
            },
            other => return Err(self.not_callable(&other)),
        };
        let its = &code.functions[usize::from(function)];
        let is_plain = shape.names.is_empty()
            && shape.positional <= its.parameters.len()
            && shape.positional >= its.required;
        if !is_plain {
            self.check_arguments(its, shape)?;
            if !shape.names.is_empty() {
                self.bind(&shape.names, &its.parameters, shape.positional);
                self.enter(code, function, its.parameters.len(), closure)?;
                return Ok(None);
            }
        }
        self.enter(code, function, shape.positional, closure)?;
        Ok(None)
    }

    fn not_callable(&self, value: &V) -> Stop {
        let what = format!("a {} cannot be called", value.type_name(&self.heap));
        self.wrong(what, "expected a function")
    }

    /// Calls a function of the library. `with_receiver`: the first argument is the receiver of a
    /// method, which is not in the shape.
    fn call_builtin(
        &mut self,
        builtin: Builtin,
        entry: Option<&'static Entry>,
        shape: &Shape,
        with_receiver: bool,
    ) -> Step<Option<Event>> {
        let receiver = usize::from(with_receiver);
        let mut count = shape.count() + receiver;
        match entry {
            Some(entry) => {
                let all = Shape { positional: shape.positional + receiver, names: shape.names.clone() };
                let is_plain = all.names.is_empty() && all.positional == entry.parameters.len();
                if !is_plain {
                    bind_check(entry.name, entry.parameters, entry.required, entry.is_variadic, &all)
                        .map_err(|(what, help)| {
                            self.wrong_with(what, "called here", help.unwrap_or_default())
                        })?;
                    if !entry.is_variadic {
                        self.bind(&all.names, entry.parameters, all.positional);
                        count = entry.parameters.len();
                    } else if !all.names.is_empty() {
                        let what = format!("`{}` takes no named arguments", entry.name);
                        return Err(self.wrong(what, "called here"));
                    }
                }
            }
            None if !shape.names.is_empty() => {
                return Err(self.wrong("a command takes no named arguments", "called here"));
            }
            None => {}
        }
        if builtin.is_effect() {
            self.spend(EFFECT as usize)?;
            self.arguments = count;
            return Ok(Some(Event::Effect(builtin)));
        }
        if builtin == Builtin::Once {
            self.spend(EFFECT as usize)?;
            self.arguments = count;
            return Ok(Some(Event::Effect(Builtin::OnceBegin)));
        }
        let base = self.stack.len() - count;
        let arguments = self.stack.split_off(base);
        if builtin == Builtin::Fail {
            let message = match arguments.first() {
                None | Some(V::Missing) => "fail()".to_owned(),
                Some(message) => self.shown(message)?,
            };
            let failure = self.failure(false, message.as_str().into());
            return Ok(self.raise(failure));
        }
        let result = self.evaluate(builtin, &arguments)?;
        self.stack.push(result);
        Ok(None)
    }

    /// Calls a method of the value below the arguments.
    fn method(&mut self, code: &Code, name: u32, shape: &Shape) -> Step<Option<Event>> {
        let base = self.stack.len() - shape.count() - 1;
        let name = code.names[name as usize].as_str();
        let table = match &self.stack[base] {
            V::Module(module) => {
                let module = *module;
                let Some(builtin) = module.function(name) else {
                    return Err(self.unknown_method(module.name(), name, &module.names()));
                };
                self.stack.remove(base);
                return self.call(code, V::Builtin(builtin), shape);
            }
            V::Tier(_) => OF_TIER,
            V::Lock(_) => OF_LOCK,
            _ => {
                if !shape.names.is_empty() && name != "format" {
                    return Err(self.wrong(format!("`{name}` takes no named arguments"), "called here"));
                }
                let arguments = self.stack.split_off(base + 1);
                let receiver = self.pop();
                let result = self.call_method(&receiver, name, &arguments, &shape.names)?;
                self.stack.push(result);
                return Ok(None);
            }
        };
        let Some(entry) = table.iter().find(|entry| entry.name == name) else {
            let known: Vec<&str> = table.iter().map(|entry| entry.name).collect();
            return Err(self.unknown_method(self.stack[base].type_name(&self.heap), name, &known));
        };
        self.call_builtin(entry.builtin, Some(entry), shape, true)
    }

    pub(crate) fn unknown_method(&self, of: &str, name: &str, known: &[&str]) -> Stop {
        let near = crate::nearest::nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| format!("known: {}", known.join(", ")));
        self.wrong_with(format!("a {of} has no method `{name}`"), "called here", help)
    }

    /// Begins the handling of an exception.
    fn raise(&mut self, failure: V) -> Option<Event> {
        loop {
            let frame = self.frames.len();
            if let Some(handler) = self.handlers.last()
                && handler.frame == frame
            {
                let Handler { to, height, .. } = self.handlers.pop().expect("there is one");
                self.stack.truncate(height);
                self.stack.push(failure);
                self.frames.last_mut().expect("the handler is of a frame").at = to as usize;
                return None;
            }
            let Some(frame) = self.frames.pop() else {
                let V::Heap(at) = failure else { unreachable!("an exception is on the heap") };
                let Object::Failure { is_command, message } = &self.heap[at as usize] else {
                    unreachable!("only an exception is raised")
                };
                return Some(Event::Failed(*is_command, message.clone()));
            };
            self.stack.truncate(frame.base);
            if frame.is_flight {
                self.pending = Some(failure);
                self.stack.push(V::None);
                self.arguments = 1;
                return Some(Event::Effect(Builtin::OnceEnd));
            }
        }
    }

    /// Raises a value: an exception, an exception's type, or a message.
    fn raise_value(&mut self, value: V) -> Step<Option<Event>> {
        let failure = match value {
            V::Heap(at) if matches!(self.heap[at as usize], Object::Failure { .. }) => V::Heap(at),
            V::Builtin(Builtin::Exception) | V::None => self.failure(false, "raised".into()),
            other => {
                let message = self.shown(&other)?;
                self.failure(false, message.as_str().into())
            }
        };
        Ok(self.raise(failure))
    }

    /// Executes until the call ends or needs an effect.
    pub(crate) fn run(&mut self, code: &Code) -> Step<Event> {
        loop {
            let Some(frame) = self.frames.last_mut() else { unreachable!("a call has a frame") };
            let function = &code.functions[usize::from(frame.function)];
            let (op, base) = (function.code[frame.at], frame.base);
            self.spot = function.spots[frame.at];
            frame.at += 1;
            self.spend(1)?;
            match op {
                Op::Constant(at) => self.stack.push(code.constants[at as usize].clone()),
                Op::Load(local) => match self.stack[base + usize::from(local)].clone() {
                    V::Missing => {
                        return Err(
                            self.wrong("the variable is used before it is assigned", "has no value here")
                        );
                    }
                    value => self.stack.push(value),
                },
                Op::Store(local) => {
                    let value = self.pop();
                    self.stack[base + usize::from(local)] = value;
                }
                Op::Captured(at) => {
                    let closure = self.frames.last().and_then(|frame| frame.closure);
                    let value = match closure.map(|closure| &self.heap[closure as usize]) {
                        Some(Object::Closure(_, captured)) => captured[usize::from(at)].clone(),
                        _ => unreachable!("a function that captures is a closure"),
                    };
                    if matches!(value, V::Missing) {
                        return Err(
                            self.wrong("the variable is used before it is assigned", "has no value here")
                        );
                    }
                    self.stack.push(value);
                }
                Op::Global(at) => {
                    let value = self.global(code, at)?;
                    self.stack.push(value);
                }
                Op::StoreGlobal(at) => {
                    let value = self.pop();
                    let at = usize::from(at);
                    self.globals.resize(self.globals.len().max(at + 1), V::Missing);
                    self.globals[at] = value;
                }
                Op::Shared(at) => {
                    self.spend(EFFECT as usize)?;
                    self.stack.push(V::Int(at.into()));
                    self.arguments = 1;
                    return Ok(Event::Effect(Builtin::SharedGet));
                }
                Op::StoreShared(at) => {
                    self.spend(EFFECT as usize)?;
                    self.stack.push(V::Int(at.into()));
                    (self.arguments, self.discards) = (2, true);
                    return Ok(Event::Effect(Builtin::SharedSet));
                }
                Op::Pop => _ = self.pop(),
                Op::Duplicate => {
                    let value = self.stack.last().expect("the compiler balances the stack").clone();
                    self.stack.push(value);
                }
                Op::DuplicateTwo => {
                    let at = self.stack.len() - 2;
                    self.stack.extend_from_within(at..);
                }
                Op::Jump(to) => self.jump(to),
                Op::JumpIfFalse(to) => {
                    let condition = self.pop();
                    if !self.is_true(&condition)? {
                        self.jump(to);
                    }
                }
                Op::JumpOrPop(on, to) => {
                    let condition = self.stack.last().expect("the compiler balances the stack").clone();
                    if self.is_true(&condition)? == on {
                        self.jump(to);
                    } else {
                        self.pop();
                    }
                }
                Op::JumpIfGiven(local, to) => {
                    if !matches!(self.stack[base + usize::from(local)], V::Missing) {
                        self.jump(to);
                    }
                }
                Op::Binary(operator) => {
                    let right = self.pop();
                    let left = self.pop();
                    if let (Operator::In | Operator::NotIn, V::Tier(_)) = (operator, &right) {
                        self.spend(EFFECT as usize)?;
                        self.stack.extend([right, left, V::Bool(operator == Operator::NotIn)]);
                        self.arguments = 3;
                        return Ok(Event::Effect(Builtin::TierContains));
                    }
                    let result = self.binary(operator, &left, &right)?;
                    self.stack.push(result);
                }
                Op::Not => {
                    let value = self.pop();
                    let not = !self.is_true(&value)?;
                    self.stack.push(V::Bool(not));
                }
                Op::Minus => {
                    let value = self.pop();
                    let result = match value {
                        V::Int(number) => number.checked_neg().map(V::Int),
                        V::Float(number) => Some(V::Float(-number)),
                        _ => None,
                    };
                    let Some(result) = result else {
                        let what = format!("`-` cannot be applied to a {}", value.type_name(&self.heap));
                        return Err(self.wrong(what, "expected a number"));
                    };
                    self.stack.push(result);
                }
                Op::List(count) => {
                    let items = self.stack.split_off(self.stack.len() - usize::from(count));
                    let list = self.object(Object::List(items))?;
                    self.stack.push(list);
                }
                Op::Tuple(count) => {
                    let items = self.stack.split_off(self.stack.len() - usize::from(count));
                    let tuple = self.object(Object::Tuple(items))?;
                    self.stack.push(tuple);
                }
                Op::Dict(count) => {
                    let items = self.stack.split_off(self.stack.len() - 2 * usize::from(count));
                    let dict = self.object(Object::Dict(Vec::new()))?;
                    let mut items = items.into_iter();
                    while let (Some(key), Some(value)) = (items.next(), items.next()) {
                        self.set_entry(&dict, key, value)?;
                    }
                    self.stack.push(dict);
                }
                Op::Format(count) => {
                    let parts = self.stack.split_off(self.stack.len() - usize::from(count));
                    let mut text = String::new();
                    for part in &parts {
                        text += &self.shown(part)?;
                        self.charge(text.len() / parts.len().max(1))?;
                    }
                    let text = self.text(&text)?;
                    self.stack.push(text);
                }
                Op::Index => {
                    let index = self.pop();
                    let object = self.pop();
                    if let V::Tier(_) = object {
                        self.spend(EFFECT as usize)?;
                        self.stack.extend([object, index]);
                        self.arguments = 2;
                        return Ok(Event::Effect(Builtin::TierIndex));
                    }
                    match self.index(&object, &index)? {
                        Some(value) => self.stack.push(value),
                        None => {
                            let failure = self.failure(false, "the key or index does not exist".into());
                            if let Some(event) = self.raise(failure) {
                                return Ok(event);
                            }
                        }
                    }
                }
                Op::StoreIndex => {
                    let index = self.pop();
                    let object = self.pop();
                    let value = self.pop();
                    if let V::Tier(_) = object {
                        self.spend(EFFECT as usize)?;
                        self.stack.extend([object, index, value, V::Missing]);
                        (self.arguments, self.discards) = (4, true);
                        return Ok(Event::Effect(Builtin::TierSet));
                    }
                    self.store_index(&object, index, value)?;
                }
                Op::DeleteIndex => {
                    let index = self.pop();
                    let object = self.pop();
                    if let V::Tier(_) = object {
                        self.spend(EFFECT as usize)?;
                        self.stack.extend([object, index]);
                        (self.arguments, self.discards) = (2, true);
                        return Ok(Event::Effect(Builtin::TierRemove));
                    }
                    self.delete_index(&object, &index)?;
                }
                Op::Slice => {
                    let to = self.pop();
                    let from = self.pop();
                    let object = self.pop();
                    let result = self.slice(&object, &from, &to)?;
                    self.stack.push(result);
                }
                Op::Attribute(name) => {
                    let object = self.pop();
                    let result = match &object {
                        V::Module(module) => {
                            let name = code.names[name as usize].as_str();
                            let Some(builtin) = module.function(name) else {
                                return Err(self.unknown_method(module.name(), name, &module.names()));
                            };
                            V::Builtin(builtin)
                        }
                        _ => self.object(Object::Method(object, name))?,
                    };
                    self.stack.push(result);
                }
                Op::Call(shape) => {
                    let shape = &code.shapes[usize::from(shape)];
                    let at = self.stack.len() - shape.count() - 1;
                    let callee = self.stack.remove(at);
                    if let Some(event) = self.call(code, callee, shape)? {
                        return Ok(event);
                    }
                }
                Op::Method(name, shape) => {
                    let shape = &code.shapes[usize::from(shape)];
                    if let Some(event) = self.method(code, name, shape)? {
                        return Ok(event);
                    }
                }
                Op::Return => {
                    let value = self.pop();
                    let frame = self.frames.pop().expect("a call has a frame");
                    self.stack.truncate(frame.base);
                    let height = self.frames.len();
                    while self.handlers.last().is_some_and(|handler| handler.frame > height) {
                        self.handlers.pop();
                    }
                    if frame.is_flight {
                        self.stack.push(value);
                        self.arguments = 1;
                        return Ok(Event::Effect(Builtin::OnceEnd));
                    }
                    if self.frames.is_empty() {
                        return Ok(Event::Done(value));
                    }
                    self.stack.push(value);
                }
                Op::Iterate => {
                    let source = self.pop();
                    let iterator = match &source {
                        V::Heap(at) => match &self.heap[*at as usize] {
                            &Object::Range(from, to, by) => Object::Range(from, to, by),
                            _ => Object::Iterator(self.items(&source)?, 0),
                        },
                        _ => Object::Iterator(self.items(&source)?, 0),
                    };
                    let iterator = self.object(iterator)?;
                    self.stack.push(iterator);
                }
                Op::Next(end) => {
                    let Some(V::Heap(at)) = self.stack.last() else {
                        unreachable!("an iterator is on the heap")
                    };
                    let next = match &mut self.heap[*at as usize] {
                        Object::Iterator(items, next) => {
                            *next += 1;
                            items.get(*next - 1).cloned()
                        }
                        Object::Range(from, to, by) => {
                            let is_left = if *by > 0 { *from < *to } else { *from > *to };
                            is_left.then(|| {
                                let next = *from;
                                *from = from.saturating_add(*by);
                                V::Int(next)
                            })
                        }
                        other => unreachable!("{other:?} is no iterator"),
                    };
                    match next {
                        Some(next) => self.stack.push(next),
                        None => {
                            self.pop();
                            self.jump(end);
                        }
                    }
                }
                Op::Unpack(count) => {
                    let value = self.pop();
                    let items = self.items(&value)?;
                    if items.len() != usize::from(count) {
                        let what = format!("{} values are assigned to {count} targets", items.len());
                        return Err(self.wrong(what, "unpacked here"));
                    }
                    self.stack.extend(items.into_iter().rev());
                }
                Op::Append(local) => {
                    let item = self.pop();
                    self.charge(size_of::<V>())?;
                    let V::Heap(at) = self.stack[base + usize::from(local)] else {
                        unreachable!("it is a list")
                    };
                    if let Object::List(items) = &mut self.heap[at as usize] {
                        items.push(item);
                    }
                }
                Op::Enter(local) => {
                    let value = self.pop();
                    let key = self.pop();
                    let dict = self.stack[base + usize::from(local)].clone();
                    self.set_entry(&dict, key, value)?;
                }
                Op::Closure(function, count) => {
                    let captured = self.stack.split_off(self.stack.len() - usize::from(count));
                    let closure = self.object(Object::Closure(function, captured))?;
                    self.stack.push(closure);
                }
                Op::Try(to) => {
                    self.handlers.push(Handler { frame: self.frames.len(), to, height: self.stack.len() });
                }
                Op::EndTry => _ = self.handlers.pop(),
                Op::Raise => {
                    let value = self.pop();
                    if let Some(event) = self.raise_value(value)? {
                        return Ok(event);
                    }
                }
                Op::Acquire | Op::Release => {
                    let lock = self.pop();
                    if !matches!(lock, V::Lock(_)) {
                        let what = format!("`with` needs a lock, not a {}", lock.type_name(&self.heap));
                        return Err(self.wrong_with(what, "expected a lock", "write `with lock(\"name\"):`"));
                    }
                    self.spend(EFFECT as usize)?;
                    self.stack.push(lock);
                    (self.arguments, self.discards) = (1, true);
                    return Ok(Event::Effect(match op {
                        Op::Acquire => Builtin::LockAcquire,
                        _ => Builtin::LockRelease,
                    }));
                }
            }
        }
    }

    fn jump(&mut self, to: u32) {
        self.frames.last_mut().expect("a call has a frame").at = to as usize;
    }

    /// The value of a variable of the script.
    fn global(&mut self, code: &Code, at: u16) -> Step<V> {
        let value = match code.values.get(usize::from(at)) {
            // The top level is running.
            None => self.globals.get(usize::from(at)).cloned().unwrap_or(V::Missing),
            Some(Initial::Plain(value)) => value.clone(),
            Some(Initial::Data(data)) => {
                if let Some((_, known)) = self.constants.iter().find(|(its, _)| *its == at) {
                    return Ok(known.clone());
                }
                let from = self.heap.len() as u32;
                let value = self.thaw(data)?;
                self.frozen.push(from..self.heap.len() as u32);
                self.constants.push((at, value.clone()));
                value
            }
        };
        if matches!(value, V::Missing) {
            let what = format!("`{}` is used before it is assigned", code.globals[usize::from(at)].name);
            return Err(self.wrong(what, "has no value here"));
        }
        Ok(value)
    }

    /// Whether the value is true in a condition.
    pub(crate) fn is_true(&self, value: &V) -> Step<bool> {
        Ok(match value {
            V::Missing | V::None => false,
            V::Bool(value) => *value,
            V::Int(number) => *number != 0,
            V::Float(number) => *number != 0.0,
            V::Text(text) => !text.as_str().is_empty(),
            V::Lease(lease) => lease.is_some(),
            V::Heap(at) => match &self.heap[*at as usize] {
                Object::List(items) | Object::Tuple(items) => !items.is_empty(),
                Object::Dict(entries) => !entries.is_empty(),
                Object::Range(from, to, by) => {
                    if *by > 0 {
                        from < to
                    } else {
                        from > to
                    }
                }
                _ => true,
            },
            V::Tier(_) => return Err(self.wrong("a shared dict is no condition", "expected `key in …`")),
            _ => true,
        })
    }

    /// Whether two values are equal.
    pub(crate) fn equal(&self, left: &V, right: &V, depth: u32) -> Step<bool> {
        if depth > DEEPEST {
            return Err(
                self.wrong(format!("a comparison of more than {DEEPEST} nested values"), "compared here")
            );
        }
        self.spend(1)?;
        Ok(match (left, right) {
            (V::Missing | V::None, V::Missing | V::None) => true,
            (V::Bool(one), V::Bool(other)) => one == other,
            (V::Int(one), V::Int(other)) => one == other,
            (V::Float(one), V::Float(other)) => one == other,
            (V::Int(one), V::Float(other)) | (V::Float(other), V::Int(one)) => *one as f64 == *other,
            (V::Text(one), V::Text(other)) => one == other,
            (V::Stored(one), V::Stored(other)) => one == other,
            (V::Stored(value), V::Text(text)) | (V::Text(text), V::Stored(value)) => {
                super::value::in_text(text.as_str()) == Some(*value)
            }
            (V::Lease(one), V::Lease(other)) => one == other,
            (V::Function(one), V::Function(other)) => one == other,
            (V::Builtin(one), V::Builtin(other)) => one == other,
            (V::Module(one), V::Module(other)) => one == other,
            (V::Tier(one), V::Tier(other)) => one == other,
            (V::Lock(one), V::Lock(other)) => one == other,
            (V::Heap(one), V::Heap(other)) if one == other => true,
            (V::Heap(one), V::Heap(other)) => {
                match (&self.heap[*one as usize], &self.heap[*other as usize]) {
                    (Object::List(one), Object::List(other)) | (Object::Tuple(one), Object::Tuple(other)) => {
                        one.len() == other.len() && self.all_equal(one, other, depth + 1)?
                    }
                    (Object::Dict(one), Object::Dict(other)) => {
                        if one.len() != other.len() {
                            return Ok(false);
                        }
                        for (key, value) in one {
                            let mut is_in = false;
                            for (its, other) in other {
                                if self.equal(key, its, depth + 1)? {
                                    is_in = self.equal(value, other, depth + 1)?;
                                    break;
                                }
                            }
                            if !is_in {
                                return Ok(false);
                            }
                        }
                        true
                    }
                    _ => false,
                }
            }
            _ => false,
        })
    }

    fn all_equal(&self, one: &[V], other: &[V], depth: u32) -> Step<bool> {
        for (one, other) in one.iter().zip(other) {
            if !self.equal(one, other, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
