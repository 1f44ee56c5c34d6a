-- Building and sorting tables, with and without a comparison of its own.
return function()
  local seed = 42
  local function random()
    seed = (seed * 16807) % 2147483647
    return seed
  end
  local numbers, records = {}, {}
  for i = 1, 200000 do numbers[i] = random() end
  for i = 1, 100000 do records[#records + 1] = { key = random() % 1000, id = i } end
  table.sort(numbers)
  table.sort(records, function(a, b)
    if a.key ~= b.key then return a.key < b.key end
    return a.id > b.id
  end)
  local sum = 0
  for i = 1, #numbers, 1000 do sum = (sum * 31 + numbers[i]) % 1000000007 end
  for i = 1, #records, 1000 do sum = (sum * 31 + records[i].id) % 1000000007 end
  local reversed = {}
  for i = #numbers, 1, -1 do table.insert(reversed, numbers[i]) end
  return string.format('%d %d %d', sum, #reversed, reversed[1])
end
