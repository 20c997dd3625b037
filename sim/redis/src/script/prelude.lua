-- What a script sees. Called once, with the functions that are not Lua; gives the function that runs a script.
local position, unwrap, is_final, sha1hex, random, seed, version, version_number = ...

local base = {}
for _, name in ipairs {
  "xpcall", "tostring", "setmetatable", "next", "assert", "tonumber", "rawequal", "collectgarbage", "getmetatable",
  "rawset", "coroutine", "type", "select", "unpack", "gcinfo", "pairs", "rawget", "ipairs", "_VERSION", "error",
} do
  base[name] = _G[name]
end

local function deny()
  error("Attempt to modify a readonly table", 2)
end

local function readonly(table)
  return setmetatable({}, { __index = table, __newindex = deny, __metatable = false })
end

-- As C's math.random, over the numbers that Redis has.
function math.random(...)
  local r = random()
  local count = select("#", ...)
  local low, high = 1, ...
  if count == 0 then return r end
  if count > 2 then error("wrong number of arguments", 2) end
  if count == 2 then low, high = ... end
  if low > high then error("bad argument #" .. count .. " to 'random' (interval is empty)", 2) end
  return math.floor(r * (high - low + 1)) + low
end
math.randomseed = seed

for _, name in ipairs { "string", "table", "math" } do
  base[name] = readonly(_G[name])
end
getmetatable("").__metatable = false

-- What an error becomes for the one who sent the script.
local function handler(err)
  err = unwrap(err)
  if type(err) ~= "table" then
    err = { err = "ERR " .. tostring(err) }
  end
  local source, line = position()
  if source then
    err.source, err.line = source, line
  end
  return err
end

-- An error of a command is a table. A script that catches it gets its text, as it did before Redis 7.
local function caught(ok, err, ...)
  if ok then return ok, err, ... end
  if is_final(err) then error(err, 0) end
  err = unwrap(err)
  if type(err) == "table" and type(err.err) == "string" then
    err = err.err
  end
  return false, err
end

local raw_pcall, raw_loadstring, raw_load, setfenv = pcall, loadstring, load, setfenv

function base.pcall(...)
  return caught(raw_pcall(...))
end

local function single(field)
  return function(...)
    local text = ...
    if select("#", ...) ~= 1 or type(text) ~= "string" then
      return { err = "ERR wrong number or type of arguments" }
    end
    return { [field] = text }
  end
end

local function error_reply(...)
  local text = ...
  if select("#", ...) ~= 1 or type(text) ~= "string" then
    return { err = "ERR wrong number or type of arguments" }
  end
  if text:sub(1, 1) == "-" then text = text:sub(2) end
  if not text:find(" ", 1, true) then text = "ERR " .. text end
  return { err = text }
end

local function nothing() end

local function environment(keys, arguments, call, pcall, setresp)
  local own = { KEYS = keys, ARGV = arguments }
  local env = setmetatable({}, {
    __index = function(_, name)
      local value = own[name]
      if value == nil then value = base[name] end
      if value == nil then
        error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
      end
      return value
    end,
    __newindex = deny,
    __metatable = false,
  })
  local function within(f, err)
    if f then setfenv(f, env) end
    return f, err
  end
  own._G = env
  function own.loadstring(...) return within(raw_loadstring(...)) end
  function own.load(...) return within(raw_load(...)) end
  own.redis = readonly {
    call = call,
    pcall = pcall,
    setresp = setresp,
    sha1hex = sha1hex,
    error_reply = error_reply,
    status_reply = single("ok"),
    log = nothing,
    set_repl = nothing,
    replicate_commands = function() return true end,
    breakpoint = function() return false end,
    debug = nothing,
    LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
    REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
    REDIS_VERSION = version, REDIS_VERSION_NUM = version_number,
  }
  return env
end

return function(script, ...)
  setfenv(script, environment(...))
  return xpcall(script, handler)
end
