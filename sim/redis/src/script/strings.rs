//! The functions of `string` that take patterns, and `rep`. Their work is charged as steps.

use mlua::prelude::LuaError;
use mlua::{Function, Lua, LuaString, MultiValue, Table, Value};

use super::budget::Budget;
use super::guard::Guard;
use super::pattern::{Capture, Fault, Matcher};
use super::raise::{Arguments, argument, at_caller, plain, type_name};

/// Characters that distinguish a pattern from plain text (`SPECIALS`).
const SPECIALS: &[u8] = b"^$*+?.([%-";
/// Bytes of plain text compared in one step.
const BYTES_PER_STEP: usize = 8;

/// Adds the functions to the table.
pub(super) fn install(
    lua: &Lua,
    string: &Table,
    budget: &Budget,
    guard: &Guard,
    most_memory: usize,
) -> Result<(), LuaError> {
    for (name, is_find) in [("find", true), ("match", false)] {
        let budget = budget.clone();
        let function = lua
            .create_function(move |lua, values| find(lua, &Arguments::new(lua, values), &budget, is_find))?;
        string.raw_set(name, function)?;
    }
    let own = budget.clone();
    let gmatch = lua.create_function(move |lua, values| gmatch(lua, &Arguments::new(lua, values), &own))?;
    string.raw_set("gmatch", &gmatch)?;
    // The older name.
    string.raw_set("gfind", gmatch)?;
    let (own, guard) = (budget.clone(), guard.clone());
    let index = lua.load("local table, key = ... return table[key]").set_name("=prelude").into_function()?;
    let gsub = lua
        .create_function(move |lua, values| gsub(lua, &Arguments::new(lua, values), &own, &guard, &index))?;
    string.raw_set("gsub", gsub)?;
    let own = budget.clone();
    let rep = lua.create_function(move |lua, values| {
        let arguments = Arguments::new(lua, values);
        let (text, count) = (arguments.string(1)?, arguments.integer(2)?);
        let count = usize::try_from(count as i32).unwrap_or(0);
        let bytes = text.as_bytes();
        let length = bytes.len().saturating_mul(count);
        if length > most_memory {
            return Err(plain("not enough memory"));
        }
        own.charge((length / BYTES_PER_STEP) as u64)?;
        lua.create_string(bytes.repeat(count))
    })?;
    string.raw_set("rep", rep)
}

/// Runs `search` with a matcher, and charges the steps used.
fn matching<T>(
    lua: &Lua,
    budget: &Budget,
    [subject, pattern]: [&[u8]; 2],
    search: impl FnOnce(&mut Matcher<'_>) -> Result<T, Fault>,
) -> Result<T, LuaError> {
    let steps = budget.left();
    let mut matcher = Matcher::new(subject, pattern, steps);
    let result = search(&mut matcher);
    budget.charge(match result {
        Err(Fault::OutOfSteps) => steps,
        _ => steps - matcher.steps(),
    })?;
    result.map_err(|fault| match fault {
        Fault::Malformed(text) => at_caller(lua, text),
        // The charge above has already failed.
        Fault::OutOfSteps => plain("no steps left"),
    })
}

fn capture(lua: &Lua, subject: &[u8], capture: &Capture) -> Result<Value, LuaError> {
    match capture {
        Capture::Text(range) => lua.create_string(&subject[range.clone()]).map(Value::String),
        Capture::Position(position) => Ok(Value::Number((position + 1) as f64)),
        Capture::Unfinished => Err(at_caller(lua, "unfinished capture")),
    }
}

/// Converts a script's position, from 1 or negative from the end, to an index from 0.
fn to_index(position: i64, length: usize) -> usize {
    let position = if position < 0 { position.saturating_add(length as i64 + 1).max(0) } else { position };
    usize::try_from(position.saturating_sub(1)).unwrap_or(0).min(length)
}

/// `string.find` and `string.match`.
fn find(
    lua: &Lua,
    arguments: &Arguments<'_>,
    budget: &Budget,
    is_find: bool,
) -> Result<MultiValue, LuaError> {
    let (subject, pattern) = (arguments.string(1)?, arguments.string(2)?);
    let start = arguments.optional_integer(3)?.unwrap_or(1);
    let is_plain = is_find && !matches!(arguments.get(4), Value::Nil | Value::Boolean(false));
    let (subject, pattern) = (&*subject.as_bytes(), &*pattern.as_bytes());
    let start = to_index(start, subject.len());
    let number = |position: usize| Value::Number(position as f64);
    let until_nul = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
    if is_plain || is_find && !until_nul.iter().any(|byte| SPECIALS.contains(byte)) {
        budget.charge(((subject.len() - start) / BYTES_PER_STEP) as u64)?;
        let found = memchr::memmem::find(&subject[start..], pattern).map(|at| at + start);
        return Ok(match found {
            Some(at) => MultiValue::from_vec(vec![number(at + 1), number(at + pattern.len())]),
            None => MultiValue::from_vec(vec![Value::Nil]),
        });
    }
    let (is_anchored, pattern) = anchor(pattern);
    let found = matching(lua, budget, [subject, pattern], |matcher| {
        for at in start..=subject.len() {
            if let Some(end) = matcher.match_at(at)? {
                let captures = if is_find { matcher.explicit_captures() } else { matcher.captures(at..end) };
                return Ok(Some((at, end, captures)));
            }
            if is_anchored {
                break;
            }
        }
        Ok(None)
    })?;
    let Some((at, end, captures)) = found else { return Ok(MultiValue::from_vec(vec![Value::Nil])) };
    let mut results = if is_find { vec![number(at + 1), number(end)] } else { Vec::new() };
    for it in &captures {
        results.push(capture(lua, subject, it)?);
    }
    Ok(MultiValue::from_vec(results))
}

fn anchor(pattern: &[u8]) -> (bool, &[u8]) {
    pattern.strip_prefix(b"^").map_or((false, pattern), |rest| (true, rest))
}

/// `string.gmatch`: returns a function that returns the next match. `^` is an ordinary character.
fn gmatch(lua: &Lua, arguments: &Arguments<'_>, budget: &Budget) -> Result<Function, LuaError> {
    let (subject, pattern) = (arguments.string(1)?, arguments.string(2)?);
    let (budget, mut next) = (budget.clone(), 0);
    lua.create_function_mut(move |lua, _: MultiValue| {
        let (subject, pattern) = (&*subject.as_bytes(), &*pattern.as_bytes());
        let found = matching(lua, &budget, [subject, pattern], |matcher| {
            for at in next..=subject.len() {
                if let Some(end) = matcher.match_at(at)? {
                    return Ok(Some((at, end, matcher.captures(at..end))));
                }
            }
            Ok(None)
        })?;
        let Some((at, end, captures)) = found else { return Ok(MultiValue::new()) };
        next = if end == at { end + 1 } else { end };
        captures.iter().map(|it| capture(lua, subject, it)).collect::<Result<MultiValue, _>>()
    })
}

/// The third argument of `gsub`.
enum Replacement {
    Text(LuaString),
    Function(Function),
    Table(Table),
}

/// `string.gsub`.
fn gsub(
    lua: &Lua,
    arguments: &Arguments<'_>,
    budget: &Budget,
    guard: &Guard,
    index: &Function,
) -> Result<(LuaString, f64), LuaError> {
    let (subject, pattern) = (arguments.string(1)?, arguments.string(2)?);
    let most = arguments.optional_integer(4)?.map(|most| most as i32);
    let replacement = match arguments.get(3) {
        Value::Function(function) => Replacement::Function(function),
        Value::Table(table) => Replacement::Table(table),
        Value::String(_) | Value::Integer(_) | Value::Number(_) => Replacement::Text(arguments.string(3)?),
        _ => return Err(argument(lua, 3, "string/function/table expected")),
    };
    let (subject, pattern) = (&*subject.as_bytes(), &*pattern.as_bytes());
    let most = most.map_or(subject.len() + 1, |most| usize::try_from(most).unwrap_or(0));
    let (is_anchored, pattern) = anchor(pattern);
    let (mut result, mut at, mut count) = (Vec::new(), 0, 0);
    while count < most {
        let found = matching(lua, budget, [subject, pattern], |matcher| {
            let end = matcher.match_at(at)?;
            Ok(end.map(|end| (end, matcher.captures(at..end))))
        })?;
        if let Some((end, captures)) = &found {
            count += 1;
            let whole = &subject[at..*end];
            match &replacement {
                Replacement::Text(text) => {
                    expand(lua, &mut result, &text.as_bytes(), subject, whole, captures)?
                }
                Replacement::Function(function) => {
                    let values = captures.iter().map(|it| capture(lua, subject, it));
                    let value = guard.call(lua, function, values.collect::<Result<MultiValue, _>>()?)?;
                    substitute(lua, &mut result, value, whole)?;
                }
                Replacement::Table(table) => {
                    let key = capture(lua, subject, &captures[0])?;
                    let call = MultiValue::from_vec(vec![Value::Table(table.clone()), key]);
                    substitute(lua, &mut result, guard.call(lua, index, call)?, whole)?;
                }
            }
            budget.charge((whole.len() / BYTES_PER_STEP) as u64)?;
        }
        match found {
            Some((end, _)) if end > at => at = end,
            _ if at < subject.len() => {
                result.push(subject[at]);
                at += 1;
            }
            _ => break,
        }
        if is_anchored {
            break;
        }
    }
    result.extend_from_slice(&subject[at..]);
    budget.charge((result.len() / BYTES_PER_STEP) as u64)?;
    Ok((lua.create_string(result)?, count as f64))
}

/// Appends a replacement text with `%0` to `%9` expanded.
fn expand(
    lua: &Lua,
    result: &mut Vec<u8>,
    text: &[u8],
    subject: &[u8],
    whole: &[u8],
    captures: &[Capture],
) -> Result<(), LuaError> {
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            result.push(byte);
            continue;
        }
        // In C, a NUL follows the text.
        match bytes.next().copied().unwrap_or(0) {
            b'0' => result.extend_from_slice(whole),
            digit @ b'1'..=b'9' => match captures.get(usize::from(digit - b'1')) {
                Some(Capture::Text(range)) => result.extend_from_slice(&subject[range.clone()]),
                Some(Capture::Position(position)) => {
                    result.extend_from_slice((position + 1).to_string().as_bytes());
                }
                Some(Capture::Unfinished) => return Err(at_caller(lua, "unfinished capture")),
                None => return Err(at_caller(lua, "invalid capture index")),
            },
            other => result.push(other),
        }
    }
    Ok(())
}

/// Appends the result of a replacement function or table.
fn substitute(lua: &Lua, result: &mut Vec<u8>, value: Value, whole: &[u8]) -> Result<(), LuaError> {
    match value {
        Value::Nil | Value::Boolean(false) => result.extend_from_slice(whole),
        Value::String(text) => result.extend_from_slice(&text.as_bytes()),
        value @ (Value::Integer(_) | Value::Number(_)) => {
            let text = lua.coerce_string(value)?;
            result.extend_from_slice(&text.map(|text| text.as_bytes().to_vec()).unwrap_or_default());
        }
        other => {
            let text = format!("invalid replacement value (a {})", type_name(&other));
            return Err(at_caller(lua, &text));
        }
    }
    Ok(())
}
