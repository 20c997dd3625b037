//! Compiles statements.

use super::code::Op;
use super::compile::{Cleanup, Compiler, Loop};
use super::declare::attribute_of;
use super::mistake::Spot;
use super::scopes::Body;
use super::tree::{Block, Ex, Expr, Name, Statement, Stmt};
use super::value::V;

impl<'t> Compiler<'t> {
    pub(crate) fn block(&mut self, block: &'t Block) {
        block.iter().for_each(|statement| self.statement(statement));
    }

    pub(crate) fn statement(&mut self, statement: &'t Statement) {
        let spot = statement.spot;
        match &statement.kind {
            Stmt::Expression(expr) => {
                if !matches!(expr.kind, Ex::Text(_)) {
                    self.expression(expr);
                    self.emit(spot, Op::Pop);
                }
            }
            Stmt::Assign(targets, value) => {
                self.expression(value);
                for target in &targets[1..] {
                    self.emit(spot, Op::Duplicate);
                    self.assign(target);
                }
                self.assign(&targets[0]);
            }
            Stmt::Change(target, operator, value) => self.change(spot, target, *operator, value),
            Stmt::If(branches, otherwise) => {
                let mut ends = Vec::new();
                for (condition, body) in branches {
                    self.expression(condition);
                    let next = self.emit(condition.spot, Op::JumpIfFalse(0));
                    self.block(body);
                    ends.push(self.emit(condition.spot, Op::Jump(0)));
                    self.land(next);
                }
                self.block(otherwise);
                ends.into_iter().for_each(|end| self.land(end));
            }
            Stmt::For(target, source, body) => {
                self.expression(source);
                self.emit(source.spot, Op::Iterate);
                let start = self.here();
                let end = self.emit(source.spot, Op::Next(0));
                self.assign(target);
                self.looped(start, true, body);
                self.land(end);
                self.land_breaks();
            }
            Stmt::While(condition, body) => {
                let start = self.here();
                self.expression(condition);
                let end = self.emit(condition.spot, Op::JumpIfFalse(0));
                self.looped(start, false, body);
                self.land(end);
                self.land_breaks();
            }
            Stmt::Return(value) => {
                if !self.scope().is_function {
                    self.mistake(spot, "`return` outside a function", "unexpected", None);
                }
                match value {
                    Some(value) => self.expression(value),
                    None => self.constant(spot, V::None),
                }
                self.leave(spot, 0);
                self.emit(spot, Op::Return);
            }
            Stmt::Break | Stmt::Continue => self.leave_loop(spot, matches!(statement.kind, Stmt::Break)),
            Stmt::Pass | Stmt::Global(_) => {}
            Stmt::Delete(target) => match &target.kind {
                Ex::Index(object, index) => {
                    self.expression(object);
                    self.expression(index);
                    self.emit(spot, Op::DeleteIndex);
                }
                _ => self.mistake(target.spot, "only an entry can be deleted", "expected `name[key]`", None),
            },
            Stmt::Define(def) => {
                self.closure(def.name.spot, &def.name, &def.parameters, Body::Block(&def.body));
                match self.place(&def.name.text) {
                    Some(place) => self.store(spot, &place),
                    None => _ = self.emit(spot, Op::Pop),
                }
            }
            Stmt::Class(name, _) => {
                self.mistake(name.spot, "a class inside another block", "expected it at the top level", None);
            }
            Stmt::Raise(value) => {
                match value {
                    Some(value) => self.expression(value),
                    None => self.constant(spot, V::None),
                }
                self.emit(spot, Op::Raise);
            }
            Stmt::Assert(condition, message) => {
                self.expression(condition);
                let fails = self.emit(spot, Op::JumpIfFalse(0));
                let end = self.emit(spot, Op::Jump(0));
                self.land(fails);
                match message {
                    Some(message) => self.expression(message),
                    None => self.constant(spot, V::Text("an assertion does not hold".into())),
                }
                self.emit(spot, Op::Raise);
                self.land(end);
            }
            Stmt::With(value, name, body) => self.with(spot, value, name.as_ref(), body),
            Stmt::Try { body, handlers, otherwise, last } => {
                let outer = (!last.is_empty()).then(|| {
                    self.scope().cleanups.push(Cleanup::Finally(last));
                    self.emit(spot, Op::Try(0))
                });
                self.try_body(spot, body, handlers, otherwise);
                if let Some(outer) = outer {
                    self.scope().cleanups.pop();
                    self.emit(spot, Op::EndTry);
                    self.block(last);
                    let end = self.emit(spot, Op::Jump(0));
                    self.land(outer);
                    self.block(last);
                    self.emit(spot, Op::Raise);
                    self.land(end);
                }
            }
        }
    }

    pub(crate) fn try_body(
        &mut self,
        spot: Spot,
        body: &'t Block,
        handlers: &'t [super::tree::Handler],
        otherwise: &'t Block,
    ) {
        let Some(handler) = handlers.first() else {
            self.block(body);
            return self.block(otherwise);
        };
        self.scope().cleanups.push(Cleanup::Handler);
        let fails = self.emit(spot, Op::Try(0));
        self.block(body);
        self.emit(spot, Op::EndTry);
        self.scope().cleanups.pop();
        self.block(otherwise);
        let end = self.emit(spot, Op::Jump(0));
        self.land(fails);
        match &handler.name {
            Some(name) => {
                let local = self.local(&name.text);
                self.emit(name.spot, Op::Store(local));
            }
            None => _ = self.emit(spot, Op::Pop),
        }
        self.block(&handler.body);
        self.land(end);
    }

    pub(crate) fn with(&mut self, spot: Spot, value: &'t Expr, name: Option<&Name>, body: &'t Block) {
        self.expression(value);
        let lock = self.temporary();
        if let Some(name) = name {
            self.emit(spot, Op::Duplicate);
            let local = self.local(&name.text);
            self.emit(spot, Op::Store(local));
        }
        self.emit(spot, Op::Store(lock));
        self.emit(value.spot, Op::Load(lock));
        self.emit(value.spot, Op::Acquire);
        let fails = self.emit(spot, Op::Try(0));
        self.scope().cleanups.push(Cleanup::Lock(lock));
        self.block(body);
        self.scope().cleanups.pop();
        self.emit(spot, Op::EndTry);
        self.release(value.spot, lock);
        let end = self.emit(spot, Op::Jump(0));
        self.land(fails);
        self.release(value.spot, lock);
        self.emit(spot, Op::Raise);
        self.land(end);
    }

    pub(crate) fn release(&mut self, spot: Spot, lock: u16) {
        self.emit(spot, Op::Load(lock));
        self.emit(spot, Op::Release);
    }

    pub(crate) fn looped(&mut self, start: u32, is_for: bool, body: &'t Block) {
        let cleanups = self.scope().cleanups.len();
        self.scope().loops.push(Loop { start, breaks: Vec::new(), is_for, cleanups });
        self.block(body);
        self.emit(Spot::default(), Op::Jump(start));
    }

    pub(crate) fn land_breaks(&mut self) {
        let its = self.scope().loops.pop().expect("the loop was pushed");
        its.breaks.into_iter().for_each(|at| self.land(at));
    }

    /// Executes the cleanups above this number.
    pub(crate) fn leave(&mut self, spot: Spot, down_to: usize) {
        let all = self.scope().cleanups.clone();
        for (at, cleanup) in all.iter().enumerate().skip(down_to).rev() {
            self.emit(spot, Op::EndTry);
            match *cleanup {
                Cleanup::Handler => {}
                Cleanup::Lock(lock) => self.release(spot, lock),
                Cleanup::Finally(block) => {
                    self.scope().cleanups.truncate(at);
                    self.block(block);
                }
            }
        }
        self.scope().cleanups = all;
    }

    pub(crate) fn leave_loop(&mut self, spot: Spot, breaks: bool) {
        let Some(its) = self.scope().loops.last() else {
            return self.mistake(spot, "outside a loop", "unexpected", None);
        };
        let (start, is_for, cleanups) = (its.start, its.is_for, its.cleanups);
        self.leave(spot, cleanups);
        if !breaks {
            self.emit(spot, Op::Jump(start));
            return;
        }
        if is_for {
            self.emit(spot, Op::Pop);
        }
        let jump = self.emit(spot, Op::Jump(0));
        self.scope().loops.last_mut().expect("there is a loop").breaks.push(jump);
    }

    /// Assigns the topmost value to the target.
    pub(crate) fn assign(&mut self, target: &'t Expr) {
        let this = self.scope().this.clone();
        match &target.kind {
            Ex::Name(name) => match self.place(name) {
                Some(place) => self.store(target.spot, &place),
                None => {
                    let local = self.local(name);
                    self.emit(target.spot, Op::Store(local));
                }
            },
            Ex::Attribute(object, name) => match attribute_of(target, this.as_deref()) {
                Some(name) => match self.global_place(&name.text) {
                    Some(place) => self.store(target.spot, &place),
                    None => self.unknown(name.spot, &name.text, "attribute"),
                },
                None => {
                    let _ = object;
                    let what = format!("the attribute `{}` cannot be assigned", name.text);
                    self.mistake(target.spot, what, "expected an attribute of the method's own object", None);
                }
            },
            Ex::Index(object, index) => {
                self.expression(object);
                self.expression(index);
                self.emit(target.spot, Op::StoreIndex);
            }
            Ex::Tuple(items) | Ex::List(items) => {
                self.emit(target.spot, Op::Unpack(items.len() as u16));
                items.iter().for_each(|item| self.assign(item));
            }
            _ => unreachable!("the parser accepts no other target"),
        }
    }

    pub(crate) fn change(
        &mut self,
        spot: Spot,
        target: &'t Expr,
        operator: super::tree::Operator,
        value: &'t Expr,
    ) {
        if let Ex::Index(object, index) = &target.kind {
            self.expression(object);
            self.expression(index);
            self.emit(spot, Op::DuplicateTwo);
            self.emit(target.spot, Op::Index);
            self.expression(value);
            self.emit(spot, Op::Binary(operator));
            // The object and the index are below the value.
            let result = self.temporary();
            let (of, at) = (self.temporary(), self.temporary());
            self.emit(spot, Op::Store(result));
            self.emit(spot, Op::Store(at));
            self.emit(spot, Op::Store(of));
            for local in [result, of, at] {
                self.emit(spot, Op::Load(local));
            }
            self.emit(target.spot, Op::StoreIndex);
            return;
        }
        self.expression(target);
        self.expression(value);
        self.emit(spot, Op::Binary(operator));
        self.assign(target);
    }
}
