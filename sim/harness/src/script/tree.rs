//! The syntax tree of a script.

use super::mistake::Spot;

/// A statement.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) spot: Spot,
    pub(crate) kind: Stmt,
}

/// The kinds of statements.
#[derive(Debug)]
pub(crate) enum Stmt {
    Expression(Expr),
    /// Each target is assigned the value.
    Assign(Vec<Expr>, Expr),
    /// `target op= value`
    Change(Expr, Operator, Expr),
    If(Vec<(Expr, Block)>, Block),
    For(Expr, Expr, Block),
    While(Expr, Block),
    Return(Option<Expr>),
    Raise(Option<Expr>),
    Assert(Expr, Option<Expr>),
    Break,
    Continue,
    Pass,
    Delete(Expr),
    Define(Def),
    Class(Name, Block),
    Global(Vec<Name>),
    With(Expr, Option<Name>, Block),
    Try {
        body: Block,
        handlers: Vec<Handler>,
        otherwise: Block,
        last: Block,
    },
}

/// Statements of the same indentation.
pub(crate) type Block = Vec<Statement>;

/// `except KIND as name:`
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) name: Option<Name>,
    pub(crate) body: Block,
}

/// A function.
#[derive(Debug)]
pub(crate) struct Def {
    pub(crate) name: Name,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Block,
}

/// A parameter, with its default.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) default: Option<Expr>,
}

/// A name and its place.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) spot: Spot,
}

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) spot: Spot,
    /// The depth of the tree below, bounded so that recursion over it is.
    pub(crate) depth: u32,
    pub(crate) kind: Ex,
}

/// The kinds of expressions.
#[derive(Debug)]
pub(crate) enum Ex {
    Name(String),
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// The parts of an f-string.
    Format(Vec<Expr>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attribute(Box<Expr>, Name),
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    Call(Box<Expr>, Vec<Argument>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `then if condition else otherwise`
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Lambda(Vec<Parameter>, Box<Expr>),
    /// `[item for target in source if condition]`; with a value, a dictionary.
    Comprehension {
        item: Box<Expr>,
        value: Option<Box<Expr>>,
        target: Box<Expr>,
        source: Box<Expr>,
        condition: Option<Box<Expr>>,
    },
}

/// An argument of a call.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<Name>,
    pub(crate) value: Expr,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    NotIn,
    Is,
    IsNot,
}

impl Operator {
    /// Its sign in a script.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::FloorDivide => "//",
            Operator::Modulo => "%",
            Operator::Equal => "==",
            Operator::Unequal => "!=",
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Greater => ">",
            Operator::AtLeast => ">=",
            Operator::In => "in",
            Operator::NotIn => "not in",
            Operator::Is => "is",
            Operator::IsNot => "is not",
        }
    }
}
