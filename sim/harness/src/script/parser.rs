//! Parses a script: the statements and expressions of Starlark, and those of Python that a pasted
//! cache has (`class`, `while`, `try`, `with`, f-strings). `await`, `async` and type annotations are
//! accepted and ignored.

use super::mistake::{ScriptMistake, Spot};
use super::token::{Kind, Piece, Token, tokens, tokens_within};
use super::tree::{Argument, Block, Def, Ex, Expr, Handler, Name, Operator, Parameter, Statement, Stmt};

/// The limit of a script, in bytes.
pub(crate) const LARGEST: usize = 1 << 16;
/// The limit of nested expressions and blocks.
const DEEPEST: u32 = 60;
/// The limit of an expression's tree, which a chain of operators also deepens.
const DEEPEST_TREE: u32 = 250;

type Parsed<T> = Result<T, ScriptMistake>;

/// Parses a script.
pub(crate) fn parse(text: &str) -> Parsed<Block> {
    if text.len() > LARGEST {
        let what = format!("a script of more than {LARGEST} bytes");
        return Err(ScriptMistake::new(LARGEST..LARGEST, what, "64 KiB end here"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    let mut block = Vec::new();
    while parser.peek() != &Kind::End {
        parser.statement(&mut block)?;
    }
    Ok(block)
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    fn spot(&self) -> Spot {
        Spot::from(&self.tokens[self.at])
    }

    /// The place of the token before.
    fn last(&self) -> Spot {
        Spot::from(&self.tokens[self.at.saturating_sub(1)])
    }

    fn skip(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Kind::Sign(its) if *its == sign);
        if is_next {
            self.skip();
        }
        is_next
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), Kind::Word(its) if *its == word);
        if is_next {
            self.skip();
        }
        is_next
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(its) if *its == word)
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is_next = self.peek() == kind;
        if is_next {
            self.skip();
        }
        is_next
    }

    fn unexpected<T>(&self, expected: &str) -> Parsed<T> {
        let found = match self.peek() {
            Kind::Name(name) => format!("`{name}`"),
            Kind::Word(word) => format!("`{word}`"),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::Int(_) | Kind::Float(_) => "a number".to_owned(),
            Kind::Text(_) | Kind::Format(_) => "a string".to_owned(),
            Kind::Line => "the end of the line".to_owned(),
            Kind::Indent => "an indented line".to_owned(),
            Kind::Dedent => "the end of the block".to_owned(),
            Kind::End => "the end of the script".to_owned(),
        };
        Err(ScriptMistake::new(
            self.spot().range(),
            format!("unexpected {found}"),
            format!("expected {expected}"),
        ))
    }

    fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { self.unexpected(&format!("`{sign}`")) }
    }

    fn name(&mut self) -> Parsed<Name> {
        let spot = self.spot();
        let Kind::Name(text) = self.peek() else { return self.unexpected("a name") };
        let text = text.clone();
        self.skip();
        Ok(Name { text, spot })
    }

    fn node(&self, spot: Spot, kind: Ex, below: u32) -> Parsed<Expr> {
        if below >= DEEPEST_TREE {
            let what = format!("an expression of more than {DEEPEST_TREE} nested operations");
            return Err(ScriptMistake::new(spot.range(), what, "expected a shorter expression"));
        }
        Ok(Expr { spot, depth: below + 1, kind })
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            let what = format!("more than {DEEPEST} levels of nesting");
            return Err(ScriptMistake::new(self.spot().range(), what, "expected less nesting"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn block(&mut self) -> Parsed<Block> {
        self.sign(":")?;
        self.deeper(|parser| {
            let mut block = Vec::new();
            if !parser.take(&Kind::Line) {
                parser.simple_statements(&mut block)?;
                return Ok(block);
            }
            if !parser.take(&Kind::Indent) {
                return parser.unexpected("an indented block");
            }
            while !parser.take(&Kind::Dedent) {
                if parser.peek() == &Kind::End {
                    break;
                }
                parser.statement(&mut block)?;
            }
            Ok(block)
        })
    }

    fn statement(&mut self, block: &mut Block) -> Parsed<()> {
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

    fn rest_of_try(&mut self) -> Parsed<Stmt> {
        let body = self.block()?;
        let mut handlers = Vec::new();
        while self.take_word("except") {
            if !handlers.is_empty() {
                let what = "a second `except`: the first one handles every failure";
                return Err(ScriptMistake::new(self.last().range(), what, "expected one `except`"));
            }
            let mut name = None;
            if !matches!(self.peek(), Kind::Sign(":")) {
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

    fn def(&mut self) -> Parsed<Def> {
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
    fn parameters(&mut self, end: &str, are_typed: bool) -> Parsed<Vec<Parameter>> {
        let mut parameters: Vec<Parameter> = Vec::new();
        while !self.take_sign(end) {
            if matches!(self.peek(), Kind::Sign("*" | "**" | "/")) {
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

    fn simple_statements(&mut self, block: &mut Block) -> Parsed<()> {
        loop {
            let start = self.spot();
            let kind = self.simple_statement()?;
            block.push(Statement { spot: start.to(self.last()), kind });
            if self.take_sign(";") {
                if self.take(&Kind::Line) {
                    return Ok(());
                }
            } else if self.take(&Kind::Line) {
                return Ok(());
            } else {
                return self.unexpected("the end of the line");
            }
        }
    }

    fn is_line_end(&self) -> bool {
        matches!(self.peek(), Kind::Line | Kind::End | Kind::Sign(";"))
    }

    fn simple_statement(&mut self) -> Parsed<Stmt> {
        let start = self.spot();
        if let Kind::Word(word) = *self.peek() {
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
            if !matches!(self.peek(), Kind::Sign("=")) {
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
        if !matches!(self.peek(), Kind::Sign("=")) {
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

    /// Parses the targets of a loop: names, separated by commas.
    fn targets(&mut self) -> Parsed<Expr> {
        let start = self.spot();
        let mut targets = vec![self.postfix()?];
        let mut is_tuple = false;
        while self.take_sign(",") {
            is_tuple = true;
            if self.is_word("in") {
                break;
            }
            targets.push(self.postfix()?);
        }
        let target = match is_tuple {
            false => targets.pop().expect("there is one"),
            true => self.tuple(start, targets)?,
        };
        assignable(&target, true)?;
        Ok(target)
    }

    fn tuple(&self, start: Spot, items: Vec<Expr>) -> Parsed<Expr> {
        let below = items.iter().map(|item| item.depth).max().unwrap_or(0);
        self.node(start.to(self.last()), Ex::Tuple(items), below)
    }

    /// Parses one expression, or several separated by commas, which are a tuple.
    fn expressions(&mut self) -> Parsed<Expr> {
        let start = self.spot();
        let first = self.expression()?;
        if !matches!(self.peek(), Kind::Sign(",")) {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take_sign(",") {
            if self.is_line_end() || matches!(self.peek(), Kind::Sign("=" | ")" | ":")) {
                break;
            }
            items.push(self.expression()?);
        }
        self.tuple(start, items)
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(|parser| {
            let start = parser.spot();
            if parser.take_word("lambda") {
                let parameters = parser.parameters(":", false)?;
                let body = parser.expression()?;
                let below = body.depth;
                let defaults = parameters.iter().filter_map(|its| Some(its.default.as_ref()?.depth)).max();
                let below = below.max(defaults.unwrap_or(0));
                return parser.node(start.to(parser.last()), Ex::Lambda(parameters, Box::new(body)), below);
            }
            let then = parser.binary(0)?;
            if !parser.take_word("if") {
                return Ok(then);
            }
            let condition = parser.binary(0)?;
            if !parser.take_word("else") {
                return parser.unexpected("`else`");
            }
            let otherwise = parser.expression()?;
            let below = then.depth.max(condition.depth).max(otherwise.depth);
            let kind = Ex::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
            parser.node(start.to(parser.last()), kind, below)
        })
    }

    /// Parses operators of at least this precedence: 0 `or`, 1 `and`, 2 `not`, 3 comparisons, 4 sums,
    /// 5 products.
    fn binary(&mut self, precedence: u32) -> Parsed<Expr> {
        let start = self.spot();
        if precedence <= 2 && self.is_word("not") {
            return self.deeper(|parser| {
                parser.skip();
                let operand = parser.binary(2)?;
                let below = operand.depth;
                let not = parser.node(start.to(parser.last()), Ex::Not(Box::new(operand)), below)?;
                parser.rest_of_binary(not, start, precedence)
            });
        }
        let first = self.unary()?;
        self.rest_of_binary(first, start, precedence)
    }

    fn rest_of_binary(&mut self, mut left: Expr, start: Spot, precedence: u32) -> Parsed<Expr> {
        let mut is_compared = false;
        loop {
            let Some((its, operator)) = self.operator() else { return Ok(left) };
            if its < precedence {
                return Ok(left);
            }
            let at = self.spot();
            self.skip();
            if let Some(Operator::NotIn | Operator::IsNot) = operator {
                self.skip();
            }
            if its == 3 && std::mem::replace(&mut is_compared, true) {
                let what = "a chain of comparisons";
                return Err(ScriptMistake::new(at.range(), what, "join two comparisons with `and`"));
            }
            let right = self.binary(its + 1)?;
            let below = left.depth.max(right.depth);
            let (left_side, right) = (Box::new(left), Box::new(right));
            let kind = match (operator, its) {
                (Some(operator), _) => Ex::Binary(operator, left_side, right),
                (None, 0) => Ex::Or(left_side, right),
                (None, _) => Ex::And(left_side, right),
            };
            left = self.node(start.to(self.last()), kind, below)?;
        }
    }

    /// The precedence of the next operator. `and` and `or` are `None`.
    fn operator(&self) -> Option<(u32, Option<Operator>)> {
        let after = self.tokens.get(self.at + 1).map(|token| &token.kind);
        Some(match self.peek() {
            Kind::Word("or") => (0, None),
            Kind::Word("and") => (1, None),
            Kind::Word("in") => (3, Some(Operator::In)),
            Kind::Word("not") if after == Some(&Kind::Word("in")) => (3, Some(Operator::NotIn)),
            Kind::Word("is") if after == Some(&Kind::Word("not")) => (3, Some(Operator::IsNot)),
            Kind::Word("is") => (3, Some(Operator::Is)),
            Kind::Sign(sign) => match *sign {
                "==" => (3, Some(Operator::Equal)),
                "!=" => (3, Some(Operator::Unequal)),
                "<" => (3, Some(Operator::Less)),
                "<=" => (3, Some(Operator::AtMost)),
                ">" => (3, Some(Operator::Greater)),
                ">=" => (3, Some(Operator::AtLeast)),
                "+" => (4, Some(Operator::Add)),
                "-" => (4, Some(Operator::Subtract)),
                "*" => (5, Some(Operator::Multiply)),
                "/" => (5, Some(Operator::Divide)),
                "//" => (5, Some(Operator::FloorDivide)),
                "%" => (5, Some(Operator::Modulo)),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.spot();
        if matches!(self.peek(), Kind::Sign("-" | "+")) {
            return self.deeper(|parser| {
                let is_minus = matches!(parser.peek(), Kind::Sign("-"));
                parser.skip();
                let operand = parser.unary()?;
                let below = operand.depth;
                match is_minus {
                    true => parser.node(start.to(parser.last()), Ex::Minus(Box::new(operand)), below),
                    false => Ok(operand),
                }
            });
        }
        if self.take_word("await") {
            return self.deeper(Self::unary);
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let start = self.spot();
        let mut expr = self.atom()?;
        loop {
            let below = expr.depth;
            if self.take_sign(".") {
                let name = self.name()?;
                expr = self.node(start.to(self.last()), Ex::Attribute(Box::new(expr), name), below)?;
            } else if self.take_sign("(") {
                let arguments = self.arguments()?;
                let deepest = arguments.iter().map(|its| its.value.depth).max().unwrap_or(0);
                expr = self.node(
                    start.to(self.last()),
                    Ex::Call(Box::new(expr), arguments),
                    below.max(deepest),
                )?;
            } else if self.take_sign("[") {
                let from = match self.peek() {
                    Kind::Sign(":") => None,
                    _ => Some(Box::new(self.expressions()?)),
                };
                if self.take_sign(":") {
                    let to = match self.peek() {
                        Kind::Sign("]") => None,
                        _ => Some(Box::new(self.expression()?)),
                    };
                    self.sign("]")?;
                    let depth = |part: &Option<Box<Expr>>| part.as_ref().map_or(0, |part| part.depth);
                    let below = below.max(depth(&from)).max(depth(&to));
                    expr = self.node(start.to(self.last()), Ex::Slice(Box::new(expr), from, to), below)?;
                } else {
                    self.sign("]")?;
                    let index = from.expect("an index, because there is no colon");
                    let below = below.max(index.depth);
                    expr = self.node(start.to(self.last()), Ex::Index(Box::new(expr), index), below)?;
                }
            } else {
                return Ok(expr);
            }
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments: Vec<Argument> = Vec::new();
        while !self.take_sign(")") {
            if matches!(self.peek(), Kind::Sign("*" | "**")) {
                let what = "arguments with `*` are not supported";
                return Err(ScriptMistake::new(self.spot().range(), what, "expected an expression"));
            }
            let is_named = matches!(self.peek(), Kind::Name(_))
                && matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(Kind::Sign("=")));
            let name = if is_named { Some(self.name()?) } else { None };
            if is_named {
                self.skip();
            } else if arguments.last().is_some_and(|last| last.name.is_some()) {
                return self.unexpected("a named argument, as those before it");
            }
            let value = self.expression()?;
            let value = if self.is_word("for") { self.comprehension(value, None)? } else { value };
            arguments.push(Argument { name, value });
            if !self.take_sign(",") {
                self.sign(")")?;
                break;
            }
        }
        Ok(arguments)
    }

    /// Parses `for target in source if condition`, after the item.
    fn comprehension(&mut self, item: Expr, value: Option<Expr>) -> Parsed<Expr> {
        let spot = item.spot;
        self.skip();
        let target = self.targets()?;
        if !self.take_word("in") {
            return self.unexpected("`in`");
        }
        let source = self.binary(0)?;
        let condition = if self.take_word("if") { Some(self.binary(0)?) } else { None };
        if self.is_word("for") || self.is_word("if") {
            return self.unexpected("the end of the comprehension: one `for` and one `if` are supported");
        }
        let parts = [Some(&item), value.as_ref(), Some(&source), condition.as_ref()];
        let below = parts.into_iter().flatten().map(|part| part.depth).max().unwrap_or(0);
        let kind = Ex::Comprehension {
            item: Box::new(item),
            value: value.map(Box::new),
            target: Box::new(target),
            source: Box::new(source),
            condition: condition.map(Box::new),
        };
        self.node(spot.to(self.last()), kind, below)
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let spot = self.spot();
        let plain = |kind| Ok(Expr { spot, depth: 1, kind });
        match self.peek().clone() {
            Kind::Name(name) => {
                self.skip();
                plain(match name.as_str() {
                    "None" => Ex::None,
                    "True" => Ex::Bool(true),
                    "False" => Ex::Bool(false),
                    _ => Ex::Name(name),
                })
            }
            Kind::Int(number) => {
                self.skip();
                plain(Ex::Int(number))
            }
            Kind::Float(number) => {
                self.skip();
                plain(Ex::Float(number))
            }
            Kind::Text(_) | Kind::Format(_) => self.strings(),
            Kind::Sign("(") => {
                self.skip();
                if self.take_sign(")") {
                    return plain(Ex::Tuple(Vec::new()));
                }
                let first = self.expressions()?;
                let first = if self.is_word("for") { self.comprehension(first, None)? } else { first };
                self.sign(")")?;
                Ok(first)
            }
            Kind::Sign("[") => {
                self.skip();
                let mut items = Vec::new();
                while !self.take_sign("]") {
                    let item = self.expression()?;
                    if items.is_empty() && self.is_word("for") {
                        let comprehension = self.comprehension(item, None)?;
                        self.sign("]")?;
                        return Ok(comprehension);
                    }
                    items.push(item);
                    if !self.take_sign(",") {
                        self.sign("]")?;
                        break;
                    }
                }
                let below = items.iter().map(|item| item.depth).max().unwrap_or(0);
                self.node(spot.to(self.last()), Ex::List(items), below)
            }
            Kind::Sign("{") => {
                self.skip();
                let mut entries = Vec::new();
                while !self.take_sign("}") {
                    let key = self.expression()?;
                    if !self.take_sign(":") {
                        return self.unexpected("`:` and a value: sets are not supported");
                    }
                    let value = self.expression()?;
                    if entries.is_empty() && self.is_word("for") {
                        let comprehension = self.comprehension(key, Some(value))?;
                        self.sign("}")?;
                        return Ok(comprehension);
                    }
                    entries.push((key, value));
                    if !self.take_sign(",") {
                        self.sign("}")?;
                        break;
                    }
                }
                let below = entries.iter().map(|(key, value)| key.depth.max(value.depth)).max().unwrap_or(0);
                self.node(spot.to(self.last()), Ex::Dict(entries), below)
            }
            Kind::Word(word @ ("yield" | "async")) => {
                let what = format!("`{word}` is not supported here");
                Err(ScriptMistake::new(spot.range(), what, "expected an expression"))
            }
            _ => self.unexpected("an expression"),
        }
    }

    /// Parses adjacent strings, which are joined.
    fn strings(&mut self) -> Parsed<Expr> {
        let spot = self.spot();
        let (mut text, mut parts, mut is_format) = (String::new(), Vec::new(), false);
        loop {
            match self.peek().clone() {
                Kind::Text(more) => text.push_str(&more),
                Kind::Format(pieces) => {
                    is_format = true;
                    for piece in pieces {
                        match piece {
                            Piece::Text(more) => text.push_str(&more),
                            Piece::Code(part) => {
                                let before = std::mem::take(&mut text);
                                parts.push(Expr { spot, depth: 1, kind: Ex::Text(before) });
                                parts.push(self.within(part)?);
                            }
                        }
                    }
                }
                _ => break,
            }
            self.skip();
        }
        if !is_format {
            return Ok(Expr { spot: spot.to(self.last()), depth: 1, kind: Ex::Text(text) });
        }
        parts.push(Expr { spot, depth: 1, kind: Ex::Text(text) });
        let below = parts.iter().map(|part| part.depth).max().unwrap_or(0);
        self.node(spot.to(self.last()), Ex::Format(parts), below)
    }

    /// Parses an expression of an f-string.
    fn within(&mut self, part: std::ops::Range<usize>) -> Parsed<Expr> {
        let tokens = tokens_within(self.text, part)?;
        let mut parser = Parser { text: self.text, tokens: &tokens, at: 0, depth: self.depth };
        let expr = parser.deeper(Parser::expression)?;
        match parser.peek() {
            Kind::End => Ok(expr),
            _ => parser.unexpected("`}`: formats are not supported"),
        }
    }
}

/// Checks that the expression can be assigned to.
fn assignable(target: &Expr, may_unpack: bool) -> Parsed<()> {
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
