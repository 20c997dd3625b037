//! The library `bit`: operations on 32-bit integers (Lua BitOp 1.0.2).

use mlua::prelude::LuaError;
use mlua::{Lua, MultiValue, Table};

use super::raise::Arguments;

/// Adding it to a number puts the number's lowest 32 bits into the lowest bits of the mantissa.
const MANTISSA: f64 = 6_755_399_441_055_744.0;

/// An operation on a 32-bit integer.
type Unary = fn(u32) -> u32;

/// An operation on two 32-bit integers.
type Operation = fn(u32, u32) -> u32;

/// Creates the library.
pub(super) fn library(lua: &Lua) -> Result<Table, LuaError> {
    let table = lua.create_table()?;
    let unary: [(&str, Unary); 3] =
        [("tobit", |bits| bits), ("bnot", |bits| !bits), ("bswap", u32::swap_bytes)];
    for (name, apply) in unary {
        let function = move |lua: &Lua, values: MultiValue| {
            Ok(signed(apply(argument(&Arguments::new(lua, values), 1)?)))
        };
        table.raw_set(name, lua.create_function(function)?)?;
    }
    let folds: [(&str, Operation); 3] = [
        ("band", |one, other| one & other),
        ("bor", |one, other| one | other),
        ("bxor", |one, other| one ^ other),
    ];
    for (name, apply) in folds {
        let function = move |lua: &Lua, values: MultiValue| {
            let arguments = Arguments::new(lua, values);
            let mut bits = argument(&arguments, 1)?;
            // From the last argument, as the library does.
            for at in (2..=arguments.len()).rev() {
                bits = apply(bits, argument(&arguments, at)?);
            }
            Ok(signed(bits))
        };
        table.raw_set(name, lua.create_function(function)?)?;
    }
    let shifts: [(&str, Operation); 5] = [
        ("lshift", |bits, by| bits << by),
        ("rshift", |bits, by| bits >> by),
        ("arshift", |bits, by| ((bits as i32) >> by) as u32),
        ("rol", u32::rotate_left),
        ("ror", u32::rotate_right),
    ];
    for (name, apply) in shifts {
        let function = move |lua: &Lua, values: MultiValue| {
            let arguments = Arguments::new(lua, values);
            let bits = argument(&arguments, 1)?;
            Ok(signed(apply(bits, argument(&arguments, 2)? & 31)))
        };
        table.raw_set(name, lua.create_function(function)?)?;
    }
    table.raw_set("tohex", lua.create_function(tohex)?)?;
    Ok(table)
}

fn argument(arguments: &Arguments<'_>, number: usize) -> Result<u32, LuaError> {
    Ok((arguments.number(number)? + MANTISSA).to_bits() as u32)
}

fn signed(bits: u32) -> f64 {
    f64::from(bits as i32)
}

/// The lowest digits in hexadecimal; in upper case if their number is negative.
fn tohex(lua: &Lua, values: MultiValue) -> Result<String, LuaError> {
    let arguments = Arguments::new(lua, values);
    let bits = argument(&arguments, 1)?;
    let digits = if arguments.len() < 2 { 8 } else { argument(&arguments, 2)? as i32 };
    let count = digits.unsigned_abs().min(8) as usize;
    let all = if digits < 0 { format!("{bits:08X}") } else { format!("{bits:08x}") };
    Ok(all[8 - count..].to_owned())
}
