-- Patterns, gsub with functions and tables, find, format and concatenation.
local text = [[The quick brown fox jumps over the lazy dog, 1234 times; then it sleeps until 5 o'clock.
Order 66: name = "value", price = 12.50 EUR, mail = someone@example.org, path = /usr/local/share/lua.]]
return function()
  local counts, total = {}, 0
  for pass = 1, 7000 do
    for word in string.gmatch(text, '%a+') do counts[word] = (counts[word] or 0) + 1 end
    local upper = string.gsub(text, '(%w+) = (%S+)', function(k, v) return k:upper() .. ':' .. v:lower() end)
    local filled = string.gsub('$name is $age and $name', '%$(%w+)', { name = 'Ann', age = tostring(pass) })
    local from, to = string.find(text, '%d+%.%d+')
    local user, host = string.match(text, '([%w.]+)@([%w.]+)')
    total = total + #upper + #filled + from + to + #user + #host
    local parts = {}
    for i = 1, 30 do parts[i] = string.format('%03d-%s-%5.2f', i, 'x' .. i, i / 3) end
    local joined = table.concat(parts, ',')
    total = total + #joined + #string.rep('ab', 20) + joined:byte(pass % #joined + 1)
    total = total + #(joined:sub(10, 200):reverse():upper())
    local built = ''
    for i = 1, 60 do built = built .. i .. ';' end
    total = total + #built
  end
  return string.format('%d %d %d', total, counts.the or 0, counts.quick)
end
