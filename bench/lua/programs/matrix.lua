-- Arrays of arrays of floats: multiplication of matrices.
local function matrix(n, seed)
  local rows = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = ((i * 31 + j * 17 + seed) % 100) / 7 end
    rows[i] = row
  end
  return rows
end
local function multiply(a, b, n)
  local c = {}
  for i = 1, n do
    local row, left = {}, a[i]
    for j = 1, n do
      local sum = 0.0
      for k = 1, n do sum = sum + left[k] * b[k][j] end
      row[j] = sum
    end
    c[i] = row
  end
  return c
end
return function()
  local n = 200
  local a, b = matrix(n, 1), matrix(n, 2)
  local c = multiply(a, b, n)
  c = multiply(c, a, n)
  return string.format('%.6f %.6f', c[1][1], c[n][n])
end
