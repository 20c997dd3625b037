//! The library `struct` (Roberto Ierusalimschy's, 0.2): numbers and texts in the layout of C.

use mlua::prelude::LuaError;
use mlua::{Lua, LuaString, MultiValue, Table, Value};

use super::budget::Budget;
use super::raise::{Arguments, argument, at_caller};

/// Maximum size of an integer in bytes.
const MOST_SIZE: usize = 32;
/// The alignment of `!` without a number.
const MOST_ALIGNMENT: usize = 8;

/// Creates the library.
pub(super) fn library(lua: &Lua, budget: &Budget) -> Result<Table, LuaError> {
    let table = lua.create_table()?;
    let of = budget.clone();
    let pack = move |lua: &Lua, mut values: MultiValue| {
        // The library pushes a nil after its arguments, which stands for one that is missing.
        values.push_back(Value::Nil);
        pack(lua, &Arguments::new(lua, values), &of)
    };
    table.raw_set("pack", lua.create_function(pack)?)?;
    let of = budget.clone();
    let unpack = move |lua: &Lua, values: MultiValue| unpack(lua, &Arguments::new(lua, values), &of);
    table.raw_set("unpack", lua.create_function(unpack)?)?;
    let size = |lua: &Lua, values: MultiValue| size(lua, &Arguments::new(lua, values));
    table.raw_set("size", lua.create_function(size)?)?;
    Ok(table)
}

/// A format in progress.
struct Format<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
    is_big: bool,
    alignment: usize,
}

/// An item of a format: its letter, its size, and the bytes before it at a position.
#[derive(Clone, Copy)]
struct Item {
    letter: u8,
    size: usize,
}

impl<'a> Format<'a> {
    fn new(lua: &'a Lua, format: &'a [u8]) -> Self {
        // It ends at a NUL, as in C.
        let rest = format.split(|byte| *byte == 0).next().unwrap_or_default();
        Format { lua, rest, is_big: false, alignment: 1 }
    }

    /// The number at the present position, if there is one.
    fn number(&mut self, default: usize) -> Result<usize, LuaError> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Ok(default);
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        let number = digits
            .iter()
            .try_fold(0_i32, |number, digit| number.checked_mul(10)?.checked_add(i32::from(digit - b'0')));
        let error = || at_caller(self.lua, "integral size overflow");
        number.map(|number| number as usize).ok_or_else(error)
    }

    fn next(&mut self) -> Result<Option<Item>, LuaError> {
        let Some((&letter, rest)) = self.rest.split_first() else { return Ok(None) };
        self.rest = rest;
        let size = match letter {
            b'B' | b'b' | b'x' => 1,
            b'H' | b'h' => 2,
            b'L' | b'l' | b'T' | b'd' => 8,
            b'f' => 4,
            b'c' => self.number(1)?,
            b'i' | b'I' => {
                let size = self.number(4)?;
                if size > MOST_SIZE {
                    let text = format!("integral size {size} is larger than limit of {MOST_SIZE}");
                    return Err(at_caller(self.lua, &text));
                }
                size
            }
            _ => 0,
        };
        Ok(Some(Item { letter, size }))
    }

    /// The number of bytes before the item, so that it is aligned.
    fn padding(&self, position: usize, item: Item) -> usize {
        if item.size == 0 || item.letter == b'c' {
            return 0;
        }
        let size = item.size.min(self.alignment);
        size.wrapping_sub(position & (size - 1)) & (size - 1)
    }

    /// Applies an option that is no item.
    fn control(&mut self, letter: u8) -> Result<(), LuaError> {
        match letter {
            b' ' => {}
            b'>' => self.is_big = true,
            b'<' => self.is_big = false,
            b'!' => {
                let alignment = self.number(MOST_ALIGNMENT)?;
                if !alignment.is_power_of_two() {
                    let text = format!("alignment {alignment} is not a power of 2");
                    return Err(at_caller(self.lua, &text));
                }
                self.alignment = alignment;
            }
            other => {
                let text = [b"invalid format option '", &[other][..], b"'"].concat();
                return Err(argument(self.lua, 1, &String::from_utf8_lossy(&text)));
            }
        }
        Ok(())
    }

    /// Puts bytes of the least significant byte first into the order of the format, or back.
    fn ordered(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if self.is_big {
            bytes.reverse();
        }
        bytes
    }
}

fn is_integer(letter: u8) -> bool {
    b"bBhHlLTiI".contains(&letter)
}

fn pack(lua: &Lua, arguments: &Arguments<'_>, budget: &Budget) -> Result<LuaString, LuaError> {
    let text = arguments.string(1)?;
    let text = text.as_bytes();
    let mut format = Format::new(lua, &text);
    let (mut out, mut number, mut total) = (Vec::new(), 2, 0_usize);
    while let Some(item) = format.next()? {
        let padding = format.padding(total, item);
        out.resize(out.len() + padding, 0);
        let mut size = item.size;
        budget.charge(1 + size as u64)?;
        match item.letter {
            letter if is_integer(letter) => {
                let value = arguments.number(number)?;
                number += 1;
                let value = if value < 0.0 { super::convert::whole(value) as u64 } else { value as u64 };
                let mut bytes = value.to_le_bytes().to_vec();
                bytes.resize(MOST_SIZE, 0);
                bytes.truncate(size);
                out.extend(format.ordered(bytes));
            }
            b'x' => out.push(0),
            b'f' => {
                out.extend(format.ordered((arguments.number(number)? as f32).to_le_bytes().to_vec()));
                number += 1;
            }
            b'd' => {
                out.extend(format.ordered(arguments.number(number)?.to_le_bytes().to_vec()));
                number += 1;
            }
            b'c' | b's' => {
                let value = arguments.string(number)?;
                number += 1;
                let value = value.as_bytes();
                if size == 0 {
                    size = value.len();
                    budget.charge(size as u64)?;
                }
                let Some(value) = value.get(..size) else {
                    return Err(argument(lua, number, "string too short"));
                };
                out.extend(value);
                if item.letter == b's' {
                    out.push(0);
                    size += 1;
                }
            }
            other => format.control(other)?,
        }
        total = total.wrapping_add(padding).wrapping_add(size);
    }
    lua.create_string(out)
}

fn unpack(lua: &Lua, arguments: &Arguments<'_>, budget: &Budget) -> Result<MultiValue, LuaError> {
    let (text, data) = (arguments.string(1)?, arguments.string(2)?);
    let (text, data) = (text.as_bytes(), data.as_bytes());
    let start = arguments.optional_integer(3)?.unwrap_or(1);
    if start == 0 {
        return Err(argument(lua, 3, "offset must be 1 or greater"));
    }
    let mut at = (start as usize).wrapping_sub(1);
    let too_short = || argument(lua, 2, "data string too short");
    let part = |at: usize, size: usize| {
        let end = at.checked_add(size);
        end.and_then(|end| data.get(at..end)).ok_or_else(too_short)
    };
    let mut format = Format::new(lua, &text);
    let mut values: Vec<Value> = Vec::new();
    while let Some(item) = format.next()? {
        at = at.wrapping_add(format.padding(at, item));
        let bytes = part(at, item.size)?;
        budget.charge(1 + bytes.len() as u64)?;
        let mut size = item.size;
        match item.letter {
            letter if is_integer(letter) => {
                let number = integer(&format.ordered(bytes.to_vec()), letter.is_ascii_lowercase());
                values.push(Value::Number(number));
            }
            b'x' => {}
            b'f' => {
                let bits = u32::from_le_bytes(format.ordered(bytes.to_vec()).try_into().unwrap_or_default());
                values.push(Value::Number(f64::from(f32::from_bits(bits))));
            }
            b'd' => {
                let bits = u64::from_le_bytes(format.ordered(bytes.to_vec()).try_into().unwrap_or_default());
                values.push(Value::Number(f64::from_bits(bits)));
            }
            b'c' => {
                if size == 0 {
                    let before = values.pop().map(|value| lua.coerce_number(value)).transpose()?.flatten();
                    let error = || at_caller(lua, "format 'c0' needs a previous size");
                    size = super::convert::whole(before.ok_or_else(error)?) as usize;
                }
                values.push(Value::String(lua.create_string(part(at, size)?)?));
            }
            b's' => {
                let rest = &data[at..];
                let Some(length) = rest.iter().position(|byte| *byte == 0) else {
                    return Err(at_caller(lua, "unfinished string in data"));
                };
                size = length + 1;
                values.push(Value::String(lua.create_string(&rest[..length])?));
            }
            other => format.control(other)?,
        }
        at += size;
    }
    values.push(Value::Number((at + 1) as f64));
    Ok(values.into_iter().collect())
}

/// An integer of any size, from its least significant byte on. Only 64 bits are significant.
fn integer(bytes: &[u8], is_signed: bool) -> f64 {
    let number = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    if !is_signed {
        return number as f64;
    }
    let mask = u64::MAX << ((bytes.len() * 8).wrapping_sub(1) & 63);
    (if number & mask == 0 { number } else { number | mask }) as i64 as f64
}

fn size(lua: &Lua, arguments: &Arguments<'_>) -> Result<f64, LuaError> {
    let text = arguments.string(1)?;
    let text = text.as_bytes();
    let mut format = Format::new(lua, &text);
    let mut total = 0_usize;
    while let Some(item) = format.next()? {
        total = total.wrapping_add(format.padding(total, item));
        match (item.letter, item.size) {
            (b's', _) => return Err(argument(lua, 1, "option 's' has no fixed size")),
            (b'c', 0) => return Err(argument(lua, 1, "option 'c0' has no fixed size")),
            (letter, _) if !letter.is_ascii_alphanumeric() => format.control(letter)?,
            _ => {}
        }
        total = total.wrapping_add(item.size);
    }
    Ok(total as f64)
}
