//! The library `cmsgpack` (lua-cmsgpack 0.4.0): MessagePack.

use mlua::prelude::LuaError;
use mlua::{Lua, LuaString, MultiValue, Table, Value};

use super::budget::Budget;
use super::raise::{Arguments, at_caller};

/// Tables that are nested deeper are encoded as nil.
const MOST_NESTING: usize = 16;
/// Maximum depth of decoded tables. Decoding uses the native stack, which is small in an
/// exploration.
const MOST_DEPTH: usize = 200;

/// Creates the library.
pub(super) fn library(lua: &Lua, budget: &Budget) -> Result<Table, LuaError> {
    let table = lua.create_table()?;
    let of = budget.clone();
    table.raw_set("pack", lua.create_function(move |lua, values| pack(lua, values, &of))?)?;
    let of = budget.clone();
    let unpack = move |lua: &Lua, values: MultiValue| unpack(lua, &Arguments::new(lua, values), 0, 0, &of);
    table.raw_set("unpack", lua.create_function(unpack)?)?;
    let of = budget.clone();
    let unpack_one = move |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new(lua, values);
        let offset = arguments.optional_integer(2)?.unwrap_or(0);
        self::unpack(lua, &arguments, 1, offset, &of)
    };
    table.raw_set("unpack_one", lua.create_function(unpack_one)?)?;
    let of = budget.clone();
    let unpack_limit = move |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new(lua, values);
        let limit = arguments.integer(2)?;
        let offset = arguments.optional_integer(3)?.unwrap_or(0);
        self::unpack(lua, &arguments, limit, offset, &of)
    };
    table.raw_set("unpack_limit", lua.create_function(unpack_limit)?)?;
    table.raw_set("_NAME", "cmsgpack")?;
    table.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    table.raw_set("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo")?;
    table.raw_set("_DESCRIPTION", "MessagePack C implementation for Lua")?;
    Ok(table)
}

fn pack(lua: &Lua, values: MultiValue, budget: &Budget) -> Result<LuaString, LuaError> {
    if values.is_empty() {
        let text = "bad argument #0 to 'pack' (MessagePack pack needs input.)";
        return Err(at_caller(lua, text));
    }
    let mut bytes = Vec::new();
    for value in values {
        encode(&value, 0, &mut bytes, budget)?;
    }
    lua.create_string(bytes)
}

fn encode(value: &Value, level: usize, out: &mut Vec<u8>, budget: &Budget) -> Result<(), LuaError> {
    budget.charge(1)?;
    match value {
        Value::Boolean(yes) => out.push(if *yes { 0xc3 } else { 0xc2 }),
        Value::Integer(number) => encode_integer(*number, out),
        Value::Number(number) => encode_number(*number, out),
        Value::String(text) => {
            let text = text.as_bytes();
            budget.charge(text.len() as u64)?;
            encode_length(text.len(), [(32, 0xa0), (1 << 8, 0xd9), (1 << 16, 0xda)], 0xdb, out);
            out.extend(&*text);
        }
        Value::Table(table) if level < MOST_NESTING => {
            let pairs = table.pairs::<Value, Value>().collect::<Result<Vec<_>, _>>()?;
            budget.charge(pairs.len() as u64)?;
            if is_array(&pairs) {
                encode_length(pairs.len(), [(16, 0x90), (0, 0), (1 << 16, 0xdc)], 0xdd, out);
                for at in 1..=pairs.len() {
                    encode(&table.raw_get(at)?, level + 1, out, budget)?;
                }
            } else {
                encode_length(pairs.len(), [(16, 0x80), (0, 0), (1 << 16, 0xde)], 0xdf, out);
                for (key, value) in pairs {
                    encode(&key, level + 1, out, budget)?;
                    encode(&value, level + 1, out, budget)?;
                }
            }
        }
        _ => out.push(0xc0),
    }
    Ok(())
}

/// Whether the keys are the numbers from 1 on. An empty table is an array.
fn is_array(pairs: &[(Value, Value)]) -> bool {
    let mut greatest = 0.0_f64;
    for (key, _) in pairs {
        let key = match key {
            Value::Integer(key) => *key as f64,
            Value::Number(key) if key.floor() == *key => *key,
            _ => return false,
        };
        if key <= 0.0 {
            return false;
        }
        greatest = greatest.max(key);
    }
    greatest == pairs.len() as f64
}

/// Encodes a length: within the tag, or in 1, 2 or 4 bytes after it. `tags` has the tags of the
/// first three, each with the least length that is too long for it.
fn encode_length(length: usize, tags: [(usize, u8); 3], long: u8, out: &mut Vec<u8>) {
    let [(in_tag, tag), (in_one, one), (in_two, two)] = tags;
    match length {
        _ if length < in_tag => out.push(tag | length as u8),
        _ if length < in_one => out.extend([one, length as u8]),
        _ if length < in_two => {
            out.push(two);
            out.extend((length as u16).to_be_bytes());
        }
        _ => {
            out.push(long);
            out.extend((length as u32).to_be_bytes());
        }
    }
}

fn encode_integer(number: i64, out: &mut Vec<u8>) {
    let (tag, width) = match number {
        -32..=127 => return out.push(number as u8),
        128..=0xff => (0xcc, 1),
        0x100..=0xffff => (0xcd, 2),
        0x1_0000..=0xffff_ffff => (0xce, 4),
        0x1_0000_0000.. => (0xcf, 8),
        -128..-32 => (0xd0, 1),
        -32_768..-128 => (0xd1, 2),
        -2_147_483_648..-32_768 => (0xd2, 4),
        _ => (0xd3, 8),
    };
    out.push(tag);
    out.extend(&number.to_be_bytes()[8 - width..]);
}

fn encode_number(number: f64, out: &mut Vec<u8>) {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) && number.trunc() == number {
        return encode_integer(number as i64, out);
    }
    let short = number as f32;
    if f64::from(short) == number {
        out.push(0xca);
        out.extend(short.to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend(number.to_be_bytes());
    }
}

/// Decodes at most `limit` values from `offset` on, and returns the next offset and the values; all
/// values without an offset if both are 0.
fn unpack(
    lua: &Lua,
    arguments: &Arguments<'_>,
    limit: i64,
    offset: i64,
    budget: &Budget,
) -> Result<MultiValue, LuaError> {
    let text = arguments.string(1)?;
    let text = text.as_bytes();
    let error = |text: String| Err(at_caller(lua, &text));
    if offset < 0 || limit < 0 {
        let (offset, length) = (offset as i32, text.len() as i32);
        return error(format!("Invalid request to unpack with offset of {offset} and limit of {length}."));
    }
    let Some(rest) = usize::try_from(offset).ok().and_then(|offset| text.get(offset..)) else {
        let (offset, length) = (offset as i32, text.len());
        return error(format!("Start offset {offset} greater than input length {length}."));
    };
    let is_all = limit == 0 && offset == 0;
    let mut decoder = Decoder { lua, rest, budget };
    let mut values = Vec::new();
    while !decoder.rest.is_empty() && (is_all || (values.len() as i64) < limit) {
        values.push(decoder.value(0)?);
    }
    if !is_all {
        let next = if decoder.rest.is_empty() { -1 } else { (text.len() - decoder.rest.len()) as i64 };
        values.insert(0, Value::Integer(next));
    }
    Ok(values.into_iter().collect())
}

/// Decodes values.
struct Decoder<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
    budget: &'a Budget,
}

impl Decoder<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], LuaError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(at_caller(self.lua, "Missing bytes in input."));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self, width: usize) -> Result<u64, LuaError> {
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number with a sign.
    fn signed(&mut self, width: usize) -> Result<i64, LuaError> {
        let unused = 64 - 8 * width;
        Ok((self.number(width)? << unused) as i64 >> unused)
    }

    fn text(&mut self, length: u64) -> Result<Value, LuaError> {
        self.budget.charge(length)?;
        let (lua, text) = (self.lua, self.take(length as usize)?);
        lua.create_string(text).map(Value::String)
    }

    fn value(&mut self, depth: usize) -> Result<Value, LuaError> {
        self.budget.charge(1)?;
        if depth > MOST_DEPTH {
            return Err(at_caller(
                self.lua,
                "stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)",
            ));
        }
        let tag = self.take(1)?[0];
        let integer = |number: i64| Value::Number(number as f64);
        Ok(match tag {
            0x00..=0x7f => integer(i64::from(tag)),
            0x80..=0x8f => self.map(u64::from(tag & 0xf), depth)?,
            0x90..=0x9f => self.array(u64::from(tag & 0xf), depth)?,
            0xa0..=0xbf => self.text(u64::from(tag & 0x1f))?,
            0xc0 => Value::Nil,
            0xc2 | 0xc3 => Value::Boolean(tag == 0xc3),
            0xca => Value::Number(f64::from(f32::from_bits(self.number(4)? as u32))),
            0xcb => Value::Number(f64::from_bits(self.number(8)?)),
            0xcc => integer(self.number(1)? as i64),
            0xcd => integer(self.number(2)? as i64),
            0xce => integer(self.number(4)? as i64),
            // The library does not distinguish them.
            0xcf | 0xd3 => integer(self.number(8)? as i64),
            0xd0 => integer(self.signed(1)?),
            0xd1 => integer(self.signed(2)?),
            0xd2 => integer(self.signed(4)?),
            0xd9..=0xdb => {
                let length = self.number(1 << (tag - 0xd9))?;
                self.text(length)?
            }
            0xdc | 0xdd => {
                let length = self.number(if tag == 0xdc { 2 } else { 4 })?;
                self.array(length, depth)?
            }
            0xde | 0xdf => {
                let length = self.number(if tag == 0xde { 2 } else { 4 })?;
                self.map(length, depth)?
            }
            0xe0..=0xff => integer(i64::from(tag as i8)),
            _ => return Err(at_caller(self.lua, "Bad data format in input.")),
        })
    }

    fn array(&mut self, length: u64, depth: usize) -> Result<Value, LuaError> {
        let table = self.lua.create_table()?;
        for at in 1..=length {
            let value = self.value(depth + 1)?;
            table.raw_set(at, value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, length: u64, depth: usize) -> Result<Value, LuaError> {
        let table = self.lua.create_table()?;
        for _ in 0..length {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            let wrong = match &key {
                Value::Nil => Some("table index is nil"),
                Value::Number(number) if number.is_nan() => Some("table index is NaN"),
                _ => None,
            };
            if let Some(text) = wrong {
                return Err(super::raise::plain(text));
            }
            table.raw_set(key, value)?;
        }
        Ok(Value::Table(table))
    }
}
