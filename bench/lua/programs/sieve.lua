-- Integer loops over a big array, and words counted in a table with string keys.
return function()
  local limit = 2000000
  local composite = {}
  for i = 1, limit do composite[i] = false end
  local primes = 0
  for i = 2, limit do
    if not composite[i] then
      primes = primes + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  local counts, distinct = {}, 0
  local state = 7
  for _ = 1, 600000 do
    state = (state * 16807) % 2147483647
    local key = 'key' .. state % 5000
    local count = counts[key]
    if count == nil then distinct = distinct + 1 end
    counts[key] = (count or 0) + 1
  end
  return string.format('%d %d %d', primes, distinct, counts.key77 or 0)
end
