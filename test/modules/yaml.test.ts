import { describe, expect, it } from 'vitest';
import { timeSpec } from '../../src/modules/time/spec.js';
import { yamlSpec } from '../../src/modules/yaml/spec.js';
import { evaluate } from './evaluate.js';

const lua = (text: string, ...args: string[]) => evaluate(text, { modules: [yamlSpec, timeSpec], args });
const bytes = (text: string) => Buffer.from(text).toString('latin1');
const problem = async (call: string, ...args: string[]) =>
  (await lua(`local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`, ...args)) as [
    string,
    string,
    string,
    boolean,
  ];

describe('yaml', () => {
  it('reads what its page shows', async () => {
    expect(
      await lua(
        'local t = yaml.decode(...) return t.name, t.count, t.ratio, t.enabled, t.tags[2], t.none, t.text, math.type(t.float), t.big',
        'name: test\ncount: 42\nratio: 3.14\nenabled: true\ntags:\n  - lua\n  - wippy\nnone: null\ntext: "yes"\nfloat: 3.0\nbig: 9007199254740993\n',
      ),
    ).toEqual(['test', 42, 3.14, true, 'wippy', '<nil>', 'yes', 'float', 9007199254740993n]);
    expect(
      await lua(
        'return yaml.decode("just text"), yaml.decode("42"), yaml.decode("[a, b]")[2], yaml.decode("yes"), yaml.decode("~")',
      ),
    ).toEqual(['just text', 42, 'b', 'yes', '<nil>']);
    expect(await lua('return yaml.decode(...).k', bytes('\ufeffk: é🌙'))).toEqual([bytes('é🌙')]);
  });

  it('writes what it reads', async () => {
    const roundTrip = 'local v = ... return yaml.encode(yaml.decode(v))';
    for (const text of [
      'a: 1\nb:\n  - x\n  - y: z\n',
      'n: 3.0\nt: "true"\ne: []\no: {}\ns: |\n  two\n  lines\n',
    ])
      expect(await lua(roundTrip, text)).toEqual([text]);
    expect(await lua('return yaml.encode({"1", "null", "- x", ":", " "})')).toEqual([
      '- "1"\n- "null"\n- "- x"\n- ":"\n- " "\n',
    ]);
  });

  it('orders fields at every level', async () => {
    expect(
      await lua(
        'return yaml.encode({b = 1, a = {z = 1, name = 2}, name = 3}, {field_order = {"name"}, sort_unordered = true})',
      ),
    ).toEqual(['name: 3\na:\n  name: 2\n  z: 1\nb: 1\n']);
  });

  it.each([
    ['yaml.encode("x")', 'Invalid', "bad argument #1 to 'encode' (table expected, got string)"],
    ['yaml.encode({f = print})', 'Invalid', 'functions do not cross: $.f'],
    ['yaml.encode({1, [3] = 3})', 'Invalid', 'a table with holes does not cross (key 3 after 1 items): $'],
    ['yaml.encode({["\\xff"] = 1})', 'Internal', '$ has a key that is not UTF-8 text'],
    ['yaml.encode({}, {field_order = "name"})', 'Invalid', 'field_order is a list of names'],
    ['yaml.encode({}, {sort_unordered = 1})', 'Invalid', 'sort_unordered is true or false'],
    ['yaml.decode(42)', 'Invalid', "bad argument #1 to 'decode' (string expected, got number)"],
    ['yaml.decode("")', 'Invalid', 'the text is empty'],
    ['yaml.decode("\\xff")', 'Internal', 'invalid YAML: the text is not UTF-8'],
  ])('refuses %s', async (call, kind, message) => {
    expect(await problem(call)).toEqual(['<nil>', kind, message, false]);
  });

  it('merges as YAML 1.1 and the files of an app do: what a map has itself wins, then the first of several', async () => {
    expect(
      await lua(
        'local t = yaml.decode(...) return t.c.x, t.c.y, t.c.z, t.c["<<"], t.d["<<"].x, t.d.x',
        'a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2, z: 2}\nc:\n  <<: [*b, *a]\n  z: 3\nd:\n  "<<": *a\n',
      ),
    ).toEqual([1, 2, 3, '<nil>', 1, '<nil>']);
  });

  it('carries bytes, NaN and the infinities both ways, the same in a workflow', async () => {
    for (const place of ['node', 'workflow'] as const)
      expect(
        await evaluate(
          `local text = yaml.encode({b = "\xff\0", n = 0/0, i = 1/0, m = -1/0, f = 2.0})
          local t = yaml.decode(text)
          return text, t.b == "\xff\0", t.n ~= t.n, t.i == math.huge, t.m == -math.huge, math.type(t.f), yaml.decode("a: !!binary |\\n  aGVs\\n  bG8=").a`,
          { modules: [yamlSpec], host: { place } },
        ),
      ).toEqual([
        'b: !!binary /wA=\nn: .nan\ni: .inf\nm: -.inf\nf: 2.0\n',
        true,
        true,
        true,
        true,
        'float',
        'hello',
      ]);
  });

  // The abuse corpus.
  it.each([
    ['a key twice', 'a: 1\na: 2', 'Map keys must be unique at line 2'],
    ['an open list', 'a: [1, 2', 'at line 1'],
    ['a number and its text as keys', '{1: a, "1": b}', 'Map keys must be unique at line 1, column 8'],
    [
      'an alias within its own anchor',
      'a: &a\n  - *a',
      "invalid YAML: the alias '*a' stands within its own anchor at line 2, column 5",
    ],
    ['a set', '!!set {a, b}', '$ is of a YAML type that plain data cannot hold'],
    ['a tab', 'a:\n\tb: 1', 'at line 2'],
    ['a tag of JavaScript', 'a: !!js/function "function () {}"', 'Unresolved tag'],
    ['a tag of its own', '!thing {a: 1}', 'Unresolved tag'],
    [
      'two documents',
      'a: 1\n---\nb: 2',
      "invalid YAML: there is more than one document; cut the text at '---' and read each by itself at line 2, column 1",
    ],
    [
      'an alias of an anchor elsewhere',
      'a: *b',
      "unresolved alias '*b'; write '&b' before it at line 1, column 4",
    ],
    ['deep nesting', '['.repeat(5000), 'invalid YAML'],
    ['a key that is a list', '? [a]\n: 1', 'has a key that is not a scalar'],
    ['bytes that are none', 'a: !!binary aGk', '!!binary is base64 with padding at line 1'],
    ['a moment', 'a: !!timestamp 2024-01-01', 'of a YAML type that plain data cannot hold'],
    ['a merge of no map', 'a:\n  <<: 1', "$.a merges what is no map with '<<'"],
  ])('refuses %s', async (_what, text, message) => {
    const [value, kind, said] = await problem('yaml.decode(...)', text);
    expect([value, kind]).toEqual(['<nil>', 'Internal']);
    expect(said).toContain(message);
  });

  it('refuses documents that multiply themselves', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let index = 0; index < 8; index++) {
      const [name, before] = [String.fromCharCode(98 + index), String.fromCharCode(97 + index)];
      lines.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
    }
    const many = 'aliases stand for more than 100000 values';
    expect((await problem('yaml.decode(...)', lines.join('\n')))[2]).toContain(many);
    const merges = lines.map((line) =>
      line.replace('[x, x', '{x: 1}\nx: [x, x').replace(/\[(\*.*)\]$/, '{<<: [$1]}'),
    );
    expect((await problem('yaml.decode(...)', merges.join('\n')))[2]).toContain(many);
  });

  // Equal keys and anchors were searched for one by one: a minute.
  it('reads a map of 30000 keys, anchors and aliases', async () => {
    const text = Array.from(
      { length: 15_000 },
      (_, index) => `k${index}: &a${index} x\nl${index}: *a${index}\n`,
    ).join('');
    expect(await lua('local n = 0 for _ in pairs(yaml.decode(...)) do n = n + 1 end return n', text)).toEqual(
      [30_000],
    );
  });

  it('reads an alias as the last anchor before it, and as a key', async () => {
    expect(
      await lua(
        'local t = yaml.decode(...) return t[2], t[4], t[5].k',
        '- &a 1\n- *a\n- &a k\n- *a\n- {*a : 2}\n',
      ),
    ).toEqual([1, 'k', 2]);
  });

  it('keeps __proto__ a key like any other', async () => {
    expect(
      await lua(
        'local t = yaml.decode("__proto__: {polluted: 1}") return t.__proto__.polluted, t.polluted, ({}).polluted',
      ),
    ).toEqual([1, '<nil>', '<nil>']);
  });
});
