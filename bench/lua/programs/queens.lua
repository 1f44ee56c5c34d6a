-- All solutions of the eight queens, by recursion over arrays.
local function solve(n)
  local rows, up, down, found = {}, {}, {}, 0
  for i = 1, n do rows[i] = false end
  for i = 1, 2 * n do
    up[i] = false
    down[i] = false
  end
  local function place(column)
    if column > n then
      found = found + 1
      return
    end
    for row = 1, n do
      local a, b = row + column - 1, row - column + n
      if not rows[row] and not up[a] and not down[b] then
        rows[row], up[a], down[b] = true, true, true
        place(column + 1)
        rows[row], up[a], down[b] = false, false, false
      end
    end
  end
  place(1)
  return found
end
return function()
  local found = 0
  for _ = 1, 350 do found = found + solve(8) end
  return found .. ' ' .. solve(9)
end
