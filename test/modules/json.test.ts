import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LuaFloat } from '../../src/core/data.js';
import { toBytes } from '../../src/core/text.js';
import { jsonSpec } from '../../src/modules/json/spec.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { openLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [jsonSpec, timeSpec];
const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args });
const encode = async (expression: string) => (await lua(`return json.encode(${expression})`))[0];

describe('json.encode', () => {
  it('is stopped by the budget where a table contains another many times, and so on', async () => {
    const run = openLua('local t = {} for i = 1, 60 do t = {t, t} end return json.encode(t)', { modules });
    expect(run.error?.message).toMatch(/^budget exceeded at main.lua:1/);
  });

  it.each([
    ['"hello"', '"hello"'],
    ['42', '42'],
    ['true', 'true'],
    ['nil', 'null'],
    ['{1, 2, 3}', '[1,2,3]'],
    ['{name = "Alice", age = 30}', '{"name":"Alice","age":30}'],
    ['{}', '[]'],
    ['{total = 99.50, items = {{sku = "A"}}}', '{"total":99.5,"items":[{"sku":"A"}]}'],
    ['1/0', 'null'],
    ['-(0/0)', 'null'],
    ['10/2', '5.0'],
    ['1e300', '1e+300'],
    ['"a\\"b\\\\c\\n\\t\\0"', '"a\\"b\\\\c\\n\\t\\u0000"'],
    ['time.parse_duration("90s")', '"1m30s"'],
    ['errors.new("no")', '"no"'],
  ])('writes %s as %s', async (expression, text) => {
    expect(await encode(expression)).toBe(text);
  });

  it('keeps text as its bytes, and {} for a table that had string keys', async () => {
    expect(await encode('"\\u{e9}\\u{1F319}"')).toBe(toBytes('"é🌙"'));
    expect(await lua('local t = {a = 1} t.a = nil return json.encode({t, {}})')).toEqual(['[{},[]]']);
  });

  it.each([
    ['{1, nil, 3}', 'cannot encode: $ is an array with holes (a value at 3, none at 2)'],
    ['{1, a = 2}', 'cannot encode: $ has both string keys and numbers as keys'],
    ['{x = {[true] = 1}}', 'cannot encode: $.x has a boolean as key'],
    ['{f = print}', 'cannot encode: $.f is a function'],
    ['{list = {1, coroutine.create(function() end)}}', 'cannot encode: $.list[1] is a thread'],
    ['time.now()', 'cannot encode: $ is a Time; write it as text or as a number first'],
    ['{b = "\\xff"}', 'cannot encode: $.b is text that is not UTF-8; encode bytes with base64 first'],
  ])('refuses %s', async (expression, message) => {
    expect(
      await lua(`local text, err = json.encode(${expression}) return text, err:kind(), err:message()`),
    ).toEqual(['<nil>', 'Internal', message]);
  });

  it('refuses a table in itself and more than 128 levels, and takes 128', async () => {
    const nested = (levels: number) => `local t = {} for i = 2, ${levels} do t = {t} end `;
    expect((await lua('local t = {} t.me = {t} local _, err = json.encode(t) return err:message()'))[0]).toBe(
      'cannot encode: $.me[0] contains itself',
    );
    expect((await lua(`${nested(128)} return #json.encode(t)`))[0]).toBe(256);
    expect((await lua(`${nested(129)} local _, err = json.encode(t) return err:message()`))[0]).toContain(
      'is nested deeper than 128 levels',
    );
  });

  it('stops at 64 MB when a table is met many times over', async () => {
    const [message] = await lua(
      'local t = {("x"):rep(1000)} for i = 1, 60 do t = {t, t} end local _, err = json.encode(t) return err:message()',
    );
    expect(message).toBe('cannot encode: the text is longer than 64 MB');
  });
});

describe('json.decode', () => {
  it('gives tables, texts, numbers and booleans', async () => {
    expect(
      await lua(
        'local u = json.decode(...) return u.name, u.active, u.list[3], #u.list, u.none, u.deep.er',
        '{"name":"Bob","active":true,"list":[10,20,30],"none":null,"deep":{"er":"\\u00e9"}}',
      ),
    ).toEqual(['Bob', true, 30, 3, '<nil>', toBytes('é')]);
  });

  it('tells integers from floats', async () => {
    expect(await lua('local t = json.decode(...) return t[1], t[2], t[3]', '[3,3.0,2.5]')).toEqual([
      3,
      new LuaFloat(3),
      2.5,
    ]);
    expect(await lua('return math.type(json.decode("1e2"))')).toEqual(['float']);
  });

  it('keeps an empty object, keys that look dangerous, and objects that look like wire marks', async () => {
    const text =
      '{"empty":{},"__proto__":1,"mark":{"$bytes":"AAAA"},"err":{"$error":{"kind":"Invalid","message":"x"}}}';
    expect(await lua('return json.encode(json.decode(...))', text)).toEqual([text]);
    expect(await lua('return type(json.decode(...).err)', text)).toEqual(['table']);
  });

  it.each([
    ['not valid json', 'invalid JSON at 1:1'],
    ['{"a":1,}', 'invalid JSON at 1:8'],
    ['[1 2]', 'invalid JSON at 1:4'],
    ['', 'invalid JSON at 1:1'],
    ['{"a":\n  tru}', 'invalid JSON at 2:3'],
    ['1 1', 'invalid JSON at 1:3'],
    ['\xff', 'the text is not UTF-8'],
    ['['.repeat(129) + ']'.repeat(129), 'nested deeper than 128 levels'],
  ])('refuses %j', async (text, message) => {
    const values = await lua('local v, err = json.decode(...) return v, err:kind(), err:message()', text);
    expect(values.slice(0, 2)).toEqual(['<nil>', 'Internal']);
    expect(values[2]).toContain(message);
  });

  it('raises for what is no text', async () => {
    await expect(lua('return json.decode({})')).rejects.toThrow('string expected, got table');
  });

  it('reads back what encode wrote', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4, noUnicodeString: false }), async (text) => {
        const [once, twice] = await lua(
          'local a = json.encode(json.decode(...)) return a, a and json.encode(json.decode(a))',
          toBytes(text),
        );
        // A hole of null cannot be written again; everything else is stable.
        if (once !== '<nil>') expect(twice).toBe(once);
      }),
      { numRuns: 60 },
    );
  });
});

describe('tables of json.decode', () => {
  const shop = '{"b":1,"a":[10,20,{"x":true}],"c":{"d":"e"},"empty":{},"none":[]}';

  it('are tables like any other', async () => {
    expect(
      await lua(
        `local t = json.decode(...)
        local order = {}
        for key in pairs(t) do order[#order + 1] = key end
        t.b = nil t.new = 2 t["c"].f = 3 table.insert(t.a, 40) table.remove(t.a, 1) t.a[10] = 5
        local rest = {}
        for key in next, t do rest[#rest + 1] = key end
        setmetatable(t, { __index = function(_, key) return key .. "!" end })
        return table.concat(order, " "), table.concat(rest, " "), #t.a, t.a[3], t.a[10], t.c.f, t.b, t.zzz, rawlen(t), next(t.empty)`,
        shop,
      ),
    ).toEqual(['b a c empty none', 'a c empty none new', 3, 40, 5, 3, 'b!', 'zzz!', 0, '<nil>']);
    expect(await lua('local t = json.decode(...) t.b = nil return json.encode(t)', shop)).toEqual([
      '{"a":[10,20,{"x":true}],"c":{"d":"e"},"empty":{},"none":[]}',
    ]);
  });

  it('keep many keys, keys that are numbers, and keys of JavaScript', async () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, at])));
    expect(
      await lua(
        `local t = json.decode(...) local n = 0 for key, value in pairs(t) do n = n + value end
        t.k7 = nil return n, t.k199, t.k7, next(t), #json.encode(t)`,
        many,
      ),
    ).toEqual([19_900, 199, '<nil>', 'k0', many.length - '"k7":7,'.length]);
    expect(
      await lua(
        `local t = json.decode(...) return t["1"], t[1], t["10"], t.__proto__, t.constructor, t.toString, t.length`,
        '{"10":"b","1":"a","__proto__":"p","constructor":{"x":1}}',
      ),
    ).toEqual(['a', '<nil>', 'b', 'p', { x: 1 }, '<nil>', '<nil>']);
  });

  it('share nothing with each other', async () => {
    expect(
      await lua(
        `local a, b = json.decode(...), json.decode(...)
        a.c.d = "changed" a.a[1] = 0
        return b.c.d, b.a[1], a == b, a.c == b.c`,
        shop,
      ),
    ).toEqual(['e', 10, false, false]);
  });

  it('are the same whichever way they were read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4, noUnicodeString: true }), async (text) => {
        const [native] = await lua('local t = json.decode(...) return (json.encode({ t }))', text);
        const [read] = await lua(
          'local t = json.decode(...) return (json.encode({ t[2] }))',
          toBytes(`["é",${text}]`),
        );
        expect(read).toEqual(native);
      }),
      { numRuns: 300 },
    );
  });
});

describe('json.validate', () => {
  const verdict = async (schema: string, data: string) =>
    lua(
      `local ok, err = json.validate(${schema}, ${data}) return ok, err and err:kind(), err and err:message()`,
    );

  it.each([
    ['{type = "number", minimum = 0}', '42'],
    [`'{"type":"number","minimum":0}'`, '42.5'],
    ['{type = "array", items = {type = "string"}}', '{"a", "b"}'],
    ['{type = "object", properties = {email = {type = "string", format = "email"}}}', '{email = "a@b.com"}'],
    ['{type = "null"}', 'nil'],
    ['{}', '"anything"'],
    ['{properties = {}, items = {}}', '{1}'],
    ['{required = {}}', '{a = 1}'],
    ['{["$defs"] = {n = {type = "integer"}}, ["$ref"] = "#/$defs/n"}', '3'],
    [
      '{["$schema"] = "http://json-schema.org/draft-07/schema#", definitions = {n = {const = 1}}, ["$ref"] = "#/definitions/n"}',
      '1',
    ],
    [
      '{["$schema"] = "https://json-schema.org/draft/2020-12/schema", prefixItems = {{type = "string"}}}',
      '{"a", 2}',
    ],
    ['{minLength = 2, maxLength = 2}', '"\\u{1F319}\\u{1F319}"'],
    ['{required = {"__proto__"}}', '{["__proto__"] = 1}'],
    ['{type = "integer"}', '3.0'],
    ['{type = "object"}', '{}'],
    ['{type = "array"}', '{}'],
    ['{properties = {a = {type = "object"}, b = {type = {"null", "object"}}}}', '{a = {}, b = {}}'],
    ['{anyOf = {{type = "object"}, {type = "string"}}, maxProperties = 0}', '{}'],
    ['{patternProperties = {["^__proto__$"] = {type = "number"}}}', '{["__proto__"] = 1}'],
    ['{uniqueItems = true}', '{1, "1", true, {1}, {a = 1}, {a = 2}, "true"}'],
  ])('takes what follows %s', async (schema, data) => {
    expect(await verdict(schema, data)).toEqual([true, '<nil>', '<nil>']);
  });

  it.each([
    ['{type = "number"}', '"1"', '$ must be number'],
    ['{items = {minimum = 2}}', '{3, 1}', '$[1] must be >= 2'],
    [
      '{additionalProperties = false, properties = {a = {}}}',
      '{a = 1, b = 2}',
      '$ must NOT have additional properties ("b")',
    ],
    ['{required = {"constructor"}}', '{a = 1}', "$ must have required property 'constructor'"],
    ['{pattern = "^(a+)+$"}', '("a"):rep(50000) .. "b"', '$ must match pattern "^(a+)+$"'],
    [
      '{properties = {a = {pattern = "^a$"}, b = {pattern = "^b$"}}}',
      '{a = "a", b = "a"}',
      '$.b must match pattern "^b$"',
    ],
    ['{type = "object", required = {"a"}}', '{}', "$ must have required property 'a'"],
    [
      '{items = {type = "object", required = {"a"}}}',
      '{{a = 1}, {}}',
      "$[1] must have required property 'a'",
    ],
    ['{type = "string"}', '{}', '$ must be string'],
    [
      '{patternProperties = {["^__proto__$"] = {type = "number"}}}',
      '{["__proto__"] = "1"}',
      '$.__proto__ must be number',
    ],
    [
      '{uniqueItems = true}',
      '{1, {a = 1, b = {}}, {b = {}, a = 1.0}}',
      '$ must NOT have duplicate items (items ## 1 and 2 are identical)',
    ],
    ['{const = {a = 1}}', '{a = 2}', '$ must be equal to constant: {"a":1}'],
  ])('tells where %s is not followed', async (schema, data, message) => {
    expect(await verdict(schema, data)).toEqual([false, 'Invalid', message]);
  });

  it.each([
    ['{type = "nothing"}', 'type must be'],
    ["'{'", 'invalid JSON'],
    [
      '{["$schema"] = "http://json-schema.org/draft-04/schema#", minimum = 3, exclusiveMinimum = true}',
      '$/exclusiveMinimum must be number; it names draft 4, but is read as draft 7',
    ],
    ["'[1]'", 'a schema is an object, true or false'],
    ['{pattern = "(?=a)"}', '(?='],
    ['{["$ref"] = "https://example.com/schema.json"}', "can't resolve reference"],
    ['{["$ref"] = "file:///etc/passwd"}', "can't resolve reference"],
    [
      '{items = {{type = "string"}, {}}}',
      "$/items must be object,boolean; a list of schemas is 'prefixItems' since draft 2020-12: write that, or name draft 7 in '$schema'",
    ],
    ['{allOf = {{properties = {["__proto__"] = {}}}}}', "'properties' cannot check '__proto__'; write it in"],
    ['{["$ref"] = "#"}', 'it refers to itself without end'],
    ['{description = ("x"):rep(300000)}', 'at most 262144'],
  ])('refuses the schema %s', async (schema, message) => {
    const [ok, kind, text] = await verdict(schema, '{1}');
    expect([ok, kind]).toEqual([false, 'Invalid']);
    expect(text).toContain('the schema is no JSON Schema: ');
    expect(text).toContain(message);
  });

  it.each([
    [4.35, 0.01, true],
    [19.99, 0.01, true],
    [0.07, 0.01, true],
    [0.3, 0.1, true],
    [1e300, 1e-300, true],
    [-7.5, 2.5, true],
    [0, 0.3, true],
    [4.351, 0.01, false],
    [9_007_199_254_740_991, 2, false],
    [1e-7, 1e-6, false],
  ])('of %d and multipleOf %d says %s', async (value, divisor, expected) => {
    expect((await verdict(`{multipleOf = ${divisor}}`, String(value)))[0]).toBe(expected);
  });

  it('tells up to 20 places, and of a long check the first', async () => {
    const told = async (count: number) =>
      lua(
        `local t = {} for i = 1, ${count} do t[i] = "" end
        local _, err = json.validate({items = {type = "number"}}, t) return #err:details()`,
      );
    expect([await told(10), await told(100), await told(20_000)]).toEqual([[10], [20], [1]]);
  });

  // What was quadratic, doubled with each level, or grew with the schema times the data, and was charged by the text alone.
  it.each([
    ['unique items', '{uniqueItems = true}', 'for i = 1, 20000 do t[i] = {i} end', true],
    [
      'two ways to the same definition',
      `{["$ref"] = "#/$defs/n", ["$defs"] = {n = {anyOf = {{allOf = {way}}, {allOf = {way}}}}}}`,
      'for i = 1, 100 do t = {c = t} end',
      false,
    ],
    ['many keywords for many items', '{items = {allOf = many}}', 'for i = 1, 20000 do t[i] = 7 end', false],
    [
      'many values to compare with',
      '{items = {enum = names}}',
      'for i = 1, 10000 do t[i] = "name1000" end',
      false,
    ],
    ['many expressions for a long text', '{allOf = patterns}', 't = ("x"):rep(100000)', false],
  ])('is bounded by its steps for %s', async (_what, schema, data, outcome) => {
    const [ok, message] = await lua(
      `local t, many, names, patterns = {}, {}, {}, {}
      local way = {required = {"c"}, properties = {c = {["$ref"] = "#/$defs/n"}}}
      for i = 1, 1000 do many[i] = {minimum = 1} names[i] = "name" .. i end
      for i = 1, 300 do patterns[i] = {pattern = "^x*$"} end
      ${data} local ok, err = json.validate(${schema}, t) return ok, err and err:message()`,
    );
    const told: unknown = outcome
      ? '<nil>'
      : expect.stringMatching(/^to check the data by this schema takes more than/);
    expect([ok, message]).toEqual([outcome, told]);
  });

  it('charges for the steps of a check', async () => {
    const run = openLua(
      `local t, schema = {}, {items = {allOf = {}}}
      for i = 1, 100 do schema.items.allOf[i] = {minimum = 1} end
      for i = 1, 5000 do t[i] = 7 end
      local n = 0 while n < 1000 do json.validate(schema, t) n = n + 1 end return n`,
      { modules },
    );
    expect(run.error?.message).toMatch(/^budget exceeded at main.lua:4/);
  });

  it('gives the places as details', async () => {
    expect(
      await lua(`local ok, err = json.validate({properties = {list = {items = {type = "string"}}}}, {list = {"a", 1, true}})
        local all = {} for i, one in ipairs(err:details()) do all[i] = one.path .. " " .. one.keyword end return all`),
    ).toEqual([['$.list[1] type', '$.list[2] type']]);
  });

  it('compares integers beyond 2^53 as floats, and takes no data that has no form in JSON', async () => {
    expect(await verdict('{const = 9007199254740993}', '9007199254740992')).toEqual([true, '<nil>', '<nil>']);
    expect((await verdict('{}', '{1, [3] = 3}')).slice(0, 2)).toEqual([false, 'Internal']);
  });

  it('does not let keys that shadow methods through unseen', async () => {
    const schema = '{uniqueItems = true}';
    const [ok, kind] = await verdict(schema, '{{valueOf = 1}, {valueOf = 1}}');
    expect([ok, kind]).toEqual([false, 'Invalid']);
  });

  it('checks JSON text', async () => {
    expect(await lua('return json.validate_string({type = "object"}, "{}")')).toEqual([true]);
    expect(await lua('local ok, err = json.validate_string({}, "{") return ok, err:kind()')).toEqual([
      false,
      'Internal',
    ]);
    expect(
      await lua('local ok, err = json.validate_string({}, ("["):rep(1e5)) return ok, err:kind()'),
    ).toEqual([false, 'Internal']);
    await expect(lua('return json.validate(1, 1)')).rejects.toThrow(
      "bad argument #1 to 'validate' (table or string expected, got number)",
    );
  });
});
