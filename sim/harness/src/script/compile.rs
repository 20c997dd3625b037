//! Compiles a script to instructions, once. Every name is resolved here, so that a misspelled one is
//! found before the exploration.
//!
//! A class at the top level is unfolded: its methods are functions, and an attribute of `self` is a
//! variable of the script. A variable that is assigned in a function is shared by all threads, so
//! each access to it is a step.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, Function, Global, Op, Shape, Uses};
use super::library::{self, Builtin, MODULES, Module};
use super::mistake::{ScriptMistake, Spot};
use super::tree::{Argument, Block, Def, Ex, Expr, Name, Parameter, Statement, Stmt};
use super::value::V;
use crate::nearest::nearest;
use crate::number::counted;

/// The limit of the instructions, and of the names, of a script.
const MOST: usize = 1 << 15;
/// Constructors whose result, as the value of a variable of the script, is a shared dictionary.
const DICTS: [&str; 6] = ["dict", "OrderedDict", "defaultdict", "TTLCache", "LRUCache", "LFUCache"];
/// Constructors whose result is the remote tier.
const CLIENTS: [&str; 6] =
    ["Redis", "StrictRedis", "from_url", "RedisCluster", "ConnectionPool", "create_redis_pool"];
/// Constructors whose result is a lock.
const LOCKS: [&str; 3] = ["Lock", "RLock", "Semaphore"];
/// Constructors whose result is a log.
const LOGS: [&str; 1] = ["getLogger"];

/// Compiles a script. `text` is for the check of the library's uses.
pub(crate) fn compile(block: &Block) -> Result<Code, Vec<ScriptMistake>> {
    let mut compiler = Compiler::default();
    compiler.declare(block);
    compiler.functions.push(None);
    compiler.scopes.push(Scope { index: 0, ..Scope::default() });
    compiler.top_level(block);
    compiler.finish_scope(Spot::default(), "the top level", Vec::new(), 0);
    if compiler.code_size > MOST {
        let what = format!("a script of more than {MOST} instructions");
        compiler.mistakes.push(ScriptMistake::new(0..0, what, "expected a shorter script"));
    }
    if !compiler.mistakes.is_empty() {
        let mut mistakes = compiler.mistakes;
        mistakes.sort_by_key(|mistake| mistake.span.start);
        mistakes.dedup();
        return Err(mistakes);
    }
    let functions = compiler.functions.into_iter().map(|function| function.expect("each is compiled"));
    Ok(Code {
        functions: functions.collect(),
        constants: compiler.constants,
        names: compiler.names,
        shapes: compiler.shapes,
        globals: compiler.globals,
        shared: compiler.shared,
        tiers: compiler.tiers,
        uses: compiler.uses,
        values: Vec::new(),
    })
}

#[derive(Default)]
struct Compiler<'t> {
    functions: Vec<Option<Function>>,
    constants: Vec<V>,
    names: Vec<String>,
    shapes: Vec<Shape>,
    globals: Vec<Global>,
    shared: Vec<(String, u16)>,
    tiers: Vec<String>,
    uses: Uses,
    scopes: Vec<Scope<'t>>,
    mistakes: Vec<ScriptMistake>,
    code_size: usize,
}

/// A function that is being compiled.
#[derive(Default)]
struct Scope<'t> {
    index: usize,
    code: Vec<Op>,
    spots: Vec<Spot>,
    locals: Vec<String>,
    /// The number of assignments to each local in the text.
    assigned: BTreeMap<String, usize>,
    /// Names that `global` declares.
    global: BTreeSet<String>,
    captured: Vec<String>,
    loops: Vec<Loop>,
    cleanups: Vec<Cleanup<'t>>,
    /// The name of the first parameter of a method.
    this: Option<String>,
    is_function: bool,
}

struct Loop {
    start: u32,
    /// The jumps to the end.
    breaks: Vec<usize>,
    is_for: bool,
    cleanups: usize,
}

/// Code that a `return`, `break` or `continue` executes first.
#[derive(Clone, Copy)]
enum Cleanup<'t> {
    Handler,
    Finally(&'t Block),
    Lock(u16),
}

/// A variable.
enum Place {
    Local(u16),
    Captured(u16),
    Global(u16),
    Shared(u16),
}

impl<'t> Compiler<'t> {
    fn mistake(
        &mut self,
        spot: Spot,
        what: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let mistake = ScriptMistake::new(spot.range(), what, label);
        self.mistakes.push(ScriptMistake { help, ..mistake });
    }

    fn scope(&mut self) -> &mut Scope<'t> {
        self.scopes.last_mut().expect("there is a scope")
    }

    fn emit(&mut self, spot: Spot, op: Op) -> usize {
        self.code_size += 1;
        let scope = self.scope();
        scope.code.push(op);
        scope.spots.push(spot);
        scope.code.len() - 1
    }

    fn here(&mut self) -> u32 {
        self.scope().code.len() as u32
    }

    /// Lets the jump at `at` end here.
    fn land(&mut self, at: usize) {
        let here = self.here();
        match &mut self.scope().code[at] {
            Op::Jump(to)
            | Op::JumpIfFalse(to)
            | Op::JumpOrPop(_, to)
            | Op::JumpIfGiven(_, to)
            | Op::Next(to)
            | Op::Try(to) => *to = here,
            other => unreachable!("{other:?} does not jump"),
        }
    }

    fn constant(&mut self, spot: Spot, value: V) {
        self.constants.push(value);
        let at = self.constants.len() as u32 - 1;
        self.emit(spot, Op::Constant(at));
    }

    fn name_index(&mut self, name: &str) -> u32 {
        let known = self.names.iter().position(|its| its == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32
    }

    // Declarations.

    /// Declares the variables and functions of the top level, and of classes.
    fn declare(&mut self, block: &'t Block) {
        let mut shared = BTreeMap::new();
        self.declare_in(block);
        for statement in block {
            match &statement.kind {
                Stmt::Define(def) => shared_in(&def.body, None, &mut shared),
                Stmt::Class(_, body) => {
                    for statement in body {
                        let Stmt::Define(def) = &statement.kind else { continue };
                        let this = def.parameters.first().map(|first| first.name.text.as_str());
                        if def.name.text == "__init__" {
                            self.declare_attributes(&def.body, this);
                        } else {
                            shared_in(&def.body, this, &mut shared);
                        }
                    }
                }
                _ => {}
            }
        }
        for (name, spot) in shared {
            let global = self.global(&name, spot);
            self.shared.push((name, global));
        }
        if self.globals.len() > MOST {
            self.mistake(Spot::default(), "too many variables", "expected fewer", None);
        }
    }

    fn declare_in(&mut self, block: &'t Block) {
        let mut defined = BTreeSet::new();
        for statement in block {
            match &statement.kind {
                Stmt::Define(Def { name, .. }) => {
                    if !defined.insert(name.text.clone())
                        || self.globals.iter().any(|its| its.name == name.text)
                    {
                        let what = format!("two functions have the name `{}`", name.text);
                        self.mistake(name.spot, what, "expected another name", None);
                    }
                    self.global(&name.text, name.spot);
                }
                Stmt::Class(_, body) => self.declare_in(body),
                Stmt::Assign(targets, _) => targets.iter().for_each(|target| self.declare_target(target)),
                Stmt::Change(target, ..) | Stmt::For(target, ..) => self.declare_target(target),
                Stmt::If(branches, otherwise) => {
                    branches.iter().for_each(|(_, body)| self.declare_in(body));
                    self.declare_in(otherwise);
                }
                _ => {}
            }
        }
    }

    fn declare_target(&mut self, target: &Expr) {
        match &target.kind {
            Ex::Name(name) => {
                self.global(name, target.spot);
            }
            Ex::Tuple(items) | Ex::List(items) => items.iter().for_each(|item| self.declare_target(item)),
            _ => {}
        }
    }

    /// Declares the attributes that a constructor assigns.
    fn declare_attributes(&mut self, block: &Block, this: Option<&str>) {
        for statement in block {
            let targets = match &statement.kind {
                Stmt::Assign(targets, _) => targets.iter().collect(),
                Stmt::Change(target, ..) => vec![target],
                Stmt::If(branches, otherwise) => {
                    branches.iter().for_each(|(_, body)| self.declare_attributes(body, this));
                    self.declare_attributes(otherwise, this);
                    continue;
                }
                _ => continue,
            };
            for target in targets {
                if let Some(name) = attribute_of(target, this) {
                    self.global(&name.text.clone(), name.spot);
                }
            }
        }
    }

    fn global(&mut self, name: &str, spot: Spot) -> u16 {
        let known = self.globals.iter().position(|global| global.name == name);
        known.unwrap_or_else(|| {
            self.globals.push(Global { name: name.to_owned(), spot });
            self.globals.len() - 1
        }) as u16
    }

    // The top level.

    fn top_level(&mut self, block: &'t Block) {
        for statement in block {
            match &statement.kind {
                Stmt::Define(def) => self.define_global(def, None),
                Stmt::Class(_, body) => self.class(body),
                Stmt::Assign(targets, value) => {
                    let name = targets.first().and_then(|target| match &target.kind {
                        Ex::Name(name) => Some(name.clone()),
                        _ => None,
                    });
                    self.initial(statement.spot, name.as_deref(), targets, value);
                }
                _ => self.statement(statement),
            }
        }
        self.constant(Spot::default(), V::None);
        self.emit(Spot::default(), Op::Return);
    }

    /// Assigns the initial value of a variable of the script.
    fn initial(&mut self, spot: Spot, name: Option<&str>, targets: &'t [Expr], value: &'t Expr) {
        match self.well_known(value, name) {
            Some(known) => self.constant(value.spot, known),
            None => self.expression(value),
        }
        for target in &targets[1..] {
            self.emit(spot, Op::Duplicate);
            self.assign(target);
        }
        self.assign(&targets[0]);
    }

    /// The simulator's object for an expression that creates a tier, a client or a lock.
    fn well_known(&mut self, value: &Expr, name: Option<&str>) -> Option<V> {
        let name = name?;
        let constructor = match &value.kind {
            Ex::Dict(entries) if entries.is_empty() => "dict",
            Ex::Call(function, _) => match &function.kind {
                Ex::Name(name) => name.as_str(),
                Ex::Attribute(_, name) => name.text.as_str(),
                _ => return None,
            },
            _ => return None,
        };
        if DICTS.contains(&constructor) {
            self.tiers.push(name.to_owned());
            return Some(V::Tier(self.tiers.len() as u16));
        }
        if CLIENTS.contains(&constructor) {
            return Some(V::Module(Module::Redis));
        }
        if LOGS.contains(&constructor) {
            return Some(V::Module(Module::Logging));
        }
        LOCKS.contains(&constructor).then(|| V::Lock(name.into()))
    }

    fn class(&mut self, body: &'t Block) {
        for statement in body {
            match &statement.kind {
                Stmt::Define(def) if def.name.text == "__init__" => self.constructor(def),
                Stmt::Define(def) => {
                    let Some(this) = def.parameters.first() else {
                        let what = format!("the method `{}` has no parameter for its object", def.name.text);
                        self.mistake(def.name.spot, what, "expected `self`", None);
                        continue;
                    };
                    self.define_global(def, Some(this.name.text.clone()));
                }
                Stmt::Assign(targets, value) => {
                    let name = targets.first().and_then(|target| match &target.kind {
                        Ex::Name(name) => Some(name.clone()),
                        _ => None,
                    });
                    self.initial(statement.spot, name.as_deref(), targets, value);
                }
                Stmt::Expression(_) | Stmt::Pass => {}
                _ => self.mistake(
                    statement.spot,
                    "this statement is not supported in a class",
                    "expected `def`",
                    None,
                ),
            }
        }
    }

    /// Executes a constructor at the top level. Its parameters are its defaults, or the tier that the
    /// name suggests.
    fn constructor(&mut self, def: &'t Def) {
        let this = def.parameters.first().map(|first| first.name.text.clone());
        let before = self.scope().this.replace(this.unwrap_or_default());
        for parameter in def.parameters.iter().skip(1) {
            let Name { text, spot } = &parameter.name;
            let local = self.local(text);
            match (suggested(text), &parameter.default) {
                (Some(value), _) => self.constant(*spot, value),
                (None, Some(default)) => self.expression(default),
                (None, None) => {
                    let help = "give it a default, or a name with `redis`, `db`, `local` or `l1`, which is then that tier";
                    let what = format!("the constructor's parameter `{text}` has no value");
                    self.mistake(*spot, what, "expected `= value`", Some(help.to_owned()));
                }
            }
            if matches!(suggested(text), Some(V::Tier(_))) {
                self.uses.local = true;
            }
            self.emit(*spot, Op::Store(local));
        }
        for statement in &def.body {
            match &statement.kind {
                Stmt::Assign(targets, value) => {
                    let this = self.scope().this.clone();
                    let name = targets.first().and_then(|target| attribute_of(target, this.as_deref()));
                    let name = name.map(|name| name.text.clone());
                    self.initial(statement.spot, name.as_deref(), targets, value);
                }
                _ => self.statement(statement),
            }
        }
        self.scope().this = before;
    }

    fn define_global(&mut self, def: &'t Def, this: Option<String>) {
        let index = self.function(&def.name, &def.parameters, Body::Block(&def.body), this);
        self.constant(def.name.spot, V::Function(index as u16));
        let global = self.global(&def.name.text, def.name.spot);
        self.emit(def.name.spot, Op::StoreGlobal(global));
    }

    // Functions.

    /// Compiles a function. Returns its index. The names that it captures are in the returned scope's
    /// function, in order.
    fn function(
        &mut self,
        name: &Name,
        parameters: &'t [Parameter],
        body: Body<'t>,
        this: Option<String>,
    ) -> usize {
        self.function_with_captures(name, parameters, body, this).0
    }

    fn function_with_captures(
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

    fn finish_scope(
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
    fn closure(&mut self, spot: Spot, name: &Name, parameters: &'t [Parameter], body: Body<'t>) {
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

    fn local(&mut self, name: &str) -> u16 {
        let scope = self.scope();
        let known = scope.locals.iter().position(|local| local == name);
        known.unwrap_or_else(|| {
            scope.locals.push(name.to_owned());
            scope.locals.len() - 1
        }) as u16
    }

    /// A local without a name.
    fn temporary(&mut self) -> u16 {
        let name = format!("{} ", self.scope().locals.len());
        self.local(&name)
    }

    /// The variable of this name.
    fn place(&mut self, name: &str) -> Option<Place> {
        let last = self.scopes.len() - 1;
        self.place_from(last, name)
    }

    fn place_from(&mut self, at: usize, name: &str) -> Option<Place> {
        let scope = &self.scopes[at];
        if !scope.global.contains(name) {
            if let Some(local) = scope.locals.iter().position(|local| local == name) {
                return Some(Place::Local(local as u16));
            }
            let is_inner = scope.is_function && at > 0 && self.scopes[at - 1].is_function;
            if is_inner && let Some(Place::Local(_) | Place::Captured(_)) = self.place_from(at - 1, name) {
                let captured = &mut self.scopes[at].captured;
                let known = captured.iter().position(|its| its == name);
                return Some(Place::Captured(known.unwrap_or_else(|| {
                    captured.push(name.to_owned());
                    captured.len() - 1
                }) as u16));
            }
        }
        self.global_place(name)
    }

    fn global_place(&self, name: &str) -> Option<Place> {
        // In the top level, a shared variable has its initial value.
        let is_function = self.scopes.last().is_some_and(|scope| scope.is_function);
        if is_function && let Some(shared) = self.shared.iter().position(|(its, _)| its == name) {
            return Some(Place::Shared(shared as u16));
        }
        let global = self.globals.iter().position(|global| global.name == name)?;
        Some(Place::Global(global as u16))
    }

    fn load(&mut self, spot: Spot, place: &Place) {
        let op = match *place {
            Place::Local(local) => Op::Load(local),
            Place::Captured(captured) => Op::Captured(captured),
            Place::Global(global) => Op::Global(global),
            Place::Shared(shared) => Op::Shared(shared),
        };
        self.emit(spot, op);
    }

    fn store(&mut self, spot: Spot, place: &Place) {
        let op = match *place {
            Place::Local(local) => Op::Store(local),
            Place::Shared(shared) => Op::StoreShared(shared),
            Place::Global(global) if !self.scope().is_function => Op::StoreGlobal(global),
            Place::Global(_) | Place::Captured(_) => {
                self.mistake(spot, "this variable cannot be assigned here", "assigned here", None);
                Op::Pop
            }
        };
        self.emit(spot, op);
    }

    // Statements.

    fn block(&mut self, block: &'t Block) {
        block.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &'t Statement) {
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

    fn try_body(
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

    fn with(&mut self, spot: Spot, value: &'t Expr, name: Option<&Name>, body: &'t Block) {
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

    fn release(&mut self, spot: Spot, lock: u16) {
        self.emit(spot, Op::Load(lock));
        self.emit(spot, Op::Release);
    }

    fn looped(&mut self, start: u32, is_for: bool, body: &'t Block) {
        let cleanups = self.scope().cleanups.len();
        self.scope().loops.push(Loop { start, breaks: Vec::new(), is_for, cleanups });
        self.block(body);
        self.emit(Spot::default(), Op::Jump(start));
    }

    fn land_breaks(&mut self) {
        let its = self.scope().loops.pop().expect("the loop was pushed");
        its.breaks.into_iter().for_each(|at| self.land(at));
    }

    /// Executes the cleanups above this number.
    fn leave(&mut self, spot: Spot, down_to: usize) {
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

    fn leave_loop(&mut self, spot: Spot, breaks: bool) {
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
    fn assign(&mut self, target: &'t Expr) {
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

    fn change(&mut self, spot: Spot, target: &'t Expr, operator: super::tree::Operator, value: &'t Expr) {
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

    // Expressions.

    fn expressions(&mut self, items: &'t [Expr]) -> u16 {
        items.iter().for_each(|item| self.expression(item));
        items.len().min(usize::from(u16::MAX)) as u16
    }

    fn expression(&mut self, expr: &'t Expr) {
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
    fn declare_locals(&mut self, target: &Expr) {
        match &target.kind {
            Ex::Name(name) => _ = self.local(name),
            Ex::Tuple(items) | Ex::List(items) => items.iter().for_each(|item| self.declare_locals(item)),
            _ => {}
        }
    }

    fn name(&mut self, spot: Spot, name: &str) {
        if let Some(place) = self.place(name) {
            return self.load(spot, &place);
        }
        if let Some(known) = self.built_in(name) {
            return self.constant(spot, known);
        }
        if self.scope().this.as_deref() == Some(name) {
            let what = format!("`{name}` is used without an attribute");
            return self.mistake(spot, what, format!("expected `{name}.name`"), None);
        }
        self.unknown(spot, name, "name");
    }

    /// The library's object of this name.
    fn built_in(&mut self, name: &str) -> Option<V> {
        if name == "local" {
            self.uses.local = true;
            return Some(V::Tier(0));
        }
        if let Some((_, module)) = MODULES.iter().find(|(its, _)| *its == name) {
            self.uses.database |= *module == Module::Db;
            return Some(V::Module(*module));
        }
        let builtin = library::function(name)?;
        self.note_use(builtin);
        Some(V::Builtin(builtin))
    }

    fn note_use(&mut self, builtin: Builtin) {
        let uses = &mut self.uses;
        match builtin {
            Builtin::Publish => uses.publish = true,
            Builtin::DbCommit => uses.commit = true,
            Builtin::Spawn => uses.spawns = true,
            Builtin::RedisGetLease | Builtin::RedisFill => uses.leases = true,
            Builtin::RedisEval => (uses.server, uses.lua) = (true, true),
            Builtin::RedisCall | Builtin::RedisCommand(_) => uses.server = true,
            _ => {}
        }
    }

    fn unknown(&mut self, spot: Spot, name: &str, kind: &str) {
        let scope = self.scopes.last().expect("there is a scope");
        let mut known: Vec<&str> =
            scope.locals.iter().map(String::as_str).filter(|its| !its.ends_with(' ')).collect();
        known.extend(self.globals.iter().map(|global| global.name.as_str()));
        known.extend(MODULES.iter().map(|(name, _)| *name));
        known.push("local");
        known
            .extend(library::FUNCTIONS.iter().filter(|entry| entry.module.is_none()).map(|entry| entry.name));
        let help = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
        let help = help.or_else(|| {
            Some(
                "a script can use its own functions and variables, and the library: docs/scripts.md"
                    .to_owned(),
            )
        });
        self.mistake(spot, format!("unknown {kind}: `{name}`"), "not defined", help);
    }

    /// Whether the expression is a module of the library, so that its functions are known.
    fn module_of(&mut self, expr: &Expr) -> Option<Module> {
        let Ex::Name(name) = &expr.kind else { return None };
        if self.place(name).is_some() {
            return None;
        }
        let module = MODULES.iter().find(|(its, _)| its == name).map(|(_, module)| *module);
        self.uses.database |= module == Some(Module::Db);
        module
    }

    fn attribute(&mut self, spot: Spot, whole: &Expr, object: &'t Expr, name: &Name) {
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

    /// A method may be one of `redis` or `db`, under another name.
    fn note_attribute(&mut self, name: &str) {
        for module in [Module::Redis, Module::Db] {
            if let Some(builtin) = module.function(name) {
                let is_command = matches!(builtin, Builtin::RedisCommand(_));
                // `keys` and `type` are also methods of other values.
                if !(is_command && ["keys", "append", "ttl", "type"].contains(&name)) {
                    self.note_use(builtin);
                }
            }
        }
    }

    fn unknown_attribute(&mut self, name: &Name) {
        let known: Vec<&str> = self.globals.iter().map(|global| global.name.as_str()).collect();
        let near = nearest(&name.text, &known).map(|near| format!("did you mean `{near}`?"));
        let help =
            near.unwrap_or_else(|| "assign it in `__init__`, or define a method of this name".to_owned());
        self.mistake(name.spot, format!("unknown attribute: `{}`", name.text), "not defined", Some(help));
    }

    fn unknown_function(&mut self, module: Module, name: &Name) {
        let known = module.names();
        let near = nearest(&name.text, &known).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| match module {
            Module::Redis => {
                format!("send any other command with redis.call(\"{}\", …)", name.text.to_uppercase())
            }
            _ => format!("known: {}", known.join(", ")),
        });
        let what = format!("`{}` has no function `{}`", module.name(), name.text);
        self.mistake(name.spot, what, "not defined", Some(help));
    }

    fn call(&mut self, spot: Spot, function: &'t Expr, arguments: &'t [Argument]) {
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
    fn check_call(&mut self, spot: Spot, function: &Expr, shape: &Shape) {
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

/// The body of a function.
#[derive(Clone, Copy)]
enum Body<'t> {
    Block(&'t Block),
    Expression(&'t Expr),
}

/// The tier that a constructor's parameter of this name receives.
fn suggested(name: &str) -> Option<V> {
    let name = name.to_lowercase();
    let has = |part: &str| name.contains(part);
    if has("redis") || has("remote") || has("l2") {
        Some(V::Module(Module::Redis))
    } else if name == "db" || has("database") || has("repository") {
        Some(V::Module(Module::Db))
    } else if (has("local") || has("l1")) && !has("ttl") && !has("size") {
        Some(V::Tier(0))
    } else {
        None
    }
}

/// The name of an attribute of the method's object.
fn attribute_of<'e>(expr: &'e Expr, this: Option<&str>) -> Option<&'e Name> {
    match &expr.kind {
        Ex::Attribute(object, name) => match &object.kind {
            Ex::Name(object) if Some(object.as_str()) == this => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Collects the names that a function assigns, with the number of assignments, and those that it
/// declares as global.
fn assigned_in(block: &Block, assigned: &mut BTreeMap<String, usize>, global: &mut BTreeSet<String>) {
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

/// Collects the variables of the script that a function assigns.
fn shared_in(block: &Block, this: Option<&str>, shared: &mut BTreeMap<String, Spot>) {
    fn own(expr: &Expr, this: Option<&str>, shared: &mut BTreeMap<String, Spot>) {
        if let Some(name) = attribute_of(expr, this) {
            shared.insert(name.text.clone(), name.spot);
        }
        if let Ex::Tuple(items) | Ex::List(items) = &expr.kind {
            items.iter().for_each(|item| own(item, this, shared));
        }
    }
    for statement in block {
        match &statement.kind {
            Stmt::Assign(targets, _) => targets.iter().for_each(|target| own(target, this, shared)),
            Stmt::Change(target, ..) => own(target, this, shared),
            Stmt::Global(names) => shared.extend(names.iter().map(|name| (name.text.clone(), name.spot))),
            Stmt::For(target, _, body) => {
                own(target, this, shared);
                shared_in(body, this, shared);
            }
            Stmt::If(branches, otherwise) => {
                branches.iter().for_each(|(_, body)| shared_in(body, this, shared));
                shared_in(otherwise, this, shared);
            }
            Stmt::While(_, body) | Stmt::With(_, _, body) => shared_in(body, this, shared),
            Stmt::Define(def) => shared_in(&def.body, this, shared),
            Stmt::Try { body, handlers, otherwise, last } => {
                for block in [body, otherwise, last].into_iter().chain(handlers.iter().map(|its| &its.body)) {
                    shared_in(block, this, shared);
                }
            }
            _ => {}
        }
    }
}
