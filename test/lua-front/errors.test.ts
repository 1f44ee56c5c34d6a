import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseChunk } from '../../src/lua/front/parse.js';
import { errorOf } from './support.js';

const wrong: readonly string[] = [
  'local t = {1, 2\nreturn t',
  'x = }',
  'return 1 x',
  'local function',
  'function f(a,) end',
  'for a do',
  'for 1',
  'for i = 1 do end',
  'for i = 1, 2, 3, 4 do end',
  'x:y',
  'x:y = 2',
  'a.b:c = 1',
  '(a) = 1',
  'f() = 1',
  'a, f() = 1',
  'a, b',
  'x',
  "'a'",
  'goto 1',
  '::x',
  'return ...\nfunction f() return ... end',
  'if x the',
  '\n\n\nif x then\n\n',
  'f(\n1,\n2',
  'a[\n1',
  "x = 'abc' 'def'",
  'x = 12 34',
  'x = [[a\nb]] c',
  'x = y [[a\0b]] =',
  '\xe2\x82\xac = 1',
  'x = @',
  'x = \x01',
  'repeat x',
  'function a.b.c:d:e() end',
  // the lexer
  "local x = 'a\nb'",
  "local x = 'abc",
  'x = "abc\\q"',
  'x = "\\xg"',
  'x = "\\300"',
  'x = "\\u{110000}"',
  'x = "\\u1"',
  'x = "\\u{12"',
  'x = [=[\na',
  '--[[ never\nending',
  'x = [==',
  'x = 3..2',
  'x = 0x',
  'x = 1e+',
  'x = 3x',
  // labels
  'break',
  'if x then break end',
  'while x do local function g() break end end',
  'goto x',
  'do goto x end do ::x:: end',
  'goto x local a ::x:: print(a)',
  'repeat goto x; local a; ::x:: until a',
  '::x::\n::x::',
  // limits
  `return ${'('.repeat(250)}1${')'.repeat(250)}`,
  `${'do '.repeat(250)}${'end '.repeat(250)}`,
  `local ${'a,'.repeat(250)}b`,
  `\nfunction f() local ${'a,'.repeat(250)}b end`,
];

/** `[index, text of the error]` of lua5.3 for each source. */
function judge(sources: readonly string[]): string[] {
  const script = `
    for length in io.lines() do
      local _, message = load(io.read(tonumber(length)), '=order.lua', 't')
      io.write(message or 'no error', '\\0')
      io.read('l')
    end`;
  const input = sources.map((source) => `${String(source.length)}\n${source}\n`).join('');
  const output = execFileSync('lua5.3', ['-e', script], { input: Buffer.from(input, 'latin1') });
  return output.toString('latin1').split('\0').slice(0, -1);
}

const hasJudge = spawnSync('lua5.3', ['-v']).status === 0;

describe('syntax errors', () => {
  it.runIf(hasJudge)('have the text and the line of lua5.3', () => {
    expect(wrong.map(errorOf)).toEqual(judge(wrong));
  });

  it('name what was opened, and where', () => {
    expect(errorOf('local t = {1, 2\nreturn t')).toBe(
      "order.lua:2: '}' expected (to close '{' at line 1) near 'return'",
    );
  });

  it('have a column in characters, not bytes', () => {
    const result = parseChunk('local x = "\xc3\xa9\xc3\xa9" }', 'order.lua');
    expect(result.ok ? undefined : result.diagnostics[0]?.place).toEqual({
      file: 'order.lua',
      line: 1,
      column: 16,
    });
  });

  it('refuse to assign to constants, of enclosing functions too', () => {
    const text = "order.lua:1: attempt to assign to const variable 'x'";
    expect(errorOf('local x <const> = 1; x = 2')).toBe(text);
    expect(errorOf('local x <close> = nil; function x() end')).toBe(text);
    expect(errorOf('local x <const> = 1; return function() x = 2 end')).toBe(text);
    expect(errorOf('local x <fast> = 1')).toBe("order.lua:1: unknown attribute 'fast'");
    expect(errorOf('local x <close>, y <close> = 1')).toBe(
      'order.lua:1: multiple to-be-closed variables in local list',
    );
  });

  it('count upvalues, the environment among them', () => {
    const names = (prefix: string): string[] => Array.from({ length: 128 }, (_, i) => prefix + String(i));
    const inner = [...names('a'), ...names('b')].slice(0, 255);
    const source = (body: string): string =>
      `local ${names('a').join()}\nfunction f() local ${names('b').join()}\nreturn function() ${body} end end`;
    expect(errorOf(source(`return ${inner.join('+')}`))).toBe('no error');
    expect(errorOf(source(`return ${inner.join('+')}, print`))).toMatch(
      /^order\.lua:3: too many upvalues \(limit is 255\) in function at line 3 near/,
    );
  });
});

describe('bytes that are no program', () => {
  it('give an error, never a crash', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const pieces = [
      '"',
      "'",
      '[[',
      ']]',
      '--',
      '\\',
      '\\u{',
      '0x',
      '1e',
      '{',
      '(',
      '::',
      ':',
      '<',
      '>>',
      '->',
      '@',
    ];
    for (let round = 0; round < 3000; round++) {
      let source = random(2) === 0 ? 'local x: ' : '';
      for (let i = random(40); i >= 0; i--) {
        source += random(3) === 0 ? (pieces[random(pieces.length)] ?? '') : String.fromCharCode(random(256));
      }
      expect(parseChunk(source, 'f').ok).toBeTypeOf('boolean');
    }
  });

  it('nest without end and still only give an error', () => {
    for (const opening of [
      '(',
      '{',
      'f(',
      'do ',
      'if x then ',
      'function() ',
      '- ',
      'x = {a=',
      '[',
      'a[',
      'a..',
      'local x: {',
      'local x: (',
    ]) {
      const source = `${opening === '{' ? 'return ' : ''}${opening.repeat(100_000)}`;
      expect(parseChunk(source, 'f').ok).toBe(false);
    }
  });
});
