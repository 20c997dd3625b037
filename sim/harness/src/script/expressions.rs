//! Compiles expressions.

use super::code::{Op, Shape};
use super::compile::Compiler;
use super::declare::attribute_of;
use super::library::{self, Builtin};
use super::mistake::Spot;
use super::scopes::Body;
use super::tree::{Argument, Ex, Expr, Name};
use super::value::V;
use crate::nearest::nearest;
use crate::number::counted;

/// Checks that the arguments fit the parameters. Returns the mistake and the advice.
pub(crate) fn bind_check(
    name: &str,
    parameters: &[&str],
    required: usize,
    is_variadic: bool,
    shape: &Shape,
) -> Result<(), (String, Option<String>)> {
    let signature = || Some(format!("the parameters are ({})", parameters.join(", ")));
    if let Some(unknown) = shape.names.iter().find(|its| !parameters.contains(&its.as_str())) {
        let near = nearest(unknown, parameters).map(|near| format!("did you mean `{near}`?"));
        return Err((format!("`{name}` has no parameter `{unknown}`"), near.or_else(signature)));
    }
    let is_twice =
        shape.names.iter().any(|its| parameters.iter().position(|p| p == its) < Some(shape.positional));
    let is_given = |at: usize| at < shape.positional || shape.names.iter().any(|its| its == parameters[at]);
    let missing = (0..required).find(|&at| !is_given(at));
    if let Some(missing) = missing {
        return Err((format!("`{name}` needs an argument for `{}`", parameters[missing]), signature()));
    }
    if is_twice || (shape.count() > parameters.len() && !is_variadic) {
        let takes = counted(parameters.len() as u64, "argument");
        let what = format!("`{name}` takes {takes}, and the call has {}", shape.count());
        return Err((what, signature()));
    }
    Ok(())
}

impl<'t> Compiler<'t> {
    pub(crate) fn expressions(&mut self, items: &'t [Expr]) -> u16 {
        items.iter().for_each(|item| self.expression(item));
        items.len().min(usize::from(u16::MAX)) as u16
    }

    pub(crate) fn expression(&mut self, expr: &'t Expr) {
        let spot = expr.spot;
        match &expr.kind {
            Ex::Name(name) => self.name(spot, name),
            Ex::None => self.constant(spot, V::None),
            Ex::Bool(value) => self.constant(spot, V::Bool(*value)),
            Ex::Int(value) => self.constant(spot, V::Int(*value)),
            Ex::Float(value) => self.constant(spot, V::Float(*value)),
            Ex::Text(text) => self.constant(spot, V::Text(text.as_str().into())),
            Ex::Format(parts) => {
                let count = self.expressions(parts);
                self.emit(spot, Op::Format(count));
            }
            Ex::List(items) => {
                let count = self.expressions(items);
                self.emit(spot, Op::List(count));
            }
            Ex::Tuple(items) => {
                let count = self.expressions(items);
                self.emit(spot, Op::Tuple(count));
            }
            Ex::Dict(entries) => {
                for (key, value) in entries {
                    self.expression(key);
                    self.expression(value);
                }
                self.emit(spot, Op::Dict(entries.len() as u16));
            }
            Ex::Attribute(object, name) => self.attribute(spot, expr, object, name),
            Ex::Index(object, index) => {
                self.expression(object);
                self.expression(index);
                self.emit(spot, Op::Index);
            }
            Ex::Slice(object, from, to) => {
                self.expression(object);
                for bound in [from, to] {
                    match bound {
                        Some(bound) => self.expression(bound),
                        None => self.constant(spot, V::None),
                    }
                }
                self.emit(spot, Op::Slice);
            }
            Ex::Call(function, arguments) => self.call(spot, function, arguments),
            Ex::Not(operand) => {
                self.expression(operand);
                self.emit(spot, Op::Not);
            }
            Ex::Minus(operand) => {
                self.expression(operand);
                self.emit(spot, Op::Minus);
            }
            Ex::Binary(operator, left, right) => {
                self.expression(left);
                self.expression(right);
                self.emit(spot, Op::Binary(*operator));
            }
            Ex::And(left, right) | Ex::Or(left, right) => {
                self.expression(left);
                let end = self.emit(spot, Op::JumpOrPop(matches!(expr.kind, Ex::Or(..)), 0));
                self.expression(right);
                self.land(end);
            }
            Ex::If { condition, then, otherwise } => {
                self.expression(condition);
                let fails = self.emit(spot, Op::JumpIfFalse(0));
                self.expression(then);
                let end = self.emit(spot, Op::Jump(0));
                self.land(fails);
                self.expression(otherwise);
                self.land(end);
            }
            Ex::Lambda(parameters, body) => {
                let name = Name { text: "lambda".to_owned(), spot };
                self.closure(spot, &name, parameters, Body::Expression(body));
            }
            Ex::Comprehension { item, value, target, source, condition } => {
                let result = self.temporary();
                self.emit(spot, if value.is_some() { Op::Dict(0) } else { Op::List(0) });
                self.emit(spot, Op::Store(result));
                self.expression(source);
                self.emit(source.spot, Op::Iterate);
                let start = self.here();
                let end = self.emit(spot, Op::Next(0));
                self.declare_locals(target);
                self.assign(target);
                let skips = condition.as_ref().map(|condition| {
                    self.expression(condition);
                    self.emit(condition.spot, Op::JumpIfFalse(start))
                });
                // The jump already has its target.
                let _ = skips;
                self.expression(item);
                match value {
                    Some(value) => {
                        self.expression(value);
                        self.emit(spot, Op::Enter(result));
                    }
                    None => _ = self.emit(spot, Op::Append(result)),
                }
                self.emit(spot, Op::Jump(start));
                self.land(end);
                self.emit(spot, Op::Load(result));
            }
        }
    }

    /// The variables of a comprehension are locals, also at the top level.
    pub(crate) fn declare_locals(&mut self, target: &Expr) {
        match &target.kind {
            Ex::Name(name) => _ = self.local(name),
            Ex::Tuple(items) | Ex::List(items) => items.iter().for_each(|item| self.declare_locals(item)),
            _ => {}
        }
    }

    pub(crate) fn attribute(&mut self, spot: Spot, whole: &Expr, object: &'t Expr, name: &Name) {
        let this = self.scope().this.clone();
        if attribute_of(whole, this.as_deref()).is_some() {
            match self.global_place(&name.text) {
                Some(place) => self.load(spot, &place),
                None => self.unknown_attribute(name),
            }
            return;
        }
        if let Some(module) = self.module_of(object) {
            match module.function(&name.text) {
                Some(builtin) => {
                    self.note_use(builtin);
                    self.constant(spot, V::Builtin(builtin));
                }
                None => self.unknown_function(module, name),
            }
            return;
        }
        self.note_attribute(&name.text);
        self.expression(object);
        let index = self.name_index(&name.text);
        self.emit(spot, Op::Attribute(index));
    }

    pub(crate) fn call(&mut self, spot: Spot, function: &'t Expr, arguments: &'t [Argument]) {
        let this = self.scope().this.clone();
        let is_own = attribute_of(function, this.as_deref()).is_some();
        let method = match &function.kind {
            Ex::Attribute(object, name) if !is_own && self.module_of(object).is_none() => {
                Some((object, name))
            }
            _ => None,
        };
        match method {
            Some((object, name)) => {
                self.note_attribute(&name.text);
                self.expression(object);
            }
            None => self.expression(function),
        }
        let mut shape = Shape { positional: 0, names: Vec::new() };
        for argument in arguments {
            self.expression(&argument.value);
            match &argument.name {
                Some(name) => shape.names.push(name.text.clone()),
                None => shape.positional += 1,
            }
        }
        if method.is_none() {
            self.check_call(spot, function, &shape);
        }
        let known = self.shapes.iter().position(|its| *its == shape);
        let shape = known.unwrap_or_else(|| {
            self.shapes.push(shape);
            self.shapes.len() - 1
        }) as u16;
        match method {
            Some((_, name)) => {
                let name_at = self.name_index(&name.text);
                self.emit(spot, Op::Method(name_at, shape));
            }
            None => _ = self.emit(spot, Op::Call(shape)),
        }
    }

    /// Checks the arguments of a call of a library function that is named directly.
    pub(crate) fn check_call(&mut self, spot: Spot, function: &Expr, shape: &Shape) {
        let builtin = match &function.kind {
            Ex::Name(name) if self.place(name).is_none() => library::function(name),
            Ex::Attribute(object, name) => {
                self.module_of(object).and_then(|module| module.function(&name.text))
            }
            _ => None,
        };
        let Some(entry) = builtin.and_then(Builtin::entry) else { return };
        if let Err((what, help)) =
            bind_check(entry.name, entry.parameters, entry.required, entry.is_variadic, shape)
        {
            self.mistake(spot, what, "called here", help);
        }
    }
}
