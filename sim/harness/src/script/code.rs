//! The instructions of a compiled script.

use super::mistake::Spot;
use super::tree::Operator;
use super::value::{Data, V};

/// A function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) spot: Spot,
    /// The names of the parameters. The first locals are their arguments.
    pub(crate) parameters: Vec<String>,
    /// The number of parameters without a default.
    pub(crate) required: usize,
    pub(crate) locals: usize,
    pub(crate) code: Vec<Op>,
    /// The place of each instruction.
    pub(crate) spots: Vec<Spot>,
}

/// The arguments of a call: first those without a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) positional: usize,
    pub(crate) names: Vec<String>,
}

impl Shape {
    pub(crate) fn count(&self) -> usize {
        self.positional + self.names.len()
    }
}

/// An instruction. It takes its operands from the stack and pushes its result.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Constant(u32),
    Load(u16),
    Store(u16),
    /// A captured variable of the closure.
    Captured(u16),
    Global(u16),
    /// Only in the top level.
    StoreGlobal(u16),
    /// A variable that functions assign, by its index among these.
    Shared(u16),
    StoreShared(u16),
    Pop,
    Duplicate,
    /// Duplicates the two topmost values.
    DuplicateTwo,
    Jump(u32),
    JumpIfFalse(u32),
    /// Jumps and keeps the value if it is false, or if it is true; otherwise pops it.
    JumpOrPop(bool, u32),
    /// Jumps if the parameter has an argument.
    JumpIfGiven(u16, u32),
    Binary(Operator),
    Not,
    Minus,
    List(u16),
    Tuple(u16),
    Dict(u16),
    Format(u16),
    Index,
    StoreIndex,
    DeleteIndex,
    Slice,
    Attribute(u32),
    Call(u16),
    Method(u32, u16),
    Return,
    Iterate,
    /// Pushes the iterator's next item, or pops the iterator and jumps.
    Next(u32),
    Unpack(u16),
    /// Appends to the list in a local.
    Append(u16),
    /// Sets an entry of the dictionary in a local.
    Enter(u16),
    /// A closure of this function over this number of values.
    Closure(u16, u16),
    /// From here to `EndTry`, a failure jumps to the handler with the exception on the stack.
    Try(u32),
    EndTry,
    Raise,
    /// Locks the lock that a `with` names.
    Acquire,
    Release,
}

/// A compiled script.
#[derive(Debug)]
pub(crate) struct Code {
    /// The first is the top level.
    pub(crate) functions: Vec<Function>,
    pub(crate) constants: Vec<V>,
    pub(crate) names: Vec<String>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) globals: Vec<Global>,
    /// The names of shared variables, with their globals.
    pub(crate) shared: Vec<(String, u16)>,
    /// The names of shared dictionaries from 1. 0 is `local`.
    pub(crate) tiers: Vec<String>,
    pub(crate) uses: Uses,
    /// The variables' values after the top level; empty until it has run.
    pub(crate) values: Vec<Initial>,
}

/// The value of a variable after the top level.
#[derive(Clone, Debug)]
pub(crate) enum Initial {
    Plain(V),
    /// A list or a dictionary, which functions cannot change.
    Data(Data),
}

impl Code {
    /// The function of this name at the top level, or of a class.
    pub(crate) fn function(&self, name: &str) -> Option<u16> {
        let global = self.globals.iter().position(|global| global.name == name)?;
        match self.values.get(global) {
            Some(Initial::Plain(V::Function(function))) => Some(*function),
            _ => None,
        }
    }
}

/// A global variable.
#[derive(Clone, Debug)]
pub(crate) struct Global {
    pub(crate) name: String,
    pub(crate) spot: Spot,
}

/// The parts of the library that a script names anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    pub(crate) local: bool,
    pub(crate) publish: bool,
    pub(crate) commit: bool,
    pub(crate) database: bool,
    pub(crate) leases: bool,
    pub(crate) spawns: bool,
    /// The commands that need the whole simulated Redis.
    pub(crate) server: bool,
    pub(crate) lua: bool,
}
