-- 64-bit integers that wrap: FNV-1a and a linear congruential generator. Needs the integers of Lua 5.3.
-- not for: luajit, gopher-lua, fengari
local function fnv(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  return h
end
return function()
  local text = string.rep('The quick brown fox jumps over the lazy dog. ', 400)
  local h = 0
  for _ = 1, 400 do h = h ~ fnv(text) + (h << 1) end
  local state = 1
  for _ = 1, 8000000 do state = state * 6364136223846793005 + 1442695040888963407 end
  return string.format('%016x %016x', h, state)
end
