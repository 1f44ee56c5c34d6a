import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textSpec } from '../../src/modules/text/spec.js';
import { runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [textSpec];
const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args });
/** The method's results as lists. */
const find = async (method: string, pattern: string, subject: string, more = '') =>
  (
    await lua(
      `local pattern, s = ... return text.regexp.compile(pattern):${method}(s${more})`,
      pattern,
      subject,
    )
  )[0];
const bytes = (text: string) => Buffer.from(text).toString('latin1');

describe('text.regexp', () => {
  // https://github.com/google/re2/wiki/Syntax: one of each kind.
  it.each([
    ['.', 'a'],
    ['[xyz]', 'y'],
    ['[^xyz]', 'a'],
    ['\\d\\D\\s\\S\\w\\W', '1a b_-'],
    ['[[:alpha:]][[:^alpha:]]', 'a1'],
    ['\\pL\\PL\\p{Greek}\\P{Greek}', bytes('é1αa')],
    ['xy|yx', 'yx'],
    ['a*b+c?', 'bb'],
    ['a{2}b{1,}c{0,2}', 'aabbb'],
    ['a*?a+?a??a{1,2}?', 'aa'],
    ['(?P<name>a)(?<other>b)(?:c)', 'abc'],
    ['(?i)ABC', 'abc'],
    ['(?s)a.b', 'a\nb'],
    ['(?m)^b$', 'a\nb\nc'],
    ['(?U)a+', 'aaa'],
    ['(?i:A)b', 'ab'],
    ['^\\Aa\\z', 'a'],
    ['\\bfoo\\b', 'a foo b'],
    ['\\Boo', 'foo'],
    ['\\Q.+*\\E', '.+*'],
    ['\\a\\f\\t\\n\\r\\v', '\x07\f\t\n\r\v'],
    ['\\x41\\x{1F600}\\101', bytes('A😀A')],
    ['[a-z&&]', '&'],
    ['[\\d\\-x]', '-'],
    ['', ''],
  ])('takes %s', async (pattern, subject) => {
    expect(await find('match_string', pattern, subject)).toBe(true);
  });

  it.each([
    '(?=a)',
    '(?!a)',
    '(?>a)',
    'a++',
    '(a)\\1',
    '\\k<name>',
    '(',
    ')',
    '[',
    'a{1001}',
    '(a{1000}){1000}',
    '*',
    'a**',
    '\\p{Nothing}',
    '[b-a]',
    '\\8',
    '(?P<a>b)(?P<a>c)',
    '\\',
    '\xff',
    'a'.repeat(10_001),
  ])('refuses %s', async (pattern) => {
    expect(
      await lua('local re, err = text.regexp.compile(...) return re, err:kind(), err:retryable()', pattern),
    ).toEqual(['<nil>', 'Invalid', false]);
  });

  it('finds what Go finds', async () => {
    expect(await find('find_all_string', 'a*', 'baaab')).toEqual(['', 'aaa', '']);
    expect(await find('find_all_string_index', 'a*', 'baaab')).toEqual([
      [1, 0],
      [2, 4],
      [6, 5],
    ]);
    expect(await find('find_all_string', '', 'abc')).toEqual(['', '', '', '']);
    expect(await find('find_string_submatch', '(a)|(b)', 'b')).toEqual(['b', '', 'b']);
    expect(await find('find_all_string_submatch', '(\\w)(\\d)?', 'a1b')).toEqual([
      ['a1', 'a', '1'],
      ['b', 'b', ''],
    ]);
    expect(await find('find_all_string', 'x', 'abc')).toEqual([]);
    expect(await find('find_string', 'a+|a+b', 'aab')).toBe('aa');
  });

  it('replaces as Go does', async () => {
    const replace = (pattern: string, subject: string, by: string) =>
      find('replace_all_string', pattern, subject, `, ${JSON.stringify(by)}`);
    expect(await replace('a(x*)b', '-ab-axxb-', 'T')).toBe('-T-T-');
    expect(await replace('a(x*)b', '-ab-axxb-', '$1')).toBe('--xx-');
    expect(await replace('a(x*)b', '-ab-axxb-', '$1W')).toBe('---');
    expect(await replace('a(x*)b', '-ab-axxb-', '${1}W')).toBe('-W-xxW-');
    expect(await replace('(?P<n>a)', 'a', '$$${n}$9$')).toBe('$a$');
    expect(await replace('', 'abc', '-')).toBe('-a-b-c-');
    expect(await replace('x*', 'abc', '-')).toBe('-a-b-c-');
    expect(await replace('', bytes('é'), '-')).toBe(bytes('-é-'));
  });

  it.each([
    [',', 'a,b,c', 'nil', ['a', 'b', 'c']],
    [',', 'a,b,c', '2', ['a', 'b,c']],
    [',', 'a,b,c', '0', []],
    ['a*', 'baaac', '-1', ['b', 'c']],
    ['', 'abc', '-1', ['a', 'b', 'c']],
    [',', '', '-1', ['']],
    ['z+', 'pizza', '-1', ['pi', 'a']],
    ['z', 'pizza', '-1', ['pi', '', 'a']],
  ])('splits by %j the text %j, %s', async (pattern, subject, most, parts) => {
    expect(await find('split', pattern, subject, `, ${most}`)).toEqual(parts);
  });

  it('counts bytes, and searches what is not UTF-8', async () => {
    expect(await find('find_string_index', 'b', bytes('éb'))).toEqual([3, 3]);
    expect(await find('find_all_string', '.', bytes('é🌙'))).toEqual([bytes('é'), bytes('🌙')]);
    expect(await find('find_all_string', 'a', '\xffa\xfea')).toEqual(['a', 'a']);
    expect(await find('replace_all_string', 'a', '\xffa\xfe', ', "b"')).toBe('\xffb\xfe');
    expect(await find('find_string', '\\x00', 'a\0b')).toBe('\0');
  });

  it('gives places that string.sub takes, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), async (subject) => {
        const s = bytes(subject);
        const at = (await find('find_all_string_index', '\\w+|\\s|[^\\w\\s]', s)) as
          [number, number][] | '<nil>';
        const all = (await find('find_all_string', '\\w+|\\s|[^\\w\\s]', s)) as string[];
        expect((at === '<nil>' ? [] : at).map(([from, to]) => s.slice(from - 1, to))).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  // A backtracking engine would not end within this test's time.
  it.each(['^(a+)+$', '^(a|a)*$', '(.*a){12}$', '^([a-zA-Z]+)*$', '^(a|aa)+$', '(.*)*x'])(
    'is done with %s on 50 kB',
    async (pattern) => {
      expect(await find('match_string', pattern, `${'a'.repeat(50_000)}!`)).toBe(false);
    },
  );

  it('charges for what it searches, and bounds what it makes', async () => {
    const { error } = await runLua(
      'local re, s = text.regexp.compile("(a|b|ab)*c"), ("ab"):rep(5e6) for i = 1, 1e4 do re:match_string(s) end',
      { modules },
    );
    expect(error?.message).toMatch(/^budget exceeded at main.lua:1/);
    expect(
      await lua(
        'local r, err = text.regexp.compile(""):replace_all_string(("a"):rep(1000), ("b"):rep(1e5)) return r, err:kind()',
      ),
    ).toEqual(['<nil>', 'Invalid']);
  });

  it.each([
    ['find_all_string(s)', ''],
    ['split(s)', 'é'],
  ])('charges %s for what its searches read again and again', async (method, end) => {
    const run = (count: number) =>
      runLua(
        `local s = ("a"):rep(${count}) .. ... local re = text.regexp.compile("a[^z]*z|a") return #re:${method}`,
        { modules, args: [bytes(end)] },
      );
    expect((await run(30_000)).error?.message).toMatch(/^budget exceeded at main.lua:1/);
    expect((await run(300)).error).toBeUndefined();
  });

  it('raises for wrong arguments at the caller', async () => {
    await expect(lua('return text.regexp.compile("a"):match_string(1)')).rejects.toThrow(
      "main.lua:1: bad argument #1 to 'match_string' (string expected, got number)",
    );
  });
});
