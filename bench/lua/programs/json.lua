-- A JSON encoder and decoder as applications write them.
local escapes = { ['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\t'] = '\\t' }
local encode
local function encodeText(text)
  return '"' .. text:gsub('["\\\n\t]', escapes) .. '"'
end
function encode(value, out)
  local kind = type(value)
  if kind == 'table' then
    if value[1] ~= nil or next(value) == nil then
      out[#out + 1] = '['
      for i = 1, #value do
        if i > 1 then out[#out + 1] = ',' end
        encode(value[i], out)
      end
      out[#out + 1] = ']'
    else
      local keys = {}
      for key in pairs(value) do keys[#keys + 1] = key end
      table.sort(keys)
      out[#out + 1] = '{'
      for i, key in ipairs(keys) do
        if i > 1 then out[#out + 1] = ',' end
        out[#out + 1] = encodeText(key)
        out[#out + 1] = ':'
        encode(value[key], out)
      end
      out[#out + 1] = '}'
    end
  elseif kind == 'string' then
    out[#out + 1] = encodeText(value)
  else
    out[#out + 1] = tostring(value)
  end
end
local decode
local function skip(text, at) return text:find('[^ \n\r\t]', at) end
function decode(text, at)
  at = skip(text, at)
  local c = text:sub(at, at)
  if c == '{' then
    local result = {}
    at = skip(text, at + 1)
    if text:sub(at, at) == '}' then return result, at + 1 end
    while true do
      local key, value
      key, at = decode(text, at)
      at = skip(text, at)
      value, at = decode(text, at + 1)
      result[key] = value
      at = skip(text, at)
      if text:sub(at, at) == '}' then return result, at + 1 end
      at = at + 1
    end
  elseif c == '[' then
    local result = {}
    at = skip(text, at + 1)
    if text:sub(at, at) == ']' then return result, at + 1 end
    while true do
      result[#result + 1], at = decode(text, at)
      at = skip(text, at)
      if text:sub(at, at) == ']' then return result, at + 1 end
      at = at + 1
    end
  elseif c == '"' then
    local from = at + 1
    local parts = {}
    while true do
      local stop = text:find('["\\]', from)
      parts[#parts + 1] = text:sub(from, stop - 1)
      if text:sub(stop, stop) == '"' then return table.concat(parts), stop + 1 end
      local escaped = text:sub(stop + 1, stop + 1)
      parts[#parts + 1] = escaped == 'n' and '\n' or escaped == 't' and '\t' or escaped
      from = stop + 2
    end
  elseif text:sub(at, at + 3) == 'true' then
    return true, at + 4
  elseif text:sub(at, at + 4) == 'false' then
    return false, at + 5
  end
  local number = text:match('^-?[%d.eE+-]+', at)
  return tonumber(number), at + #number
end
return function()
  local orders = {}
  for i = 1, 200 do
    orders[i] = {
      id = i, customer = 'Customer "' .. i .. '"', paid = i % 3 == 0, notes = 'line one\nline two\t' .. i,
      items = { { sku = 'A' .. i, count = i % 7 + 1, price = i * 100 + 5 }, { sku = 'B' .. i, count = 2, price = 250 } },
      tags = { 'new', 'web', 'tag' .. i % 10 },
    }
  end
  local text, sum = '', 0
  for pass = 1, 50 do
    local out = {}
    encode(orders, out)
    text = table.concat(out)
    local back = decode(text, 1)
    sum = sum + #text + back[pass].items[1].price + #back[200].notes
  end
  return string.format('%d %s', sum, text:sub(1, 40))
end
