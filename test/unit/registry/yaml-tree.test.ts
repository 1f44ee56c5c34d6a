import { describe, expect, it } from 'vitest';
import { LuaFloat, type DataObject } from '../../../src/core/data.js';
import { decodeText } from '../../../src/registry/load/text-file.js';
import { parseYaml, type YamlTree } from '../../../src/registry/load/yaml-tree.js';
import { linesOf } from './support.js';

function tree(text: string): YamlTree {
  const { tree, diagnostics } = parseYaml(text, 'x.yaml');
  expect(linesOf(diagnostics)).toEqual([]);
  if (tree === undefined) throw new Error('the file is empty');
  return tree;
}
const value = (text: string): DataObject => tree(text).value as DataObject;

describe('values of a YAML file', () => {
  it('keeps integers exact and integral floats floats', () => {
    const data = value(
      'a: 9007199254740993\nb: 3.0\nc: 3\nd: 1.5\ne: 99999999999999999999\nf: -0.0\ng: 0x1F\n',
    );
    expect(data['a']).toBe(9007199254740993n);
    expect(data['b']).toEqual(new LuaFloat(3));
    expect(data['c']).toBe(3);
    expect(data['d']).toBe(1.5);
    expect(data['e']).toEqual(new LuaFloat(1e20));
    expect(Object.is((data['f'] as LuaFloat).n, -0)).toBe(true);
    expect(data['g']).toBe(31);
  });

  it('reads file modes as octal, and words of older YAML as text', () => {
    expect({ ...value('mode: 0600\nmode2: 0o644\nyes: yes\nnot: "0600"\n') }).toEqual({
      mode: 0o600,
      mode2: 0o644,
      yes: 'yes',
      not: '0600',
    });
  });

  it('keeps keys such as __proto__ as own keys', () => {
    const data = value('__proto__: { polluted: true }\nconstructor: 1\n');
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor']);
    expect((Object.create(null) as DataObject)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('follows aliases and merge keys, and what is written wins over what is merged', () => {
    const data = value('base: &base { a: 1, b: 2 }\nother: { <<: *base, b: 3 }\nsame: *base\n');
    expect({ ...(data['other'] as DataObject) }).toEqual({ a: 1, b: 3 });
    expect({ ...(data['same'] as DataObject) }).toEqual({ a: 1, b: 2 });
  });

  it('takes a byte order mark, Windows line ends and no line end at all', () => {
    const bytes = new TextEncoder().encode('\uFEFFa: 1\r\nb: two');
    const decoded = decodeText(bytes);
    expect({ ...value('text' in decoded ? decoded.text : '') }).toEqual({ a: 1, b: 'two' });
  });

  it('is empty without values', () => {
    for (const text of ['', '\n', '# nothing\n', '---\n'])
      expect(parseYaml(text, 'x.yaml').tree?.value ?? null).toBe(null);
  });
});

describe('places in a YAML file', () => {
  const text = 'a: 1\nb:\n  - x\n  - c: deep\n    e:\nsource: |\n  first\n  second\n';

  it('knows where values and their keys stand', () => {
    const at = tree(text);
    expect(at.placeOf('/b/1/c')).toEqual({ file: 'x.yaml', line: 4, column: 8 });
    expect(at.keyPlaceOf('/b/1/c')).toEqual({ file: 'x.yaml', line: 4, column: 5 });
    expect(at.placeOf('/b/0')).toEqual({ file: 'x.yaml', line: 3, column: 5 });
  });

  it('shows the key where a value is empty, and the parent where there is none', () => {
    const at = tree(text);
    expect(at.placeOf('/b/1/e')).toEqual({ file: 'x.yaml', line: 5, column: 5 });
    expect(at.placeOf('/b/1/nothing/there')).toEqual(at.placeOf('/b/1'));
  });

  it('knows where a text begins that the file has as it is', () => {
    const start = (yaml: string): unknown => tree(yaml).textStartOf('/a');
    expect(tree(text).textStartOf('/source')).toEqual({ line: 7, column: 3 });
    expect(start('a: 1\n')).toBeUndefined();
    expect(start('a: plain text # a comment\n')).toEqual({ line: 1, column: 4 });
    expect(start('a: "quoted"\n')).toEqual({ line: 1, column: 5 });
    expect(start("a: 'it''s not as it is'\n")).toBeUndefined();
    expect(start('a: "a\\tb"\n')).toBeUndefined();
    expect(start('a: folded\n  over lines\n')).toBeUndefined();
    expect(start('a: >\n  folded\n  too\n')).toBeUndefined();
    expect(start('a: |2-\n\n    deeper\n  first\n')).toEqual({ line: 2, column: 3 });
    expect(start('a: |\r\n    windows\r\n    lines\r\n')).toEqual({ line: 2, column: 5 });
  });
});

describe('YAML that is an attack', () => {
  const message = (text: string): string => linesOf(parseYaml(text, 'x.yaml').diagnostics).join('\n');

  it('refuses what would grow or nest without end, in good time', () => {
    const before = performance.now();
    expect(message('['.repeat(100_000))).toContain('nested more than 128 deep');
    expect(
      message(Array.from({ length: 5000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')),
    ).toContain('nested more');
    const rows = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let at = 1; at < 9; at++) {
      const [name, last] = ['abcdefghi'[at], 'abcdefghi'[at - 1]];
      rows.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${last}`).join(', ')}]`);
    }
    expect(message(rows.join('\n'))).toContain('aliases stand for more than 10000 values');
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('refuses chains of aliases that nest or grow too far', () => {
    const rows = ['a0: &a0 [x]'];
    for (let at = 1; at < 200; at++) rows.push(`a${at}: &a${at} [*a${at - 1}]`);
    expect(message(rows.join('\n'))).toMatch(/aliases stand for more|nested more/);
  });

  it('never throws, whatever the bytes', () => {
    const pieces = [
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '"',
      "'",
      '|',
      '>',
      '\t',
      '#',
      '!',
      '<<',
      '?',
      '%',
      '@',
    ];
    let seed = 7;
    const next = (): number => (seed = (seed * 48271) % 2147483647);
    for (let round = 0; round < 3000; round++) {
      let text = '';
      for (let at = next() % 25; at >= 0; at--) text += pieces[next() % pieces.length];
      const { tree, diagnostics } = parseYaml(text, 'x.yaml');
      expect(tree === undefined || diagnostics.every(({ place }) => place.line > 0)).toBe(true);
    }
  });

  it('says where the text is not UTF-8', () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('a: ä\nb: ü'), 0xff, 0x41]);
    expect(decodeText(bytes)).toEqual({ line: 2, column: 5 });
    expect(decodeText(new Uint8Array([0x61, 0xc3]))).toEqual({ line: 1, column: 2 });
  });
});
