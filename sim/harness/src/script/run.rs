//! Executes instructions.

use super::code::{Code, Initial, Op};
use super::library::Builtin;
use super::machine::{EFFECT, Event, Handler, Machine, Ran};
use super::tree::Operator;
use super::value::{Object, V};

impl Machine {
    /// Executes until the call ends or needs an effect.
    pub(crate) fn run(&mut self, code: &Code) -> Ran<Event> {
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

    pub(crate) fn jump(&mut self, to: u32) {
        self.frames.last_mut().expect("a call has a frame").at = to as usize;
    }

    /// The value of a variable of the script.
    pub(crate) fn global(&mut self, code: &Code, at: u16) -> Ran<V> {
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
}
