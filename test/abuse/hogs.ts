// Programs that would take all the time or all the memory there is. Each is the body of a function of its own, on one line.
// A hog must be stopped by its budget, whatever it wraps around itself; the tests and the fault tests run the same ones.

export interface Hog {
  readonly name: string;
  readonly text: string;
  /** Another engine cannot count it; says why. */
  readonly notOnFengari?: string;
}

/** A sample of them: the first of so many. */
export const everyNth = (hogs: readonly Hog[], step: number): readonly Hog[] =>
  hogs.filter((_hog, at) => at % step === 0);

export function hogNamed(hogs: readonly Hog[], name: string): Hog {
  const found = hogs.find((hog) => hog.name === name);
  if (found === undefined) throw new TypeError(`no hog is called '${name}'`);
  return found;
}

/** They never end. */
export const loops: readonly Hog[] = [
  { name: 'an empty loop', text: 'while true do end' },
  { name: 'repeat', text: 'local n = 0 repeat n = n + 1 until false' },
  { name: 'a numeric for of steps without end', text: 'for i = 1, math.huge do end' },
  { name: 'a backward goto', text: '::again:: goto again' },
  { name: 'a loop of calls', text: 'local function f() end while true do f() end' },
  { name: 'tail calls', text: 'local function f() return f() end return f()' },
  {
    name: 'tail calls of two functions',
    text: 'local f, g function f() return g() end function g() return f() end f()',
  },
  { name: 'pcall around it', text: 'while true do pcall(function() while true do end end) end' },
  { name: 'xpcall around it', text: 'while true do xpcall(function() while true do end end, print) end' },
  { name: 'errors that are swallowed', text: 'while true do pcall(error, "again") end' },
  { name: 'errors of operators', text: 'while true do pcall(function() return nil + 1 end) end' },
  { name: 'tables as errors', text: 'while true do pcall(error, {}) end' },
  {
    name: 'stack overflows that are swallowed',
    text: 'local function f() return 1 + f() end while true do pcall(f) end',
  },
  {
    name: 'a to-be-closed variable',
    text: 'local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end',
    notOnFengari: 'it has no <close>',
  },
  {
    name: 'repeat in a finalizer',
    text: 'local x <close> = setmetatable({}, {__close = function() repeat until false end}) error("first")',
    notOnFengari: 'it has no <close>',
  },
  { name: 'a coroutine', text: 'coroutine.wrap(function() while true do end end)()' },
  {
    name: 'coroutines that only switch',
    text: 'local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end',
  },
  {
    name: 'coroutines that resume each other in turns',
    text: 'while true do local co = coroutine.create(function() error("x") end) coroutine.resume(co) end',
  },
  {
    name: '__index',
    text: 'local t = setmetatable({}, {__index = function() while true do end end}) return t.x',
  },
  {
    name: 'a chain of __index',
    text: 'local t = {} for i = 1, 1900 do t = setmetatable({}, {__index = t}) end while true do local x = t.missing end',
  },
  {
    name: 'a chain of __newindex',
    text: 'local t = {} for i = 1, 1900 do t = setmetatable({}, {__newindex = t}) end while true do t.x = nil end',
  },
  {
    name: '__eq',
    text: 'local m = {__eq = function() while true do end end} return setmetatable({}, m) == setmetatable({}, m)',
  },
  { name: '__concat', text: 'return setmetatable({}, {__concat = function() while true do end end}) .. "x"' },
  {
    name: '__pairs that never ends',
    text: 'for _ in pairs(setmetatable({}, {__pairs = function() return function() return 1 end end})) do end',
  },
  { name: 'an iterator that never ends', text: 'for _ in function() return 1 end do end' },
  { name: 'a comparator', text: 'table.sort({1, 2, 3}, function() while true do end end)' },
  {
    name: 'sorting again and again',
    text: 'local t = {} for i = 1, 1000 do t[i] = i * 7919 % 1000 end while true do table.sort(t, function(a, b) return a > b end) end',
  },
  {
    name: 'sorting by type again and again',
    text: 'local t = {} for i = 1, 10000 do t[i] = i * 7919 % 1000 end while true do table.sort(t) end',
  },
  {
    name: 'a mad comparator',
    text: 'local t = {} for i = 1, 1000 do t[i] = i end while true do pcall(table.sort, t, function(a, b) return true end) end',
  },
  { name: 'a pattern that backtracks', text: 'return ("a"):rep(3e4):find(".-.-.-.-b")' },
  { name: 'a pattern with many stars', text: 'return ("a"):rep(3e4):find("a*a*a*a*b")' },
  { name: '%b on a long input', text: 'local s = ("("):rep(1e5) while true do s:find("%b()") end' },
  { name: '%f on a long input', text: 'local s = ("a"):rep(1e5) while true do s:find("%f[%d]") end' },
  { name: 'a back reference', text: 'local s = ("a"):rep(2e4) return s:find("(a*)b%1")' },
  {
    name: 'plain finds',
    text: 'local s, p = ("a"):rep(1e6), "b" .. ("a"):rep(1000) while true do s:find(p, 1, true) end',
  },
  { name: 'gsub with a function', text: 'while true do ("x"):rep(1000):gsub(".", function() end) end' },
  { name: 'string.rep', text: 'while true do local s = ("x"):rep(1000) end' },
  { name: 'reversing', text: 'local s = ("x"):rep(1e6) while true do s:reverse() end' },
  { name: 'bytes', text: 'local s = ("x"):rep(1e5) while true do s:byte(1, -1) end' },
  {
    name: 'comparing long strings',
    text: 'local a, b = ("x"):rep(1e7) .. "a", ("x"):rep(1e7) .. "b" while true do local c = a < b end',
  },
  {
    name: 'long strings that are nearly equal',
    text: 'local a, b = ("x"):rep(1e7) .. "a", ("x"):rep(1e7) .. "b" while true do local c = a == b end',
  },
  {
    name: 'long keys',
    text: 'local t, s = {}, ("x"):rep(1e6) t[s .. "a"] = 1 local k = s .. "a" while true do local x = t[k] end',
  },
  { name: 'long numbers', text: 'local s = ("0"):rep(1e7) .. "1" while true do local n = s + 1 end' },
  { name: 'tonumber', text: 'local s = ("0"):rep(1e7) .. "1" while true do tonumber(s) end' },
  { name: 'formats', text: 'while true do string.format("%99.99f %99d %s", 1e300, 1, "x") end' },
  {
    name: 'table.concat',
    text: 'local t = {} for i = 1, 10000 do t[i] = "x" end while true do table.concat(t, ",") end',
  },
  {
    name: 'table.concat over a builtin',
    text: 'return table.concat(setmetatable({}, {__index = tostring}), "", 1, 1e15)',
  },
  {
    name: 'table.insert at the front',
    text: 'local t = {} while true do for i = 1, 100 do table.insert(t, 1, i) end for i = 1, 100 do table.remove(t, 1) end end',
  },
  {
    name: 'table.insert into what says it is long',
    text: 'table.insert(setmetatable({}, {__len = function() return math.maxinteger - 1 end}), 1, 1)',
  },
  {
    name: 'table.remove from what says it is long',
    text: 'table.remove(setmetatable({}, {__len = function() return math.maxinteger - 1 end}), 1)',
  },
  { name: 'table.move of all integers', text: 'table.move({}, 1, math.maxinteger - 1, 2)' },
  { name: 'table.unpack', text: 'local t = {} while true do local a = table.unpack(t, 1, 1e5) end' },
  {
    name: 'select over many',
    text: 'local function f(...) while true do local n = select("#", ...) end end f(table.unpack({}, 1, 2e4))',
  },
  {
    name: 'varargs that are passed on',
    text: 'local function g(...) end local function f(...) while true do g(...) end end f(table.unpack({}, 1, 2e4))',
  },
  {
    name: 'varargs that are packed',
    text: 'local function f(...) while true do local n = #{...} end end f(table.unpack({}, 1, 2e4))',
  },
  {
    name: 'next over what was deleted',
    text: 'local t = {} for i = 1, 2e5 do t["k" .. i] = i end for i = 1, 2e5 do t["k" .. i] = nil end while true do next(t) end',
  },
  {
    name: 'pairs over what was deleted',
    text: 'local t = {} for i = 1, 2e5 do t["k" .. i] = i end for i = 1, 2e5 do t["k" .. i] = nil end while true do for k in pairs(t) do end end',
  },
  {
    name: 'holes',
    text: 'local t = {} for i = 1, 1e5 do t[i] = i end for i = 1, 1e5 - 1 do t[i] = nil end while true do next(t) end',
  },
  { name: 'utf8', text: 'local s = ("x"):rep(1e5) while true do utf8.len(s) end' },
  {
    name: 'string.pack',
    text: 'local t = {} for i = 1, 100 do t[i] = i end while true do string.pack(("i16"):rep(100), table.unpack(t)) end',
  },
  { name: 'tostring', text: 'while true do tostring({}) end' },
  { name: 'random numbers', text: 'while true do math.random() end' },
  { name: 'floats that fmod is slow on', text: 'local x = 0 while true do x = 1e308 % 1e-308 end' },
  {
    name: 'elementary functions',
    text: 'local x = 1.5 while true do x = math.sin(x) + math.exp(x) ^ 0.3 end',
  },
  {
    name: '64-bit integers',
    text: 'local x = math.maxinteger while true do x = x * 31 // 7 + math.maxinteger end',
  },
  { name: 'setmetatable', text: 'while true do setmetatable({}, {__index = {}}) end' },
  {
    name: 'channels',
    text: 'local a, b = channel.new(), channel.new() coroutine.spawn(function() while true do b:send(a:receive()) end end) while true do a:send(1) b:receive() end',
  },
];

/** They take memory without end, and keep it. */
export const bombs: readonly Hog[] = [
  { name: 'doubling', text: 'local s = "x" while true do s = s .. s end' },
  { name: 'doubling and looking', text: 'local s = "x" while true do s = s .. s s:byte(1) end' },
  { name: 'doubling in pcall', text: 'local s = "x" while true do pcall(function() s = s .. s end) end' },
  { name: 'rep', text: 'local t = {} while true do t[#t + 1] = ("x"):rep(1e6) end' },
  { name: 'a huge rep', text: 'return ("x"):rep(2e8)' },
  { name: 'rep with a separator', text: 'return ("x"):rep(5e7, ", ")' },
  {
    name: 'rep in pcall',
    text: 'local t = {} while true do pcall(function() t[#t + 1] = ("x"):rep(1e7) end) end',
  },
  {
    name: 'joined strings that are kept and looked at',
    text: 'local big, t = ("x"):rep(1e5), {} while true do local s = big .. #t s:byte(1) t[#t + 1] = s end',
  },
  {
    name: 'joined strings that are looked at later',
    text: 'local s, t = ("x"):rep(1e4), {} for i = 1, 1e5 do s = s .. "x" t[i] = s end for i = 1, 1e5 do t[i]:byte(1) end',
  },
  {
    name: 'joined strings of one length',
    text: 'local big, t = ("x"):rep(1e5), {} for i = 1, 1e4 do t[i] = big .. string.format("%08d", i) end for i = 1, 1e4 do t[i]:find("y", 1, true) end',
  },
  {
    name: 'joined strings that are compared',
    text: 'local big, t = ("x"):rep(1e5), {} for i = 1, 1e4 do t[i] = big .. string.format("%08d", i) end for i = 2, 1e4 do local c = t[i] == t[i - 1] end',
  },
  { name: 'long keys', text: 'local big, t = ("x"):rep(1e5), {} for i = 1, 1e6 do t[big .. i] = true end' },
  { name: 'numbers in a table', text: 'local t = {} for i = 1, math.huge do t[i] = i end' },
  { name: 'floats in a table', text: 'local t = {} for i = 1, math.huge do t[i] = i + 0.0 end' },
  {
    name: 'integers beyond 2^53',
    text: 'local t = {} for i = 1, math.huge do t[i] = math.maxinteger - i end',
  },
  { name: 'strings in a table', text: 'local t = {} for i = 1, math.huge do t[i] = "number " .. i end' },
  { name: 'a hash', text: 'local t = {} for i = 1, math.huge do t[-i] = i end' },
  { name: 'fields', text: 'local t = {} for i = 1, math.huge do t["field" .. i] = i end' },
  { name: 'tables', text: 'local t = {} while true do t[#t + 1] = {} end' },
  { name: 'records', text: 'local t = {} while true do t[#t + 1] = {a = 1, b = 2, c = 3} end' },
  {
    name: 'records field by field',
    text: 'local t = {} while true do local r = {} r.a = 1 r.b = 2 t[#t + 1] = r end',
  },
  { name: 'lists', text: 'local t = {} while true do t[#t + 1] = {1, 2, 3, 4, 5, 6, 7, 8} end' },
  { name: 'a linked list', text: 'local l while true do l = {next = l} end' },
  { name: 'nested tables', text: 'local t = {} while true do t = {t} end' },
  {
    name: 'closures',
    text: 'local t = {} while true do local n = #t t[n + 1] = function() n = n + 1 return n end end',
  },
  { name: 'coroutines', text: 'local t = {} while true do t[#t + 1] = coroutine.create(function() end) end' },
  {
    name: 'coroutines that wait',
    text: 'local t = {} while true do local co = coroutine.wrap(function() coroutine.yield() end) co() t[#t + 1] = co end',
  },
  {
    name: 'coroutines that wait deep inside',
    text: 'local function deep(n) if n == 0 then coroutine.yield() else deep(n - 1) end return n end local t = {} while true do local co = coroutine.wrap(deep) co(500) t[#t + 1] = co end',
  },
  {
    name: 'coroutines inside one another',
    text: 'local t = {} local function f() t[#t + 1] = coroutine.wrap(f) return t[#t]() end while true do pcall(f) end',
  },
  {
    name: 'deep recursion in many coroutines',
    text: 'local function f(n) if n == 0 then coroutine.yield() else f(n - 1) end return 1 end local t = {} while true do local co = coroutine.create(f) coroutine.resume(co, 150000) t[#t + 1] = co end',
  },
  { name: 'channels', text: 'local t = {} while true do t[#t + 1] = channel.new(10) end' },
  { name: 'spawned coroutines', text: 'while true do coroutine.spawn(function() end) end' },
  { name: 'a channel that is filled', text: 'local c = channel.new(1e9) while true do c:send("x") end' },
  { name: 'gsub that grows', text: 'local s = "x" while true do s = s:gsub("x", "xx") end' },
  { name: 'gsub with a long replacement', text: 'return ("x"):rep(1e4):gsub("x", ("y"):rep(1e5))' },
  {
    name: 'table.concat',
    text: 'local t = {} for i = 1, 1e4 do t[i] = ("x"):rep(1000) end local all = {} while true do all[#all + 1] = table.concat(t) end',
  },
  {
    name: 'table.concat with a long separator',
    text: 'local t = {} for i = 1, 1000 do t[i] = "" end return table.concat(t, ("x"):rep(1e6))',
  },
  {
    name: 'format',
    text: 'local big, t = ("x"):rep(1e6), {} while true do t[#t + 1] = string.format("%s%s", big, big) end',
  },
  {
    name: 'format of many',
    text: 'return string.format(("%s"):rep(200), table.unpack((function() local s, t = ("x"):rep(1e6), {} for i = 1, 200 do t[i] = s end return t end)()))',
  },
  { name: 'string.pack', text: 'local t = {} while true do t[#t + 1] = string.pack("c1000000", "x") end' },
  { name: 'upper', text: 'local s, t = ("x"):rep(1e6), {} while true do t[#t + 1] = s:upper() end' },
  {
    name: 'characters',
    text: 'local t = {} while true do t[#t + 1] = string.char(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14) end',
  },
  {
    name: 'pieces',
    text: 'local s, t = ("x"):rep(1e6), {} while true do t[#t + 1] = s:sub(#t + 1, #t + 100) end',
  },
  {
    name: 'matches',
    text: 'local s, t = ("word "):rep(1e5), {} while true do for w in s:gmatch("%a+") do t[#t + 1] = w end end',
  },
  {
    name: 'table.move',
    text: 'local t = {} for i = 1, 1000 do t[i] = i end while true do table.move(t, 1, #t, #t + 1) end',
  },
  {
    name: 'table.unpack',
    text: 'local t = {} while true do t[#t + 1] = {table.unpack({}, 1, 9e5)} t[#t + 1] = table.pack(table.unpack(t, 1, 5e4)) end',
  },
  { name: 'table.insert', text: 'local t = {} while true do table.insert(t, 1) end' },
  { name: 'globals', text: 'for i = 1, math.huge do _G["g" .. i] = i end' },
  {
    name: 'error objects',
    text: 'local t = {} while true do t[#t + 1] = errors.new("Internal", "text") end',
  },
];
