//! Functions on tables. None of them changes the library's read-only tables.
//!
//! Lua 5.1 has no read-only tables; Redis has patched its Lua to add them. Here, a script receives
//! an empty table with a metatable that finds the fields. Functions that ignore metatables
//! therefore handle such tables separately: `hidden` maps each to the table of its fields.

use mlua::prelude::LuaError;
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::budget::Budget;
use super::guard::Guard;
use super::raise::{Arguments, argument, at_caller, plain};

/// The error of Redis' Lua for a change of a read-only table.
const READ_ONLY: &str = "Attempt to modify a readonly table";

/// Steps charged for an element of `table.concat`, which formats a number.
const CONCATENATION: u64 = 32;

/// The state that the functions share.
#[derive(Clone)]
struct Context {
    hidden: Table,
    /// `metatables` maps a library table to the result of `getmetatable`, unless it is nil.
    state: Table,
    budget: Budget,
    guard: Guard,
}

impl Context {
    /// The fields, if this is a library table.
    fn fields(&self, table: &Table) -> Result<Option<Table>, LuaError> {
        self.hidden.raw_get(table)
    }

    fn refuse_read_only(&self, table: &Table) -> Result<(), LuaError> {
        if self.fields(table)?.is_some() { Err(plain(READ_ONLY)) } else { Ok(()) }
    }
}

type Body = fn(&Lua, &Arguments<'_>, &Context, &Function) -> Result<MultiValue, LuaError>;

/// Replaces functions of Lua's library.
pub(super) fn install(
    lua: &Lua,
    [hidden, state]: [Table; 2],
    budget: &Budget,
    guard: &Guard,
) -> Result<(), LuaError> {
    let context = Context { hidden, state, budget: budget.clone(), guard: guard.clone() };
    let base: [(&str, Body); 6] = [
        ("next", next),
        ("pairs", pairs),
        ("rawget", rawget),
        ("rawset", rawset),
        ("getmetatable", getmetatable),
        ("setmetatable", setmetatable),
    ];
    let table: [(&str, Body); 5] =
        [("insert", insert), ("remove", remove), ("concat", concat), ("sort", sort), ("maxn", maxn)];
    replace(lua, &lua.globals(), &context, &base)?;
    replace(lua, &lua.globals().get("table")?, &context, &table)
}

fn replace(
    lua: &Lua,
    library: &Table,
    context: &Context,
    functions: &[(&str, Body)],
) -> Result<(), LuaError> {
    for &(name, body) in functions {
        let (context, raw): (_, Function) = (context.clone(), library.raw_get(name)?);
        let function =
            lua.create_function(move |lua, values| body(lua, &Arguments::new(lua, values), &context, &raw))?;
        library.raw_set(name, function)?;
    }
    Ok(())
}

fn one(value: Value) -> MultiValue {
    MultiValue::from_vec(vec![value])
}

fn next(
    _: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    let table = context.fields(&table)?.unwrap_or(table);
    // The only possible error is a missing key.
    raw.call((table, arguments.get(2))).map_err(|_| plain("invalid key to 'next'"))
}

fn pairs(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    match context.fields(&table)? {
        // The table of the fields itself is never passed to a script.
        Some(_) => {
            let next: Function = lua.globals().raw_get("next")?;
            Ok(MultiValue::from_vec(vec![Value::Function(next), Value::Table(table), Value::Nil]))
        }
        None => raw.call(table),
    }
}

fn rawget(
    _: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    _: &Function,
) -> Result<MultiValue, LuaError> {
    let (table, key) = (arguments.table(1)?, arguments.any(2)?);
    context.fields(&table)?.unwrap_or(table).raw_get(key).map(one)
}

fn rawset(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let (table, key, value) = (arguments.table(1)?, arguments.any(2)?, arguments.any(3)?);
    context.refuse_read_only(&table)?;
    let call = MultiValue::from_vec(vec![Value::Table(table), key, value]);
    context.guard.call_raw(lua, raw, call, &[]).map(one)
}

fn getmetatable(
    _: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let value = arguments.any(1)?;
    // The metatable that hides the fields is not returned.
    if let Value::Table(table) = &value
        && context.fields(table)?.is_some()
    {
        let shown: Option<Table> = context.state.raw_get("metatables")?;
        return shown.map_or(Ok(Value::Nil), |shown| shown.raw_get(table)).map(one);
    }
    raw.call::<Value>(value).map(one)
}

fn setmetatable(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    let metatable = match arguments.get(2) {
        Value::Nil if arguments.len() >= 2 => Value::Nil,
        metatable @ Value::Table(_) => metatable,
        _ => return Err(argument(lua, 2, "nil or table expected")),
    };
    context.refuse_read_only(&table)?;
    let call = MultiValue::from_vec(vec![Value::Table(table), metatable]);
    context.guard.call_raw(lua, raw, call, &["cannot change"]).map(one)
}

fn insert(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    let length = table.raw_len();
    let moved = match arguments.len() {
        2 => 0,
        3 => {
            let position = arguments.integer(2)? as i32;
            // A position far after the end moves nothing; one before the start moves all elements,
            // and more.
            usize::try_from(length as i64 + 1 - i64::from(position)).unwrap_or(0)
        }
        _ => return Err(at_caller(lua, "wrong number of arguments to 'insert'")),
    };
    context.refuse_read_only(&table)?;
    context.budget.charge(moved as u64)?;
    let call = (1..=arguments.len()).map(|number| arguments.get(number)).collect();
    context.guard.call_raw(lua, raw, call, &[])?;
    Ok(MultiValue::new())
}

fn remove(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    let length = table.raw_len();
    let position =
        arguments.optional_integer(2)?.map_or(length as i64, |position| i64::from(position as i32));
    if !(1..=length as i64).contains(&position) {
        return Ok(MultiValue::new());
    }
    context.budget.charge((length as i64 - position) as u64)?;
    let call = MultiValue::from_vec(vec![Value::Table(table), Value::Number(position as f64)]);
    context.guard.call_raw(lua, raw, call, &[]).map(one)
}

fn concat(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    if !arguments.get(2).is_nil() {
        arguments.string(2)?;
    }
    let table = arguments.table(1)?;
    let first = arguments.optional_integer(3)?.map_or(1, |first| i64::from(first as i32));
    let last = arguments.optional_integer(4)?.map_or(table.raw_len() as i64, |last| i64::from(last as i32));
    // The first missing element is an error, so at most all existing elements are read.
    let most = table.raw_len() as i64 + 1;
    context.budget.charge(CONCATENATION * (last - first + 1).clamp(0, most) as u64)?;
    let call = (1..=arguments.len()).map(|number| arguments.get(number)).collect();
    context.guard.call_raw(lua, raw, call, &["invalid value ("]).map(one)
}

fn sort(
    lua: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    let length = table.raw_len();
    let mut call = vec![Value::Table(table)];
    if !arguments.get(2).is_nil() {
        call.push(Value::Function(arguments.function(2)?));
    }
    // Charges the average number of comparisons of quicksort, not its quadratic worst case.
    let depth = length.checked_ilog2().unwrap_or(0) as usize + 1;
    context.budget.charge((2 * length * depth) as u64)?;
    context.guard.call_raw(lua, raw, MultiValue::from_vec(call), &["invalid order function"])?;
    Ok(MultiValue::new())
}

fn maxn(
    _: &Lua,
    arguments: &Arguments<'_>,
    context: &Context,
    raw: &Function,
) -> Result<MultiValue, LuaError> {
    let table = arguments.table(1)?;
    context.budget.charge(table.raw_len() as u64)?;
    raw.call::<Value>(table).map(one)
}
