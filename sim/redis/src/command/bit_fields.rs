//! Integers of any width within a string: `BITFIELD`.

use bytes::Bytes;

use super::arguments::integer;
use super::bits::{bit, bit_offset, set_bit};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::{Reply, whole_number};

/// The effect of a value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

/// The type and position of an integer.
#[derive(Clone, Copy, Debug)]
struct Field {
    is_signed: bool,
    bits: u32,
    offset: usize,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Get,
    Set(i64),
    Increment(i64),
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    field: Field,
    action: Action,
    overflow: Overflow,
}

impl Field {
    fn parse(kind: &[u8], offset: &[u8]) -> Result<Self, ErrorReply> {
        let text = "ERR Invalid bitfield type. Use something like i16 u8. \
                    Note that u64 is not supported but i64 is.";
        let wrong = ErrorReply::fixed(text);
        // C reads the type up to a NUL.
        let kind = crate::error::printed(kind);
        let (is_signed, width) = match kind {
            [b'i', width @ ..] => (true, width),
            [b'u', width @ ..] => (false, width),
            _ => return Err(wrong),
        };
        let most = if is_signed { 64 } else { 63 };
        let bits = whole_number(width).filter(|bits| (1..=most).contains(bits)).ok_or(wrong)?;
        // `#` counts in multiples of the width.
        let offset = match offset {
            [b'#', number @ ..] => whole_number(number).map(|number| number.wrapping_mul(bits)),
            number => whole_number(number),
        };
        Ok(Field { is_signed, bits: bits as u32, offset: bit_offset(offset)? })
    }

    /// The index after its last bit.
    fn end(&self) -> usize {
        self.offset + self.bits as usize
    }

    fn read(&self, text: &[u8]) -> i64 {
        let value = (self.offset..self.end()).fold(0, |value, at| value << 1 | u64::from(bit(text, at)));
        self.wrapped(i128::from(value))
    }

    fn write(&self, text: &mut [u8], value: i64) {
        for at in 0..self.bits {
            set_bit(text, self.offset + at as usize, value >> (self.bits - 1 - at) & 1 == 1);
        }
    }

    /// The lowest bits of a number, as a value of the field.
    fn wrapped(&self, value: i128) -> i64 {
        let shift = 128 - self.bits;
        (if self.is_signed { value << shift >> shift } else { ((value << shift) as u128 >> shift) as i128 })
            as i64
    }

    fn least(&self) -> i128 {
        if self.is_signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    fn most(&self) -> i128 {
        if self.is_signed { (1 << (self.bits - 1)) - 1 } else { (1 << self.bits) - 1 }
    }

    /// The value to store; none if it does not fit and must not be changed.
    fn fit(&self, value: i128, overflow: Overflow) -> Option<i64> {
        if (self.least()..=self.most()).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.wrapped(value)),
            Overflow::Saturate => Some(value.clamp(self.least(), self.most()) as i64),
            Overflow::Fail => None,
        }
    }
}

impl Operation {
    fn parse(words: &[Bytes]) -> Result<Vec<Self>, ErrorReply> {
        let mut operations = Vec::new();
        let mut overflow = Overflow::Wrap;
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            let name = word.to_ascii_lowercase();
            let (kind, offset, number, next): (_, _, _, &[Bytes]) = match (&name[..], after) {
                (b"overflow", [how, next @ ..]) => {
                    overflow = match &how.to_ascii_lowercase()[..] {
                        b"wrap" => Overflow::Wrap,
                        b"sat" => Overflow::Saturate,
                        b"fail" => Overflow::Fail,
                        _ => return Err(ErrorReply::fixed("ERR Invalid OVERFLOW type specified")),
                    };
                    rest = next;
                    continue;
                }
                (b"get", [kind, offset, next @ ..]) => (kind, offset, None, next),
                (b"set" | b"incrby", [kind, offset, number, next @ ..]) => (kind, offset, Some(number), next),
                _ => return Err(ErrorReply::SYNTAX),
            };
            let field = Field::parse(kind, offset)?;
            let action = match number {
                None => Action::Get,
                Some(number) if name == b"set" => Action::Set(integer(number)?),
                Some(number) => Action::Increment(integer(number)?),
            };
            operations.push(Operation { field, action, overflow });
            rest = next;
        }
        Ok(operations)
    }
}

pub(super) fn bitfield(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let operations = Operation::parse(&call.words[2..])?;
    let writes = operations.iter().filter(|it| !matches!(it.action, Action::Get));
    let Some(end) = writes.map(|it| it.field.end()).max() else {
        let text = call.text(key)?.unwrap_or_default();
        return Ok(Reply::Array(operations.iter().map(|it| Reply::Integer(it.field.read(&text))).collect()));
    };
    let old = call.text_to_change(key)?;
    let old_length = old.as_ref().map(Bytes::len);
    let mut text = old.unwrap_or_default().to_vec();
    text.resize(text.len().max(end.div_ceil(8)), 0);
    let has_grown = old_length != Some(text.len());
    let mut has_changed = false;
    let mut replies = Vec::new();
    for Operation { field, action, overflow } in operations {
        let old = field.read(&text);
        let wanted = match action {
            Action::Get => {
                replies.push(Reply::Integer(old));
                continue;
            }
            // A negative number is a large one for an unsigned field.
            Action::Set(number) if !field.is_signed => i128::from(number as u64),
            Action::Set(number) => i128::from(number),
            Action::Increment(more) => i128::from(old) + i128::from(more),
        };
        let Some(new) = field.fit(wanted, overflow) else {
            replies.push(Reply::Null);
            continue;
        };
        field.write(&mut text, new);
        has_changed |= has_grown || new != old;
        replies.push(Reply::Integer(if matches!(action, Action::Set(_)) { old } else { new }));
    }
    if has_grown || has_changed {
        call.insert(key, Value::Text(text.into()));
    }
    if has_changed {
        call.modified(key);
        call.notify(Events::STRING, "setbit", key);
    }
    Ok(Reply::Array(replies))
}

pub(super) fn bitfield_ro(call: &mut Call<'_>) -> Answer {
    let operations = Operation::parse(&call.words[2..])?;
    if operations.iter().any(|it| !matches!(it.action, Action::Get)) {
        // Redis looks the key up only for a valid command.
        return Err(ErrorReply::fixed("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    bitfield(call)
}
