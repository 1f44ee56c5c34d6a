// Many inputs, one judge: texts of numbers, patterns and packed bytes compared with lua5.3's.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runLua } from './engine.js';

const hasJudge = spawnSync('lua5.3', ['-v']).status === 0;

/** What a chunk that returns one string gives, here and there. */
function bothSay(source: string): void {
  const theirs = execFileSync('lua5.3', ['-'], {
    input: Buffer.from(`io.write((function(...) ${source}\nend)())`, 'latin1'),
    maxBuffer: 1 << 26,
    timeout: 20_000,
  }).toString('latin1');
  const [ours] = runLua(source, 'judged.lua').values;
  const split = (text: unknown): string[] => String(text).split('\n');
  expect(split(ours)).toEqual(split(theirs));
}

const RANDOM = `
  local seed = 12345
  local function bits() seed = seed * 6364136223846793005 + 1442695040888963407 return (seed >> 11) ~ (seed << 53) end
  local function below(n) return (bits() >> 1) % n end
  local out = {}
  local function say(...) out[#out + 1] = table.concat({ ... }, " ") end`;

describe.runIf(hasJudge)('lua5.3 and the library agree', () => {
  it('on numbers as text, in every format', () => {
    bothSay(`${RANDOM}
      local flags = { "", "+", " ", "-", "0", "#", "+0", "-#" }
      local kinds = { function() return string.unpack("<d", string.pack("<j", bits())) end,
        function() return below(1000) / 8 end, function() return below(1000000) / 1000 end,
        function() return (below(2000) - 1000) / 2^below(30) end, function() return bits() + 0.0 end,
        function() return tonumber("1e" .. below(30)) + 0.0 end, function() return below(10) * 5e-324 end }
      for i = 1, 4000 do
        local x = kinds[i % #kinds + 1]()
        if x == x then
          local letter = ("feEgGaA"):sub(i % 7 + 1, i % 7 + 1)
          local form = "%" .. flags[below(#flags) + 1] .. (below(2) == 0 and "" or below(30)) .. (below(3) == 0 and "" or "." .. below(25)) .. letter
          say(form, form:format(x), tostring(x), ("%.17g"):format(x))
        end
        local n = bits() >> below(64)
        say(("%d %5d %x %X %o %#x"):format(n, n, n, n, n, n), tostring(n))
      end
      return table.concat(out, "\\n")`);
  });

  it('on what a text spells', () => {
    bothSay(`${RANDOM}
      local pieces = { "0x", "1", "9", "f", "A", ".", "e", "p", "-", "+", " ", "00", "7fffffffffffffff", "123456789", "e5", "p-3", "x", "n" }
      for i = 1, 6000 do
        local text = below(2) == 0 and "" or "0x"
        for _ = 0, below(5) do text = text .. pieces[below(#pieces) + 1] end
        local x = tonumber(text)
        say(text, x and math.type(x) or "", x and (math.type(x) == "integer" and tostring(x) or ("%a"):format(x)) or "nil", tostring(tonumber(text, 2 + below(35))))
      end
      return table.concat(out, "\\n")`);
  });

  it('on patterns made at random', () => {
    bothSay(`${RANDOM}
      local pieces = { "a", "b", ".", "%a", "%d", "%s", "[ab]", "[^a]", "[%w_]", "(", ")", "()", "*", "+", "-", "?", "^", "$", "%b()", "%f[%a]", "%1", "x", "(a*)", "(.-)", "[a-", "%" }
      local letters = { "a", "b", "x", "1", " ", "(", ")", "_", "ab" }
      for i = 1, 6000 do
        local pattern, subject = "", ""
        for _ = 1, 1 + below(6) do pattern = pattern .. pieces[below(#pieces) + 1] end
        for _ = 1, below(12) do subject = subject .. letters[below(#letters) + 1] end
        local found = table.pack(pcall(string.find, subject, pattern, 1 + below(3)))
        local replaced = table.pack(pcall(string.gsub, subject, pattern, "<%0>"))
        for k = 1, found.n do found[k] = tostring(found[k]) end
        for k = 1, replaced.n do replaced[k] = tostring(replaced[k]) end
        say(pattern, subject, table.concat(found, "|"), table.concat(replaced, "|"))
        local all = {}
        local ok, message = pcall(function() for a, b in subject:gmatch(pattern) do all[#all + 1] = tostring(a) .. tostring(b) end end)
        say(tostring(ok), ok and table.concat(all, ",") or message:gsub("^.-:%d+: ", ""))
      end
      return table.concat(out, "\\n")`);
  });

  it('on the order in which a sort leaves equal elements and on the pairs it compares', () => {
    bothSay(`${RANDOM}
      for size = 2, 99 do
        local t, calls = {}, 0
        for i = 1, size do t[i] = { key = below(size // 3 + 1), tag = i } end
        table.sort(t, function(a, b) calls = calls * 31 % 1000003 + a.tag * 100 + b.tag return a.key < b.key end)
        local tags = {}
        for i = 1, size do tags[i] = t[i].tag end
        say(calls, table.concat(tags, ","))
      end
      return table.concat(out, "\\n")`);
  });

  it('on elementary functions, to 12 digits', () => {
    bothSay(`${RANDOM}
      local names = { "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "sqrt", "floor", "ceil", "abs" }
      for i = 1, 3000 do
        local x = (below(2000001) - 1000000) / 10^(1 + below(6))
        for _, name in ipairs(names) do
          local y = math[name](x)
          if y == y then say(name, x, ("%.12g"):format(y)) end
        end
        local y = (below(2001) - 1000) / 100
        if x > 0 then say("pow", x, y, ("%.12g"):format(x ^ y)) end
        say("atan2", ("%.12g"):format(math.atan(x, y)), ("%.12g"):format(math.fmod(x, y ~= 0 and y or 1)))
      end
      return table.concat(out, "\\n")`);
  });
});

describe('the elementary functions', () => {
  it('give the same bits everywhere: a digest of many results never changes', () => {
    const { values } = runLua(
      `${RANDOM}
      local digest = 0
      for _ = 1, 2000 do
        local x = (below(2000001) - 1000000) / 10^(1 + below(6))
        for _, name in ipairs { "sin", "cos", "tan", "atan", "exp", "sinh", "tanh" } do
          local y = math[name](x)
          if y == y then digest = digest * 31 + string.unpack("<j", string.pack("<d", y)) end
        end
        if x > 0 then digest = digest * 31 + string.unpack("<j", string.pack("<d", math.log(x) + math.pow(x, 1.7))) end
      end
      return ("%x"):format(digest)`,
      'digest.lua',
    );
    expect(values).toEqual(['3e4ad69e62f54eb8']);
  });
});

describe('library tables', () => {
  it('are the same for all and cannot be changed', () => {
    const { values } = runLua(
      `local said = {}
      local function try(f) local ok, message = pcall(f) said[#said + 1] = tostring(ok) .. " " .. tostring(message) end
      try(function() string.rep = 1 end)
      try(function() math.extra = 1 end)
      try(function() rawset(table, "insert", nil) end)
      try(function() setmetatable(string, {}) end)
      try(function() getmetatable("").__index = nil end)
      try(function() table.insert(utf8, 1) end)
      return table.unpack(said)`,
      'frozen.lua',
    );
    expect(values).toEqual(
      [3, 4, 5, 6, 7, 8].map((line) => `false frozen.lua:${line}: attempt to change a read-only table`),
    );
  });

  it('say where they were to be changed, whoever does it', () => {
    const { values } = runLua(
      `local said = {}
      local function try(f, ...) local ok, message = pcall(f, ...) said[#said + 1] = message end
      local function set(t, k, v)
        t[k] = v
      end
      try(set, string, "rep", 1)
      try(set, string, 1, 1)
      try(set, string, {}, 1)
      try(rawset, string, "x", 1)
      try(function() local frozen = setmetatable({}, { __newindex = math }) frozen.pi = 3 end)
      try(coroutine.wrap(function() set(math, "pi", 3) end))
      local ok, message = xpcall(set, function(m) return "handled " .. m end, math, "pi", 3)
      said[#said + 1] = message
      return table.unpack(said)`,
      'frozen.lua',
    );
    const refused = 'attempt to change a read-only table';
    expect(values).toEqual([
      `frozen.lua:4: ${refused}`,
      `frozen.lua:4: ${refused}`,
      `frozen.lua:4: ${refused}`,
      refused,
      `frozen.lua:10: ${refused}`,
      `frozen.lua:4: ${refused}`,
      `handled frozen.lua:4: ${refused}`,
    ]);
  });
});

describe('error objects', () => {
  it('stand for their text in string functions', async () => {
    const { newError } = await import('../../src/lua/instance/error-object.js');
    const { stringFunctions } = await import('../../src/lua/library/string-library.js');
    const error = newError({ kind: 'NotFound', message: 'no user 7' });
    expect(stringFunctions['upper']?.(error as never)).toBe('NO USER 7');
    expect(stringFunctions['find']?.(error as never, 'user', 1, true)).toEqual([4, 7]);
    expect(stringFunctions['format']?.('failed: %s', error as never)).toBe('failed: no user 7');
  });
});
