-- The environment of scripts. Called once, with the Rust functions; returns the functions that the
-- machine calls.
local rust = ...
local unwrap, is_exhausted, stop, hidden, state = rust.unwrap, rust.is_exhausted, rust.stop, rust.hidden, rust.state
local raw_get, raw_pcall, raw_xpcall, raw_next, position = rust.raw_get, pcall, xpcall, rust.raw_next, rust.position
local type, tostring, select, unpack = type, tostring, select, unpack
local setmetatable, charge_memory = rust.raw_setmetatable, rust.charge_memory

local function deny()
  error("Attempt to modify a readonly table", 2)
end

-- A read-only table: empty, with a metatable that finds the fields. `hidden` maps it to its fields,
-- for the functions that ignore metatables.
local function readonly(fields, index)
  local shown = setmetatable({}, { __index = index or fields, __newindex = deny, __metatable = false })
  hidden[shown] = fields
  return shown
end

-- Converts an error to the error table of the reply.
local function handler(err)
  local source, line = state.source, state.line
  if not source then source, line = position() end
  err = unwrap(err)
  if type(err) ~= "table" then
    err = { err = "ERR " .. tostring(err) }
  end
  if source then
    err.source, err.line = source, line
  end
  return err
end

-- Every function that catches errors calls this: a script without steps left cannot continue. An
-- out-of-memory error is charged, because the work before it was not.
local function catch(err)
  state.source = nil
  if is_exhausted() then stop() end
  err = unwrap(err)
  if err == "not enough memory" then charge_memory() end
  return err
end

-- An error of a command is a table. A script that catches it receives its text, as before Redis 7.
local function caught(ok, ...)
  if ok then return ok, ... end
  local err = catch((...))
  if type(err) == "table" then
    local text = err.err
    if type(text) == "string" or type(text) == "number" then return false, text end
    return false, err, text
  end
  return false, err
end

local function resumed(ok, ...)
  if ok then return ok, ... end
  return false, catch((...))
end

local function handled(ok, ...)
  if not ok and is_exhausted() then stop() end
  return ok, ...
end

local base = {}
for _, name in ipairs {
  "tostring", "setmetatable", "next", "assert", "tonumber", "rawequal", "collectgarbage", "getmetatable", "rawset",
  "type", "select", "unpack", "gcinfo", "pairs", "rawget", "ipairs", "_VERSION", "error", "loadstring", "load",
} do
  base[name] = _G[name]
end
base.__redis__err__handler = handler

function base.pcall(...)
  -- In Redis, this calls the value at the result's stack position.
  if select("#", ...) == 0 then return false, "attempt to call a boolean value" end
  return caught(raw_pcall(...))
end

local check_handler = rust.check_handler
function base.xpcall(...)
  check_handler(...)
  local f, own = ...
  return handled(raw_xpcall(f, function(err)
    if is_exhausted() then return err end
    return own(catch(err))
  end))
end

local coroutines, raw_resume = {}, coroutine.resume
for name, f in raw_next, coroutine do coroutines[name] = f end
local check_coroutine = rust.check_coroutine
function coroutines.resume(...)
  if type((...)) ~= "thread" then check_coroutine() end
  return resumed(raw_resume(...))
end

local libraries = {
  string = string, table = table, math = math, coroutine = coroutines, cjson = rust.cjson, bit = rust.bit,
  cmsgpack = rust.cmsgpack, struct = rust.struct,
}
local string_metatable = getmetatable("")

local function single(field)
  return function(...)
    local text = ...
    if select("#", ...) ~= 1 or type(text) ~= "string" then
      return { err = "ERR wrong number or type of arguments" }
    end
    return { [field] = text }
  end
end

local find, match, sub = string.find, string.match, string.sub
local function error_reply(...)
  local text = ...
  if select("#", ...) ~= 1 or type(text) ~= "string" then
    return { err = "ERR wrong number or type of arguments" }
  end
  -- Redis converts it as C does.
  text = match(text, "^[^%z]*")
  if sub(text, 1, 1) == "-" then text = sub(text, 2) end
  if not find(text, " ", 1, true) then text = "ERR " .. text end
  return { err = text }
end

local api = {
  error_reply = error_reply,
  status_reply = single("ok"),
  replicate_commands = function() return true end,
  breakpoint = function() return false end,
  debug = function() end,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = rust.version, REDIS_VERSION_NUM = rust.version_number,
}
for name, f in raw_next, rust.api do api[name] = f end

-- The environment of one script. Creates everything that the script can reach and change.
local function environment(keys, arguments, call, pcall, setresp, acl_check_cmd)
  for shown in raw_next, hidden do hidden[shown] = nil end
  state.source = nil
  local globals = { KEYS = keys, ARGV = arguments }
  for name, value in raw_next, base do globals[name] = value end
  for name, fields in raw_next, libraries do globals[name] = readonly(fields) end
  local redis = { call = call, pcall = pcall, setresp = setresp, acl_check_cmd = acl_check_cmd }
  for name, value in raw_next, api do redis[name] = value end
  globals.redis = readonly(redis)
  local function index(_, name)
    local value = globals[name]
    if value == nil then
      error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
    end
    return value
  end
  local env = readonly(globals, index)
  globals._G = env
  state.metatables = { [env] = readonly { __index = index } }
  string_metatable.__metatable = readonly { __index = globals.string }
  return env
end

local setfenv, set_environment = setfenv, rust.set_environment
local function run(script, ...)
  local env = environment(...)
  set_environment(env)
  setfenv(script, env)
  return raw_xpcall(script, handler)
end

-- The parts of a reply in order: kind and content. A table's elements follow it. `height` is the
-- size of Lua's stack in Redis at this point, which is limited.
local HIGHEST = 8000
local function flatten(root)
  local parts, length, deepest = {}, 0, 0
  local function add(kind, content)
    parts[length + 1], parts[length + 2] = kind, content
    length = length + 2
    return length
  end
  local function walk(value, height, depth)
    if height + 4 > HIGHEST then return add("limit", false) end
    local kind = type(value)
    if kind ~= "table" then
      if kind == "string" or kind == "number" or kind == "boolean" then return add(kind, value) end
      return add("nil", false)
    end
    if depth > deepest then deepest = depth end
    local content = raw_get(value, "err")
    if type(content) == "string" then return add("err", content) end
    content = raw_get(value, "ok")
    if type(content) == "string" then return add("ok", content) end
    content = raw_get(value, "double")
    if type(content) == "number" then return add("double", content) end
    content = raw_get(value, "big_number")
    if type(content) == "string" then return add("big_number", content) end
    content = raw_get(value, "verbatim_string")
    if type(content) == "table" then
      local format, text = raw_get(content, "format"), raw_get(content, "string")
      if type(format) == "string" and type(text) == "string" then
        add("verbatim_string", text)
        return add("format", format)
      end
    end
    content = raw_get(value, "map")
    if type(content) == "table" then
      local count, at = 0, add("map", 0)
      for key, item in raw_next, content do
        walk(key, height + 4, depth + 1)
        walk(item, height + 3, depth + 1)
        count = count + 1
      end
      parts[at] = count
      return
    end
    content = raw_get(value, "set")
    if type(content) == "table" then
      local count, at = 0, add("set", 0)
      for key in raw_next, content do
        walk(key, height + 3, depth + 1)
        count = count + 1
      end
      parts[at] = count
      return
    end
    local count, at = 0, add("array", 0)
    while true do
      local item = raw_get(value, count + 1)
      if item == nil then break end
      walk(item, height + 1, depth + 1)
      count = count + 1
    end
    parts[at] = count
  end
  walk(root, 2, 1)
  return parts, deepest
end

return run, flatten
