//! Functions on tables. The library's own tables are read-only, and are changed by none of these.
//!
//! Lua 5.1 has no read-only tables; Redis has added them to its own. Here, what a script sees of
//! such a table is an empty one whose metatable finds the fields, so that functions which pass over
//! metatables have to know it: `hidden` has the table of the fields for each.

use mlua::prelude::LuaError;
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::budget::Budget;
use super::guard::Guard;
use super::raise::{Arguments, argument, at_caller, plain};

/// What Redis' Lua says where a read-only table would be changed.
const READ_ONLY: &str = "Attempt to modify a readonly table";

/// Steps that an element of `table.concat` counts for: a number is printed.
const CONCATENATION: u64 = 32;

/// What the functions share.
#[derive(Clone)]
struct Context {
    hidden: Table,
    /// Has `metatables`: what `getmetatable` gives for a table of the library, where that is not
    /// nil.
    state: Table,
    budget: Budget,
    guard: Guard,
}

impl Context {
    /// The fields, if the table is one of the library's.
    fn fields(&self, table: &Table) -> Result<Option<Table>, LuaError> {
        self.hidden.raw_get(table)
    }

    fn refuse_read_only(&self, table: &Table) -> Result<(), LuaError> {
        if self.fields(table)?.is_some() { Err(plain(READ_ONLY)) } else { Ok(()) }
    }
}

type Body = fn(&Lua, &Arguments<'_>, &Context, &Function) -> Result<MultiValue, LuaError>;

/// Replaces functions of Lua's library by ours.
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
    // Only a key that is not there can fail.
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
        // The fields themselves stay where a script cannot change them.
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
    // The metatable that hides the fields is not shown.
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
            let place = arguments.integer(2)? as i32;
            // A place far behind the end moves nothing; one before the start moves all, and more.
            usize::try_from(length as i64 + 1 - i64::from(place)).unwrap_or(0)
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
    let place = arguments.optional_integer(2)?.map_or(length as i64, |place| i64::from(place as i32));
    if !(1..=length as i64).contains(&place) {
        return Ok(MultiValue::new());
    }
    context.budget.charge((length as i64 - place) as u64)?;
    let call = MultiValue::from_vec(vec![Value::Table(table), Value::Number(place as f64)]);
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
    // The first place that has nothing in it is an error, so no more are looked at than there are.
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
    // As many comparisons as quicksort makes on average. The worst, a square of it, is the budget
    // of a script itself.
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
