//! Resolves the names of a script, and reports those that are unknown.

use super::compile::{Compiler, Variable};
use super::library::{self, Builtin, MODULES, Module};
use super::mistake::Spot;
use super::tree::{Ex, Expr, Name};
use super::value::V;
use crate::nearest::nearest;

impl<'t> Compiler<'t> {
    pub(crate) fn name(&mut self, spot: Spot, name: &str) {
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
    pub(crate) fn built_in(&mut self, name: &str) -> Option<V> {
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

    pub(crate) fn note_use(&mut self, builtin: Builtin) {
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

    pub(crate) fn unknown(&mut self, spot: Spot, name: &str, kind: &str) {
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
    pub(crate) fn module_of(&mut self, expr: &Expr) -> Option<Module> {
        let Ex::Name(name) = &expr.kind else { return None };
        if self.place(name).is_some() {
            return None;
        }
        let module = MODULES.iter().find(|(its, _)| its == name).map(|(_, module)| *module);
        self.uses.database |= module == Some(Module::Db);
        module
    }

    /// A method may be one of `redis` or `db`, under another name.
    pub(crate) fn note_attribute(&mut self, name: &str) {
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

    pub(crate) fn unknown_attribute(&mut self, name: &Name) {
        let known: Vec<&str> = self.globals.iter().map(|global| global.name.as_str()).collect();
        let near = nearest(&name.text, &known).map(|near| format!("did you mean `{near}`?"));
        let help =
            near.unwrap_or_else(|| "assign it in `__init__`, or define a method of this name".to_owned());
        self.mistake(name.spot, format!("unknown attribute: `{}`", name.text), "not defined", Some(help));
    }

    pub(crate) fn unknown_function(&mut self, module: Module, name: &Name) {
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

    /// The variable of this name.
    pub(crate) fn place(&mut self, name: &str) -> Option<Variable> {
        let last = self.scopes.len() - 1;
        self.place_from(last, name)
    }

    pub(crate) fn place_from(&mut self, at: usize, name: &str) -> Option<Variable> {
        let scope = &self.scopes[at];
        if !scope.global.contains(name) {
            if let Some(local) = scope.locals.iter().position(|local| local == name) {
                return Some(Variable::Local(local as u16));
            }
            let is_inner = scope.is_function && at > 0 && self.scopes[at - 1].is_function;
            if is_inner
                && let Some(Variable::Local(_) | Variable::Captured(_)) = self.place_from(at - 1, name)
            {
                let captured = &mut self.scopes[at].captured;
                let known = captured.iter().position(|its| its == name);
                return Some(Variable::Captured(known.unwrap_or_else(|| {
                    captured.push(name.to_owned());
                    captured.len() - 1
                }) as u16));
            }
        }
        self.global_place(name)
    }

    pub(crate) fn global_place(&self, name: &str) -> Option<Variable> {
        // In the top level, a shared variable has its initial value.
        let is_function = self.scopes.last().is_some_and(|scope| scope.is_function);
        if is_function && let Some(shared) = self.shared.iter().position(|(its, _)| its == name) {
            return Some(Variable::Shared(shared as u16));
        }
        let global = self.globals.iter().position(|global| global.name == name)?;
        Some(Variable::Global(global as u16))
    }
}
