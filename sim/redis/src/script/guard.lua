-- Calls a function for Rust. Returns an error as it was raised, and stores its position in `state`:
-- the innermost line of the script.
local position, state = ...
local select, unpack, xpcall = select, unpack, xpcall

local function annotate(err)
  if not state.source then state.source, state.line = position() end
  return err
end

return function(f, ...)
  local count, arguments = select("#", ...), { ... }
  return xpcall(function() return f(unpack(arguments, 1, count)) end, annotate)
end
