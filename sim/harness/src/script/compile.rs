//! Compiles a script to instructions, once. Every name is resolved here, so that a misspelled one
//! is found before the exploration.
//!
//! A class at the top level is unfolded: its methods are functions, and an attribute of `self` is a
//! variable of the script. A variable that is assigned in a function is shared by all threads, so
//! each access to it is a step.

use super::code::{Code, Function, Global, Op, Shape, Uses};
use super::mistake::{ScriptMistake, Spot};
use super::tree::Block;
use super::value::V;
use std::collections::{BTreeMap, BTreeSet};

/// The limit of the instructions, and of the names, of a script.
pub(crate) const MOST: usize = 1 << 15;

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
pub(crate) struct Compiler<'t> {
    pub(crate) functions: Vec<Option<Function>>,
    pub(crate) constants: Vec<V>,
    pub(crate) names: Vec<String>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) globals: Vec<Global>,
    pub(crate) shared: Vec<(String, u16)>,
    pub(crate) tiers: Vec<String>,
    pub(crate) uses: Uses,
    pub(crate) scopes: Vec<Scope<'t>>,
    pub(crate) mistakes: Vec<ScriptMistake>,
    pub(crate) code_size: usize,
}

/// A function that is being compiled.
#[derive(Default)]
pub(crate) struct Scope<'t> {
    pub(crate) index: usize,
    pub(crate) code: Vec<Op>,
    pub(crate) spots: Vec<Spot>,
    pub(crate) locals: Vec<String>,
    /// The number of assignments to each local in the text.
    pub(crate) assigned: BTreeMap<String, usize>,
    /// Names that `global` declares.
    pub(crate) global: BTreeSet<String>,
    pub(crate) captured: Vec<String>,
    pub(crate) loops: Vec<Loop>,
    pub(crate) cleanups: Vec<Cleanup<'t>>,
    /// The name of the first parameter of a method.
    pub(crate) this: Option<String>,
    pub(crate) is_function: bool,
}

pub(crate) struct Loop {
    pub(crate) start: u32,
    /// The jumps to the end.
    pub(crate) breaks: Vec<usize>,
    pub(crate) is_for: bool,
    pub(crate) cleanups: usize,
}

/// Code that a `return`, `break` or `continue` executes first.
#[derive(Clone, Copy)]
pub(crate) enum Cleanup<'t> {
    Handler,
    Finally(&'t Block),
    Lock(u16),
}

/// A variable.
pub(crate) enum Variable {
    Local(u16),
    Captured(u16),
    Global(u16),
    Shared(u16),
}

impl<'t> Compiler<'t> {
    pub(crate) fn mistake(
        &mut self,
        spot: Spot,
        what: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let mistake = ScriptMistake::new(spot.range(), what, label);
        self.mistakes.push(ScriptMistake { help, ..mistake });
    }

    pub(crate) fn scope(&mut self) -> &mut Scope<'t> {
        self.scopes.last_mut().expect("there is a scope")
    }

    pub(crate) fn emit(&mut self, spot: Spot, op: Op) -> usize {
        self.code_size += 1;
        let scope = self.scope();
        scope.code.push(op);
        scope.spots.push(spot);
        scope.code.len() - 1
    }

    pub(crate) fn here(&mut self) -> u32 {
        self.scope().code.len() as u32
    }

    /// Lets the jump at `at` end here.
    pub(crate) fn land(&mut self, at: usize) {
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

    pub(crate) fn constant(&mut self, spot: Spot, value: V) {
        self.constants.push(value);
        let at = self.constants.len() as u32 - 1;
        self.emit(spot, Op::Constant(at));
    }

    pub(crate) fn name_index(&mut self, name: &str) -> u32 {
        let known = self.names.iter().position(|its| its == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32
    }
}
