//! Calls of functions and methods, and exceptions.

use super::code::{Code, Function, Shape};
use super::expressions::bind_check;
use super::library::{Builtin, Entry, OF_LOCK, OF_TIER};
use super::machine::{EFFECT, Event, Frame, Handler, MOST_FRAMES, Machine, Ran, Stop};
use super::value::{Object, V};

impl Machine {
    pub(crate) fn check_arguments(&self, function: &Function, shape: &Shape) -> Ran<()> {
        let names: Vec<&str> = function.parameters.iter().map(String::as_str).collect();
        bind_check(&function.name, &names, function.required, false, shape)
            .map_err(|(what, help)| self.wrong_with(what, "called here", help.unwrap_or_default()))
    }

    /// Enters a function whose arguments are on the stack.
    pub(crate) fn enter(
        &mut self,
        code: &Code,
        function: u16,
        count: usize,
        closure: Option<u32>,
    ) -> Ran<()> {
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
    pub(crate) fn bind(&mut self, names: &[String], parameters: &[impl AsRef<str>], given: usize) {
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
    pub(crate) fn call(&mut self, code: &Code, callee: V, shape: &Shape) -> Ran<Option<Event>> {
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

    pub(crate) fn not_callable(&self, value: &V) -> Stop {
        let what = format!("a {} cannot be called", value.type_name(&self.heap));
        self.wrong(what, "expected a function")
    }

    /// Calls a function of the library. `with_receiver`: the first argument is the receiver of a
    /// method, which is not in the shape.
    pub(crate) fn call_builtin(
        &mut self,
        builtin: Builtin,
        entry: Option<&'static Entry>,
        shape: &Shape,
        with_receiver: bool,
    ) -> Ran<Option<Event>> {
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
    pub(crate) fn method(&mut self, code: &Code, name: u32, shape: &Shape) -> Ran<Option<Event>> {
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
    pub(crate) fn raise(&mut self, failure: V) -> Option<Event> {
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
    pub(crate) fn raise_value(&mut self, value: V) -> Ran<Option<Event>> {
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
}
