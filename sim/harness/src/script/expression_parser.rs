//! Parses expressions.

use super::mistake::{ScriptMistake, Spot};
use super::parser::{Parsed, Parser, assignable};
use super::token::{Piece, TokenKind, tokens_within};
use super::tree::{Argument, Ex, Expr, Operator};

impl Parser<'_> {
    /// Parses the targets of a loop: names, separated by commas.
    pub(crate) fn targets(&mut self) -> Parsed<Expr> {
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

    pub(crate) fn tuple(&self, start: Spot, items: Vec<Expr>) -> Parsed<Expr> {
        let below = items.iter().map(|item| item.depth).max().unwrap_or(0);
        self.node(start.to(self.last()), Ex::Tuple(items), below)
    }

    /// Parses one expression, or several separated by commas, which are a tuple.
    pub(crate) fn expressions(&mut self) -> Parsed<Expr> {
        let start = self.spot();
        let first = self.expression()?;
        if !matches!(self.peek(), TokenKind::Sign(",")) {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take_sign(",") {
            if self.is_line_end() || matches!(self.peek(), TokenKind::Sign("=" | ")" | ":")) {
                break;
            }
            items.push(self.expression()?);
        }
        self.tuple(start, items)
    }

    pub(crate) fn expression(&mut self) -> Parsed<Expr> {
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

    /// Parses operators of at least this precedence: 0 `or`, 1 `and`, 2 `not`, 3 comparisons, 4
    /// sums, 5 products.
    pub(crate) fn binary(&mut self, precedence: u32) -> Parsed<Expr> {
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

    pub(crate) fn rest_of_binary(&mut self, mut left: Expr, start: Spot, precedence: u32) -> Parsed<Expr> {
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
    pub(crate) fn operator(&self) -> Option<(u32, Option<Operator>)> {
        let after = self.tokens.get(self.at + 1).map(|token| &token.kind);
        Some(match self.peek() {
            TokenKind::Word("or") => (0, None),
            TokenKind::Word("and") => (1, None),
            TokenKind::Word("in") => (3, Some(Operator::In)),
            TokenKind::Word("not") if after == Some(&TokenKind::Word("in")) => (3, Some(Operator::NotIn)),
            TokenKind::Word("is") if after == Some(&TokenKind::Word("not")) => (3, Some(Operator::IsNot)),
            TokenKind::Word("is") => (3, Some(Operator::Is)),
            TokenKind::Sign(sign) => match *sign {
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

    pub(crate) fn unary(&mut self) -> Parsed<Expr> {
        let start = self.spot();
        if matches!(self.peek(), TokenKind::Sign("-" | "+")) {
            return self.deeper(|parser| {
                let is_minus = matches!(parser.peek(), TokenKind::Sign("-"));
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

    pub(crate) fn postfix(&mut self) -> Parsed<Expr> {
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
                    TokenKind::Sign(":") => None,
                    _ => Some(Box::new(self.expressions()?)),
                };
                if self.take_sign(":") {
                    let to = match self.peek() {
                        TokenKind::Sign("]") => None,
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

    pub(crate) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments: Vec<Argument> = Vec::new();
        while !self.take_sign(")") {
            if matches!(self.peek(), TokenKind::Sign("*" | "**")) {
                let what = "arguments with `*` are not supported";
                return Err(ScriptMistake::new(self.spot().range(), what, "expected an expression"));
            }
            let is_named = matches!(self.peek(), TokenKind::Name(_))
                && matches!(
                    self.tokens.get(self.at + 1).map(|token| &token.kind),
                    Some(TokenKind::Sign("="))
                );
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
    pub(crate) fn comprehension(&mut self, item: Expr, value: Option<Expr>) -> Parsed<Expr> {
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

    pub(crate) fn atom(&mut self) -> Parsed<Expr> {
        let spot = self.spot();
        let plain = |kind| Ok(Expr { spot, depth: 1, kind });
        match self.peek().clone() {
            TokenKind::Name(name) => {
                self.skip();
                plain(match name.as_str() {
                    "None" => Ex::None,
                    "True" => Ex::Bool(true),
                    "False" => Ex::Bool(false),
                    _ => Ex::Name(name),
                })
            }
            TokenKind::Int(number) => {
                self.skip();
                plain(Ex::Int(number))
            }
            TokenKind::Float(number) => {
                self.skip();
                plain(Ex::Float(number))
            }
            TokenKind::Text(_) | TokenKind::Format(_) => self.strings(),
            TokenKind::Sign("(") => {
                self.skip();
                if self.take_sign(")") {
                    return plain(Ex::Tuple(Vec::new()));
                }
                let first = self.expressions()?;
                let first = if self.is_word("for") { self.comprehension(first, None)? } else { first };
                self.sign(")")?;
                Ok(first)
            }
            TokenKind::Sign("[") => {
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
            TokenKind::Sign("{") => {
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
            TokenKind::Word(word @ ("yield" | "async")) => {
                let what = format!("`{word}` is not supported here");
                Err(ScriptMistake::new(spot.range(), what, "expected an expression"))
            }
            _ => self.unexpected("an expression"),
        }
    }

    /// Parses adjacent strings, which are joined.
    pub(crate) fn strings(&mut self) -> Parsed<Expr> {
        let spot = self.spot();
        let (mut text, mut parts, mut is_format) = (String::new(), Vec::new(), false);
        loop {
            match self.peek().clone() {
                TokenKind::Text(more) => text.push_str(&more),
                TokenKind::Format(pieces) => {
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
    pub(crate) fn within(&mut self, part: std::ops::Range<usize>) -> Parsed<Expr> {
        let tokens = tokens_within(self.text, part)?;
        let mut parser = Parser { text: self.text, tokens: &tokens, at: 0, depth: self.depth };
        let expr = parser.deeper(Parser::expression)?;
        match parser.peek() {
            TokenKind::End => Ok(expr),
            _ => parser.unexpected("`}`: formats are not supported"),
        }
    }
}
