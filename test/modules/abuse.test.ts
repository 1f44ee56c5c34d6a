// Of the abuse corpus, what the files of single modules do not have: texts that mean harm. Whatever comes, it is a value or an
// error of a kind; nothing reaches the host, whose canaries must never appear.
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/core/text.js';
import { jsonSpec } from '../../src/modules/json/spec.js';
import { yamlSpec } from '../../src/modules/yaml/spec.js';
import { evaluate } from './evaluate.js';

const CANARY = 'canary-7f3a';
process.env['MOONTIDE_CANARY'] = CANARY;
const modules = [jsonSpec, yamlSpec];
const lua = async (body: string, ...args: string[]) => {
  const values = await evaluate(body, { modules, args: args.map(toBytes) });
  expect(
    JSON.stringify(values, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain(CANARY);
  return values;
};

/** The readers of one text: JSON, and YAML, of which JSON is a part. */
const READERS = {
  json: 'json.decode(...)',
  yaml: 'yaml.decode(...)',
};

describe.each(Object.entries(READERS))('a text that means harm, read by %s', (name, read) => {
  it('pollutes nothing through __proto__ and constructor', async () => {
    expect(
      await lua(
        `local t = ${read}
        return t.__proto__.polluted, t.constructor.prototype.polluted, t.polluted, ({}).polluted, rawget(t, "toString"), t.hasOwnProperty`,
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}',
      ),
    ).toEqual([1, 2, '<nil>', '<nil>', '<nil>', '<nil>']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps integers of 64 bits, and floats that are none of them', async () => {
    const [big, least, beyond, text] = await lua(
      `local t = ${read} return t[1], t[2], math.type(t[3]), tostring(t[4])`,
      '[9007199254740993,-9223372036854775808,1e300,1.5]',
    );
    expect([big, least, beyond, text]).toEqual([9_007_199_254_740_993n, -(2n ** 63n), 'float', '1.5']);
  });

  it('stops at depth, with an error and not with the stack', async () => {
    for (const text of [
      '['.repeat(100_000),
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      '{"a":'.repeat(50_000),
    ]) {
      const [ok, message] = await lua(
        `local ok, v, err = pcall(function(...) return ${read} end, ...) return ok and v == nil, tostring(err or v)`,
        text,
      );
      expect(ok).toBe(true);
      expect(message).not.toMatch(/RangeError|Maximum call stack|\.js:|node:/);
    }
  });

  it.each(['[1e400]', '[-1e400]', '[NaN]', '[Infinity]'])(
    'makes no infinities of %s without saying so',
    async (text) => {
      const [told] = await lua(
        `local ok, v, err = pcall(function(...) return ${read} end, ...)
      if not ok or err ~= nil then return "refused" end
      return type(v[1]) == "string" and "text" or tostring(v[1])`,
        text,
      );
      // YAML's own words for them are .inf and .nan; these here are texts there.
      expect(told).toBe(name === 'yaml' && /[NI]/.test(text) ? 'text' : 'refused');
    },
  );

  it('makes no half of a character', async () => {
    const [length] = await lua(
      `local ok, v = pcall(function(...) return ${read} end, ...) return ok and type(v) == "table" and utf8.len(v[1]) or 1`,
      '["\\ud800"]',
    );
    expect(length).toBe(1); // U+FFFD, or refused
  });
});

describe('JSON', () => {
  it('takes the last of two values of one key', async () => {
    expect(await lua('local t = json.decode(...) return t.a, json.encode(t)', '{"a":1,"b":2,"a":3}')).toEqual(
      [3, '{"a":3,"b":2}'],
    );
  });

  it('keeps -0 as it was written', async () => {
    expect(await lua('local t = json.decode(...) return math.type(t[1]), 1 / t[2] < 0', '[-0,-0.0]')).toEqual(
      ['integer', true],
    );
  });

  it('refuses bytes that are no text, in both directions', async () => {
    const options = { modules, args: ['["\xff"]'] };
    expect(await evaluate('local v, err = json.decode(...) return v, err:kind()', options)).toEqual([
      '<nil>',
      'Internal',
    ]);
    expect(
      await evaluate('local v, err = json.encode({ "\\xff" }) return v, err:kind()', { modules }),
    ).toEqual(['<nil>', 'Internal']);
  });

  it('writes no text that ends a script or a line of it', async () => {
    const [text] = await lua('return json.encode("\\u{2028}\\n\\0")');
    expect(text).toBe(`"${toBytes('\u2028')}\\n\\u0000"`);
  });

  it('writes 128 levels and not one more, and no table twice around itself', async () => {
    expect(
      await lua(
        'local t = {} for i = 1, 200 do t = { t } end local v, err = json.encode(t) return v, err:kind()',
      ),
    ).toEqual(['<nil>', 'Internal']);
    expect(
      await lua('local a, b = {}, {} a.b = b b.a = { a } local v, err = json.encode(a) return v, err:kind()'),
    ).toEqual(['<nil>', 'Internal']);
  });
});

describe('YAML', () => {
  it('merges maps only, into keys like any other, and names no files', async () => {
    const merge = 'a: &a {x: 1, __proto__: {polluted: 1}}\nb: {<<: *a, y: 2}';
    expect(
      await lua('local t = yaml.decode(...) return t.b.x, t.b.y, t.b.__proto__.polluted, t.polluted', merge),
    ).toEqual([1, 2, 1, '<nil>']);
    const [value] = await lua('local t = yaml.decode(...) return t.a', 'a: file:///etc/passwd');
    expect(value).toBe('file:///etc/passwd');
  });

  it.each([
    '!!js/regexp /x/',
    '!!python/object:os.system ["id"]',
    '!<tag:x> 1',
    '!env MOONTIDE_CANARY',
    '!include /etc/passwd',
    '!!js/undefined ""',
  ])('runs nothing of the tag %s', async (text) => {
    expect(
      (await lua('local v, err = yaml.decode(...) return v, err and err:kind()', `a: ${text}`)).slice(0, 2),
    ).toEqual(['<nil>', 'Internal']);
  });

  it('reads over a byte order mark, and refuses a NUL or keeps it as one', async () => {
    expect(await lua('return yaml.decode(...).a', '\ufeffa: 1')).toEqual([1]);
    const [length] = await lua(
      'local t = yaml.decode(...) return type(t) == "table" and #t.a or 3',
      'a: "x\0y"',
    );
    expect(length).toBe(3);
  });

  it('refuses an anchor of another document', async () => {
    expect(
      (await lua('local v, err = yaml.decode(...) return v, err:kind()', '--- &a x\n--- *a')).slice(0, 2),
    ).toEqual(['<nil>', 'Internal']);
  });

  it('reads a scalar of 200 KB, and stops at its budget for one of 20 MB', async () => {
    const text = (size: number) => `a: ${'x'.repeat(size)}`;
    expect(await lua('return #yaml.decode(...).a', text(200_000))).toEqual([200_000]);
    await expect(lua('return pcall(yaml.decode, ...)', text(20_000_000))).rejects.toThrow(/budget exceeded/);
  });
});
