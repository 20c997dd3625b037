//! Parses a script: the statements and expressions of Starlark, and those of Python that a pasted
//! cache has (`class`, `while`, `try`, `with`, f-strings). `await`, `async` and type annotations
//! are accepted and ignored.

use super::mistake::{ScriptMistake, Spot};
use super::token::{Token, TokenKind, tokens};
use super::tree::{Block, Def, Ex, Expr, Handler, Name, Operator, Parameter, Statement, Stmt};

/// The limit of a script, in bytes.
pub(crate) const LARGEST: usize = 1 << 16;

/// The limit of nested expressions and blocks.
pub(crate) const DEEPEST: u32 = 60;

/// The limit of an expression's tree, which a chain of operators also deepens.
pub(crate) const DEEPEST_TREE: u32 = 250;

pub(crate) type Parsed<T> = Result<T, ScriptMistake>;

/// Parses a script.
pub(crate) fn parse(text: &str) -> Parsed<Block> {
    if text.len() > LARGEST {
        let what = format!("a script of more than {LARGEST} bytes");
        return Err(ScriptMistake::new(LARGEST..LARGEST, what, "64 KiB end here"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    let mut block = Vec::new();
    while parser.peek() != &TokenKind::End {
        parser.statement(&mut block)?;
    }
    Ok(block)
}

pub(crate) struct Parser<'t> {
    pub(crate) text: &'t str,
    pub(crate) tokens: &'t [Token],
    pub(crate) at: usize,
    pub(crate) depth: u32,
}

/// Checks that the expression can be assigned to.
pub(crate) fn assignable(target: &Expr, may_unpack: bool) -> Parsed<()> {
    let is_assignable = match &target.kind {
        Ex::Name(_) | Ex::Attribute(..) | Ex::Index(..) => true,
        Ex::Tuple(items) | Ex::List(items) if may_unpack && !items.is_empty() => {
            return items.iter().try_for_each(|item| assignable(item, true));
        }
        _ => false,
    };
    if is_assignable {
        return Ok(());
    }
    let what = "this expression cannot be assigned to";
    Err(ScriptMistake::new(target.spot.range(), what, "expected a name or an entry"))
}

impl Parser<'_> {
    pub(crate) fn peek(&self) -> &TokenKind {
        &self.tokens[self.at].kind
    }

    pub(crate) fn spot(&self) -> Spot {
        Spot::from(&self.tokens[self.at])
    }

    /// The place of the token before.
    pub(crate) fn last(&self) -> Spot {
        Spot::from(&self.tokens[self.at.saturating_sub(1)])
    }

    pub(crate) fn skip(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    pub(crate) fn take_sign(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), TokenKind::Sign(its) if *its == sign);
        if is_next {
            self.skip();
        }
        is_next
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), TokenKind::Word(its) if *its == word);
        if is_next {
            self.skip();
        }
        is_next
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), TokenKind::Word(its) if *its == word)
    }

    pub(crate) fn take(&mut self, kind: &TokenKind) -> bool {
        let is_next = self.peek() == kind;
        if is_next {
            self.skip();
        }
        is_next
    }

    pub(crate) fn unexpected<T>(&self, expected: &str) -> Parsed<T> {
        let found = match self.peek() {
            TokenKind::Name(name) => format!("`{name}`"),
            TokenKind::Word(word) => format!("`{word}`"),
            TokenKind::Sign(sign) => format!("`{sign}`"),
            TokenKind::Int(_) | TokenKind::Float(_) => "a number".to_owned(),
            TokenKind::Text(_) | TokenKind::Format(_) => "a string".to_owned(),
            TokenKind::Line => "the end of the line".to_owned(),
            TokenKind::Indent => "an indented line".to_owned(),
            TokenKind::Dedent => "the end of the block".to_owned(),
            TokenKind::End => "the end of the script".to_owned(),
        };
        Err(ScriptMistake::new(
            self.spot().range(),
            format!("unexpected {found}"),
            format!("expected {expected}"),
        ))
    }

    pub(crate) fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { self.unexpected(&format!("`{sign}`")) }
    }

    pub(crate) fn name(&mut self) -> Parsed<Name> {
        let spot = self.spot();
        let TokenKind::Name(text) = self.peek() else { return self.unexpected("a name") };
        let text = text.clone();
        self.skip();
        Ok(Name { text, spot })
    }

    pub(crate) fn node(&self, spot: Spot, kind: Ex, below: u32) -> Parsed<Expr> {
        if below >= DEEPEST_TREE {
            let what = format!("an expression of more than {DEEPEST_TREE} nested operations");
            return Err(ScriptMistake::new(spot.range(), what, "expected a shorter expression"));
        }
        Ok(Expr { spot, depth: below + 1, kind })
    }

    pub(crate) fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            let what = format!("more than {DEEPEST} levels of nesting");
            return Err(ScriptMistake::new(self.spot().range(), what, "expected less nesting"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    pub(crate) fn block(&mut self) -> Parsed<Block> {
        self.sign(":")?;
        self.deeper(|parser| {
            let mut block = Vec::new();
            if !parser.take(&TokenKind::Line) {
                parser.simple_statements(&mut block)?;
                return Ok(block);
            }
            if !parser.take(&TokenKind::Indent) {
                return parser.unexpected("an indented block");
            }
            while !parser.take(&TokenKind::Dedent) {
                if parser.peek() == &TokenKind::End {
                    break;
                }
                parser.statement(&mut block)?;
            }
            Ok(block)
        })
    }

    pub(crate) fn statement(&mut self, block: &mut Block) -> Parsed<()> {
        let start = self.spot();
        if self.is_word("async") {
            self.skip();
        }
        let kind = if self.take_word("def") {
            Stmt::Define(self.def()?)
        } else if self.take_word("if") {
            let mut branches = vec![(self.expression()?, self.block()?)];
            while self.take_word("elif") {
                branches.push((self.expression()?, self.block()?));
            }
            let otherwise = if self.take_word("else") { self.block()? } else { Vec::new() };
            Stmt::If(branches, otherwise)
        } else if self.take_word("for") {
            let target = self.targets()?;
            if !self.take_word("in") {
                return self.unexpected("`in`");
            }
            let source = self.expressions()?;
            Stmt::For(target, source, self.block()?)
        } else if self.take_word("while") {
            let condition = self.expression()?;
            Stmt::While(condition, self.block()?)
        } else if self.take_word("class") {
            let name = self.name()?;
            if self.take_sign("(") {
                while !self.take_sign(")") {
                    self.expression()?;
                    self.take_sign(",");
                }
            }
            Stmt::Class(name, self.block()?)
        } else if self.take_word("with") {
            let value = self.expression()?;
            let name = if self.take_word("as") { Some(self.name()?) } else { None };
            Stmt::With(value, name, self.block()?)
        } else if self.take_word("try") {
            self.rest_of_try()?
        } else {
            return self.simple_statements(block);
        };
        block.push(Statement { spot: start.to(self.last()), kind });
        Ok(())
    }

    pub(crate) fn rest_of_try(&mut self) -> Parsed<Stmt> {
        let body = self.block()?;
        let mut handlers = Vec::new();
        while self.take_word("except") {
            if !handlers.is_empty() {
                let what = "a second `except`: the first one handles every failure";
                return Err(ScriptMistake::new(self.last().range(), what, "expected one `except`"));
            }
            let mut name = None;
            if !matches!(self.peek(), TokenKind::Sign(":")) {
                self.expression()?;
                if self.take_word("as") {
                    name = Some(self.name()?);
                }
            }
            handlers.push(Handler { name, body: self.block()? });
        }
        let otherwise = if self.take_word("else") { self.block()? } else { Vec::new() };
        let last = if self.take_word("finally") { self.block()? } else { Vec::new() };
        if handlers.is_empty() && last.is_empty() {
            return self.unexpected("`except` or `finally`");
        }
        Ok(Stmt::Try { body, handlers, otherwise, last })
    }

    pub(crate) fn def(&mut self) -> Parsed<Def> {
        let name = self.name()?;
        self.sign("(")?;
        let parameters = self.parameters(")", true)?;
        if self.take_sign("->") {
            self.expression()?;
        }
        let body = self.block()?;
        Ok(Def { name, parameters, body })
    }

    /// Parses parameters up to this sign, and takes it.
    pub(crate) fn parameters(&mut self, end: &str, are_typed: bool) -> Parsed<Vec<Parameter>> {
        let mut parameters: Vec<Parameter> = Vec::new();
        while !self.take_sign(end) {
            if matches!(self.peek(), TokenKind::Sign("*" | "**" | "/")) {
                let what = "parameters with `*` are not supported";
                return Err(ScriptMistake::new(self.spot().range(), what, "expected a name"));
            }
            let name = self.name()?;
            if are_typed && self.take_sign(":") {
                self.expression()?;
            }
            let default = if self.take_sign("=") { Some(self.expression()?) } else { None };
            if default.is_none() && parameters.last().is_some_and(|last| last.default.is_some()) {
                let what = format!("the parameter `{}` has no default, but one before it has", name.text);
                return Err(ScriptMistake::new(name.spot.range(), what, "expected `= value`"));
            }
            if parameters.iter().any(|other| other.name.text == name.text) {
                let what = format!("two parameters have the name `{}`", name.text);
                return Err(ScriptMistake::new(name.spot.range(), what, "expected another name"));
            }
            parameters.push(Parameter { name, default });
            if !self.take_sign(",") {
                self.sign(end)?;
                break;
            }
        }
        Ok(parameters)
    }

    pub(crate) fn simple_statements(&mut self, block: &mut Block) -> Parsed<()> {
        loop {
            let start = self.spot();
            let kind = self.simple_statement()?;
            block.push(Statement { spot: start.to(self.last()), kind });
            if self.take_sign(";") {
                if self.take(&TokenKind::Line) {
                    return Ok(());
                }
            } else if self.take(&TokenKind::Line) {
                return Ok(());
            } else {
                return self.unexpected("the end of the line");
            }
        }
    }

    pub(crate) fn is_line_end(&self) -> bool {
        matches!(self.peek(), TokenKind::Line | TokenKind::End | TokenKind::Sign(";"))
    }

    pub(crate) fn simple_statement(&mut self) -> Parsed<Stmt> {
        let start = self.spot();
        if let TokenKind::Word(word) = *self.peek() {
            match word {
                "return" => {
                    self.skip();
                    let value = if self.is_line_end() { None } else { Some(self.expressions()?) };
                    return Ok(Stmt::Return(value));
                }
                "raise" => {
                    self.skip();
                    let value = if self.is_line_end() { None } else { Some(self.expression()?) };
                    if self.take_word("from") {
                        self.expression()?;
                    }
                    return Ok(Stmt::Raise(value));
                }
                "assert" => {
                    self.skip();
                    let condition = self.expression()?;
                    let message = if self.take_sign(",") { Some(self.expression()?) } else { None };
                    return Ok(Stmt::Assert(condition, message));
                }
                "break" | "continue" | "pass" => {
                    self.skip();
                    return Ok(match word {
                        "break" => Stmt::Break,
                        "continue" => Stmt::Continue,
                        _ => Stmt::Pass,
                    });
                }
                "del" => {
                    self.skip();
                    return Ok(Stmt::Delete(self.expression()?));
                }
                "global" | "nonlocal" => {
                    self.skip();
                    let mut names = vec![self.name()?];
                    while self.take_sign(",") {
                        names.push(self.name()?);
                    }
                    return Ok(Stmt::Global(names));
                }
                // What a script can use is built in.
                "import" | "from" => {
                    while !self.is_line_end() {
                        self.skip();
                    }
                    return Ok(Stmt::Pass);
                }
                _ => {}
            }
        }
        let first = self.expressions()?;
        if self.take_sign(":") {
            self.expression()?;
            if !matches!(self.peek(), TokenKind::Sign("=")) {
                return Ok(Stmt::Pass);
            }
        }
        for (sign, operator) in [
            ("+=", Operator::Add),
            ("-=", Operator::Subtract),
            ("*=", Operator::Multiply),
            ("/=", Operator::Divide),
            ("//=", Operator::FloorDivide),
            ("%=", Operator::Modulo),
        ] {
            if self.take_sign(sign) {
                assignable(&first, false)?;
                return Ok(Stmt::Change(first, operator, self.expressions()?));
            }
        }
        if !matches!(self.peek(), TokenKind::Sign("=")) {
            return Ok(Stmt::Expression(first));
        }
        let mut all = vec![first];
        while self.take_sign("=") {
            if all.len() >= DEEPEST as usize {
                let what = format!("an assignment to more than {DEEPEST} targets");
                return Err(ScriptMistake::new(start.range(), what, "expected fewer"));
            }
            all.push(self.expressions()?);
        }
        let value = all.pop().expect("there is a value");
        for target in &all {
            assignable(target, true)?;
        }
        Ok(Stmt::Assign(all, value))
    }
}
