//! Compiles functions, and the access to their variables.

use super::code::{Function, Op};
use super::compile::{Compiler, MOST, Scope, Variable};
use super::mistake::Spot;
use super::tree::{Block, Def, Ex, Expr, Name, Parameter, Stmt};
use super::value::V;
use std::collections::{BTreeMap, BTreeSet};

/// The body of a function.
#[derive(Clone, Copy)]
pub(crate) enum Body<'t> {
    Block(&'t Block),
    Expression(&'t Expr),
}

/// Collects the names that a function assigns, with the number of assignments, and those that it
/// declares as global.
pub(crate) fn assigned_in(
    block: &Block,
    assigned: &mut BTreeMap<String, usize>,
    global: &mut BTreeSet<String>,
) {
    fn target(expr: &Expr, assigned: &mut BTreeMap<String, usize>) {
        match &expr.kind {
            Ex::Name(name) => *assigned.entry(name.clone()).or_default() += 1,
            Ex::Tuple(items) | Ex::List(items) => items.iter().for_each(|item| target(item, assigned)),
            _ => {}
        }
    }
    for statement in block {
        match &statement.kind {
            Stmt::Assign(targets, _) => targets.iter().for_each(|its| target(its, assigned)),
            Stmt::Change(its, ..) => target(its, assigned),
            Stmt::For(its, _, body) => {
                target(its, assigned);
                assigned_in(body, assigned, global);
            }
            Stmt::If(branches, otherwise) => {
                branches.iter().for_each(|(_, body)| assigned_in(body, assigned, global));
                assigned_in(otherwise, assigned, global);
            }
            Stmt::While(_, body) => assigned_in(body, assigned, global),
            Stmt::With(_, name, body) => {
                if let Some(name) = name {
                    *assigned.entry(name.text.clone()).or_default() += 1;
                }
                assigned_in(body, assigned, global);
            }
            Stmt::Try { body, handlers, otherwise, last } => {
                for block in [body, otherwise, last].into_iter().chain(handlers.iter().map(|its| &its.body)) {
                    assigned_in(block, assigned, global);
                }
                for name in handlers.iter().filter_map(|handler| handler.name.as_ref()) {
                    *assigned.entry(name.text.clone()).or_default() += 1;
                }
            }
            Stmt::Define(def) => *assigned.entry(def.name.text.clone()).or_default() += 1,
            Stmt::Global(names) => global.extend(names.iter().map(|name| name.text.clone())),
            _ => {}
        }
    }
}

impl<'t> Compiler<'t> {
    pub(crate) fn define_global(&mut self, def: &'t Def, this: Option<String>) {
        let index = self.function(&def.name, &def.parameters, Body::Block(&def.body), this);
        self.constant(def.name.spot, V::Function(index as u16));
        let global = self.global(&def.name.text, def.name.spot);
        self.emit(def.name.spot, Op::StoreGlobal(global));
    }

    /// Compiles a function. Returns its index. The names that it captures are in the returned
    /// scope's function, in order.
    pub(crate) fn function(
        &mut self,
        name: &Name,
        parameters: &'t [Parameter],
        body: Body<'t>,
        this: Option<String>,
    ) -> usize {
        self.function_with_captures(name, parameters, body, this).0
    }

    pub(crate) fn function_with_captures(
        &mut self,
        name: &Name,
        parameters: &'t [Parameter],
        body: Body<'t>,
        this: Option<String>,
    ) -> (usize, Vec<String>) {
        let index = self.functions.len();
        self.functions.push(None);
        let parameters = &parameters[usize::from(this.is_some())..];
        // A lambda in a method can use the method's object.
        let this = this.or_else(|| self.scopes.last().and_then(|scope| scope.this.clone()));
        let mut scope = Scope { index, this, is_function: true, ..Scope::default() };
        for parameter in parameters {
            scope.locals.push(parameter.name.text.clone());
            *scope.assigned.entry(parameter.name.text.clone()).or_default() += 1;
        }
        if let Body::Block(block) = body {
            assigned_in(block, &mut scope.assigned, &mut scope.global);
            for name in scope.assigned.keys().filter(|name| !scope.global.contains(*name)) {
                if !scope.locals.contains(name) {
                    scope.locals.push(name.clone());
                }
            }
        }
        self.scopes.push(scope);
        for (at, parameter) in parameters.iter().enumerate() {
            if let Some(default) = &parameter.default {
                let given = self.emit(default.spot, Op::JumpIfGiven(at as u16, 0));
                self.expression(default);
                self.emit(default.spot, Op::Store(at as u16));
                self.land(given);
            }
        }
        match body {
            Body::Block(block) => {
                self.block(block);
                self.constant(name.spot, V::None);
                self.emit(name.spot, Op::Return);
            }
            Body::Expression(expr) => {
                self.expression(expr);
                self.emit(expr.spot, Op::Return);
            }
        }
        let names = parameters.iter().map(|parameter| parameter.name.text.clone()).collect();
        let required = parameters.iter().filter(|parameter| parameter.default.is_none()).count();
        (index, self.finish_scope(name.spot, &name.text, names, required))
    }

    pub(crate) fn finish_scope(
        &mut self,
        spot: Spot,
        name: &str,
        parameters: Vec<String>,
        required: usize,
    ) -> Vec<String> {
        let scope = self.scopes.pop().expect("there is a scope");
        if scope.locals.len() > MOST {
            self.mistake(spot, "too many variables in a function", "expected fewer", None);
        }
        self.functions[scope.index] = Some(Function {
            name: name.to_owned(),
            spot,
            parameters,
            required,
            locals: scope.locals.len(),
            code: scope.code,
            spots: scope.spots,
        });
        scope.captured
    }

    /// Pushes a closure over the variables that it captures.
    pub(crate) fn closure(&mut self, spot: Spot, name: &Name, parameters: &'t [Parameter], body: Body<'t>) {
        let (index, captured) = self.function_with_captures(name, parameters, body, None);
        for name in &captured {
            let place = self.place(name).expect("the name was found when it was captured");
            self.load(spot, &place);
            let scope = self.scopes.last().expect("there is a scope");
            if scope.assigned.get(name).is_some_and(|count| *count > 1) {
                let what = format!("`{name}` is assigned again, and an inner function uses it");
                let help =
                    "an inner function receives a copy: pass the variable as an argument, or assign it once";
                self.mistake(spot, what, "used here", Some(help.to_owned()));
            }
        }
        self.emit(spot, Op::Closure(index as u16, captured.len() as u16));
    }

    pub(crate) fn local(&mut self, name: &str) -> u16 {
        let scope = self.scope();
        let known = scope.locals.iter().position(|local| local == name);
        known.unwrap_or_else(|| {
            scope.locals.push(name.to_owned());
            scope.locals.len() - 1
        }) as u16
    }

    /// A local without a name.
    pub(crate) fn temporary(&mut self) -> u16 {
        let name = format!("{} ", self.scope().locals.len());
        self.local(&name)
    }

    pub(crate) fn load(&mut self, spot: Spot, place: &Variable) {
        let op = match *place {
            Variable::Local(local) => Op::Load(local),
            Variable::Captured(captured) => Op::Captured(captured),
            Variable::Global(global) => Op::Global(global),
            Variable::Shared(shared) => Op::Shared(shared),
        };
        self.emit(spot, op);
    }

    pub(crate) fn store(&mut self, spot: Spot, place: &Variable) {
        let op = match *place {
            Variable::Local(local) => Op::Store(local),
            Variable::Shared(shared) => Op::StoreShared(shared),
            Variable::Global(global) if !self.scope().is_function => Op::StoreGlobal(global),
            Variable::Global(_) | Variable::Captured(_) => {
                self.mistake(spot, "this variable cannot be assigned here", "assigned here", None);
                Op::Pop
            }
        };
        self.emit(spot, op);
    }
}
