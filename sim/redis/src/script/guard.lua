-- Calls a function for one of Rust's. An error is given back as it was raised, and `state` has its
-- place: the innermost line of the script.
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
