//! The operators of a script.

use super::machine::{Machine, Ran, Stop};
use super::tree::Operator;
use super::value::{Object, V};

pub(crate) fn as_float(value: &V) -> f64 {
    match value {
        V::Int(number) => *number as f64,
        V::Float(number) => *number,
        _ => f64::NAN,
    }
}

pub(crate) fn floats(left: &V, right: &V, compute: impl FnOnce(f64, f64) -> f64) -> Option<V> {
    let are_numbers = [left, right].iter().all(|its| matches!(its, V::Int(_) | V::Float(_)));
    let is_any = [left, right].iter().any(|its| matches!(its, V::Float(_)));
    (are_numbers && is_any).then(|| V::Float(compute(as_float(left), as_float(right))))
}

/// The limit of a string, in bytes.
pub(crate) const LONGEST: usize = 1 << 18;

impl Machine {
    pub(crate) fn long(&mut self, text: &str, times: usize) -> Ran<V> {
        let length = text.len().saturating_mul(times);
        if length > LONGEST {
            return Err(self.limit(format!("a string of {} KiB", LONGEST >> 10)));
        }
        self.spend(length / 64)?;
        self.charge(length)?;
        let text = text.repeat(times);
        self.text(&text)
    }

    pub(crate) fn binary(&mut self, operator: Operator, left: &V, right: &V) -> Ran<V> {
        let result = match operator {
            Operator::Equal => return Ok(V::Bool(self.equal(left, right, 0)?)),
            Operator::Unequal => return Ok(V::Bool(!self.equal(left, right, 0)?)),
            Operator::Is => return Ok(V::Bool(self.is_same(left, right)?)),
            Operator::IsNot => return Ok(V::Bool(!self.is_same(left, right)?)),
            Operator::In => return Ok(V::Bool(self.contains(right, left)?)),
            Operator::NotIn => return Ok(V::Bool(!self.contains(right, left)?)),
            Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => {
                let Some(order) = self.order(left, right)? else { return Ok(V::Bool(false)) };
                return Ok(V::Bool(match operator {
                    Operator::Less => order.is_lt(),
                    Operator::AtMost => order.is_le(),
                    Operator::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }));
            }
            Operator::Add => self.add(left, right)?,
            Operator::Multiply => match (left, right) {
                (V::Int(one), V::Int(other)) => one.checked_mul(*other).map(V::Int),
                (V::Text(text), V::Int(times)) | (V::Int(times), V::Text(text)) => {
                    let (text, times) = (text.clone(), usize::try_from(*times).unwrap_or(0));
                    return self.long(text.as_str(), times);
                }
                (V::Heap(_), V::Int(times)) => match self.heap_of(left) {
                    Some(Object::List(items)) => {
                        let times = usize::try_from(*times).unwrap_or(0);
                        let count = items.len().saturating_mul(times);
                        self.spend(count)?;
                        self.charge(count.saturating_mul(size_of::<V>()))?;
                        let items: Vec<V> = std::iter::repeat_n(items, times).flatten().cloned().collect();
                        return self.object(Object::List(items));
                    }
                    _ => None,
                },
                _ => floats(left, right, |one, other| one * other),
            },
            Operator::Subtract => match (left, right) {
                (V::Int(one), V::Int(other)) => one.checked_sub(*other).map(V::Int),
                _ => floats(left, right, |one, other| one - other),
            },
            Operator::FloorDivide | Operator::Modulo | Operator::Divide => {
                if let (Operator::Modulo, V::Text(format)) = (operator, left) {
                    let format = format.clone();
                    return self.formatted(format.as_str(), right);
                }
                if matches!(right, V::Int(0)) || matches!(right, V::Float(number) if *number == 0.0) {
                    return Err(self.wrong("a division by zero", "divided here"));
                }
                match (operator, left, right) {
                    (Operator::FloorDivide, V::Int(one), V::Int(other)) => {
                        let quotient = one.checked_div(*other);
                        let is_below = one.checked_rem(*other).is_some_and(|rest| rest != 0)
                            && ((*one < 0) != (*other < 0));
                        quotient.map(|quotient| V::Int(quotient - i64::from(is_below)))
                    }
                    (Operator::Modulo, V::Int(one), V::Int(other)) => one.checked_rem(*other).map(|rest| {
                        let is_below = rest != 0 && ((rest < 0) != (*other < 0));
                        V::Int(if is_below { rest + other } else { rest })
                    }),
                    (Operator::FloorDivide, ..) => floats(left, right, |one, other| (one / other).floor()),
                    (Operator::Modulo, ..) => {
                        floats(left, right, |one, other| one - (one / other).floor() * other)
                    }
                    (_, V::Int(one), V::Int(other)) => Some(V::Float(*one as f64 / *other as f64)),
                    _ => floats(left, right, |one, other| one / other),
                }
            }
        };
        result.ok_or_else(|| self.not_applicable(operator.sign(), left, right))
    }

    pub(crate) fn not_applicable(&self, sign: &str, left: &V, right: &V) -> Stop {
        if let (V::Int(_), V::Int(_)) = (left, right) {
            return self.wrong("the result has more than 64 bits", "computed here");
        }
        let what =
            format!("`{sign}` cannot be applied to a {} and a {}", self.type_of(left), self.type_of(right));
        let is_stored = matches!(left, V::Stored(_)) || matches!(right, V::Stored(_));
        if !is_stored {
            return self.wrong(what, "computed here");
        }
        let help = "the scenario writes values that can only be stored, returned, compared with `==`, and put into a string";
        self.wrong_with(what, "computed here", help)
    }

    pub(crate) fn add(&mut self, left: &V, right: &V) -> Ran<Option<V>> {
        Ok(match (left, right) {
            (V::Int(one), V::Int(other)) => one.checked_add(*other).map(V::Int),
            (V::Text(one), V::Text(other)) => {
                let text = [one.as_str(), other.as_str()].concat();
                Some(self.long(&text, 1)?)
            }
            (V::Heap(_), V::Heap(_)) => {
                let sum = match (self.heap_of(left), self.heap_of(right)) {
                    (Some(Object::List(one)), Some(Object::List(other))) => {
                        Object::List([one.as_slice(), other].concat())
                    }
                    (Some(Object::Tuple(one)), Some(Object::Tuple(other))) => {
                        Object::Tuple([one.as_slice(), other].concat())
                    }
                    _ => return Ok(None),
                };
                Some(self.object(sum)?)
            }
            _ => floats(left, right, |one, other| one + other),
        })
    }

    pub(crate) fn is_same(&self, left: &V, right: &V) -> Ran<bool> {
        match (left, right) {
            (V::Heap(one), V::Heap(other)) => Ok(one == other),
            _ => self.equal(left, right, 0),
        }
    }

    pub(crate) fn contains(&self, container: &V, item: &V) -> Ran<bool> {
        match (self.heap_of(container), container, item) {
            (Some(Object::List(items) | Object::Tuple(items)), ..) => {
                for its in items {
                    if self.equal(its, item, 0)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Some(Object::Dict(entries)), ..) => Ok(self.find(entries, item)?.is_some()),
            (Some(&Object::Range(..)), ..) => {
                let items = self.items(container)?;
                Ok(items
                    .iter()
                    .any(|its| matches!((its, item), (V::Int(one), V::Int(other)) if one == other)))
            }
            (_, V::Text(text), V::Text(part)) => {
                self.spend(text.as_str().len() / 16)?;
                self.look(text);
                self.look(part);
                Ok(text.as_str().contains(part.as_str()))
            }
            _ => Err(self.wrong(
                format!("a {} contains nothing", self.type_of(container)),
                "expected a list or a dict",
            )),
        }
    }

    /// The order of two values. `None` if one is not a number.
    pub(crate) fn order(&self, left: &V, right: &V) -> Ran<Option<std::cmp::Ordering>> {
        Ok(match (left, right) {
            (V::Int(one), V::Int(other)) => Some(one.cmp(other)),
            (V::Text(one), V::Text(other)) => {
                self.look(one);
                self.look(other);
                Some(one.as_str().cmp(other.as_str()))
            }
            (V::Int(_) | V::Float(_), V::Int(_) | V::Float(_)) => {
                as_float(left).partial_cmp(&as_float(right))
            }
            _ => return Err(self.not_applicable("<", left, right)),
        })
    }
}
