//! Declares the variables and functions of a script, and compiles its top level and its classes.

use super::code::{Global, Op};
use super::compile::{Compiler, MOST};
use super::library::Module;
use super::mistake::Spot;
use super::tree::{Block, Def, Ex, Expr, Name, Stmt};
use super::value::V;
use std::collections::{BTreeMap, BTreeSet};

/// Constructors whose result, as the value of a variable of the script, is a shared dictionary.
pub(crate) const DICTS: [&str; 6] =
    ["dict", "OrderedDict", "defaultdict", "TTLCache", "LRUCache", "LFUCache"];

/// Constructors whose result is the remote tier.
pub(crate) const CLIENTS: [&str; 6] =
    ["Redis", "StrictRedis", "from_url", "RedisCluster", "ConnectionPool", "create_redis_pool"];

/// Constructors whose result is a lock.
pub(crate) const LOCKS: [&str; 3] = ["Lock", "RLock", "Semaphore"];

/// Constructors whose result is a log.
pub(crate) const LOGS: [&str; 1] = ["getLogger"];

/// The tier that a constructor's parameter of this name receives.
pub(crate) fn suggested(name: &str) -> Option<V> {
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
pub(crate) fn attribute_of<'e>(expr: &'e Expr, this: Option<&str>) -> Option<&'e Name> {
    match &expr.kind {
        Ex::Attribute(object, name) => match &object.kind {
            Ex::Name(object) if Some(object.as_str()) == this => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Collects the variables of the script that a function assigns.
pub(crate) fn shared_in(block: &Block, this: Option<&str>, shared: &mut BTreeMap<String, Spot>) {
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

impl<'t> Compiler<'t> {
    /// Declares the variables and functions of the top level, and of classes.
    pub(crate) fn declare(&mut self, block: &'t Block) {
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

    pub(crate) fn declare_in(&mut self, block: &'t Block) {
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

    pub(crate) fn declare_target(&mut self, target: &Expr) {
        match &target.kind {
            Ex::Name(name) => {
                self.global(name, target.spot);
            }
            Ex::Tuple(items) | Ex::List(items) => items.iter().for_each(|item| self.declare_target(item)),
            _ => {}
        }
    }

    /// Declares the attributes that a constructor assigns.
    pub(crate) fn declare_attributes(&mut self, block: &Block, this: Option<&str>) {
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

    pub(crate) fn global(&mut self, name: &str, spot: Spot) -> u16 {
        let known = self.globals.iter().position(|global| global.name == name);
        known.unwrap_or_else(|| {
            self.globals.push(Global { name: name.to_owned(), spot });
            self.globals.len() - 1
        }) as u16
    }

    pub(crate) fn top_level(&mut self, block: &'t Block) {
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
    pub(crate) fn initial(&mut self, spot: Spot, name: Option<&str>, targets: &'t [Expr], value: &'t Expr) {
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
    pub(crate) fn well_known(&mut self, value: &Expr, name: Option<&str>) -> Option<V> {
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

    pub(crate) fn class(&mut self, body: &'t Block) {
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

    /// Executes a constructor at the top level. Its parameters are its defaults, or the tier that
    /// the name suggests.
    pub(crate) fn constructor(&mut self, def: &'t Def) {
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
}
