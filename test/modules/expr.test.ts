import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/core/text.js';
import { exprSpec } from '../../src/modules/expr/spec.js';
import { runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [exprSpec];
const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args: args.map(toBytes) });
const value = async (expression: string, env = '{}') =>
  (await lua(`return expr.eval(..., ${env})`, expression))[0];
const problem = async (expression: string, env = '{}') =>
  lua(
    `local v, err = expr.eval(..., ${env}) return v, err:kind(), err:message(), err:retryable()`,
    expression,
  );

const ENV = `{
  user = {name = "Ann", age = 30, tags = {"a", "b"}, address = {city = "Oslo"}},
  items = {{name = "x", price = 5, qty = 2}, {name = "y", price = 20, qty = 1}, {name = "z", price = 7, qty = 1}},
  numbers = {3, 1, 2}, nothing = {}, big = 9007199254740993, ratio = 0.5, text = "hello" }`;

describe('expr', () => {
  // expr-lang.org/docs/language-definition, one or more of each section.
  it.each<[string, unknown]>([
    ['42', 42],
    ['0x2A + 0o52 + 0b101010', 126],
    ['10_000', 10000],
    ['.5 + 0.5 == 1', true],
    ['"a\\n\\x41\\u00e9\\u{1F319}" == \'a\\nAé🌙\'', true],
    ['`raw \\n`', 'raw \\n'],
    ['nil', '<nil>'],
    ['[1, 2, 3][1]', 2],
    ['[1, 2, 3][-1]', 3],
    ['{a: 1, "b": 2, (text): 3}.hello', 3],
    ['// comment\n1 /* more */ + 1', 2],
    ['2 ** 3 ** 2 == 512', true],
    ['2 ^ 3 == 8.0', true],
    ['-2 ** 2 == -4', true],
    ['7 % 3 - 1', 0],
    ['-7 % 3', -1],
    ['1 / 2', 0.5],
    ['big + 1', 9007199254740994n],
    ['1 == 1.0', true],
    ['not true or !false and true', true],
    ['"b" > "a"', true],
    ['user.name == "Ann" && user["age"] >= 18', true],
    ['user?.address?.city', 'Oslo'],
    ['missing?.address.city', '<nil>'],
    ['missing?.address ?? "none"', 'none'],
    ['missing ?? 1 + 1', 2],
    ['"name" in user', true],
    ['"a" in user.tags', true],
    ['5 in [1, 2]', false],
    ['5 not in [1, 2]', true],
    ['text contains "ell" and text startsWith "he" and text endsWith "lo"', true],
    ['text not contains "x"', true],
    ['text matches "^h.*o$"', true],
    ['text not matches "x"', true],
    ['true ? 1 : 2', 1],
    ['nil ?: "other"', 'other'],
    ['if 1 > 2 { "a" } else if 2 > 1 { "b" } else { "c" }', 'b'],
    ['let x = 2; let y = x * 3; x + y', 8],
    ['1; 2; 3', 3],
    ['1..3 == [1, 2, 3]', true],
    ['3..1', []],
    ['numbers[1:]', [1, 2]],
    ['numbers[:-1]', [3, 1]],
    ['text[1:3]', 'el'],
    ['text[0]', 'h'],
    ['$env.text', 'hello'],
    ['$env["text"]', 'hello'],
    ['"  hi " | trim() | upper()', 'HI'],
    ['len(nothing) == 0 and len(user) == 4', true],
  ])('gives the value of %s', async (expression, wanted) => {
    expect(await value(expression, ENV)).toEqual(wanted);
  });

  it.each<[string, unknown]>([
    ['trim("__a__", "_") + trimPrefix("HTTP", "HT") + trimSuffix("a.go", ".go")', 'aTPa'],
    ['upper("é") + lower("É")', toBytes('Éé')],
    ['split("a,b,c", ",", 2)', ['a', 'b,c']],
    ['splitAfter("a,b", ",")', ['a,', 'b']],
    ['replace("Hello World", "World", "you")', 'Hello you'],
    ['replace("aaa", "a", "b", 2)', 'bba'],
    ['replace("aaa", "a", "b", 0)', 'aaa'],
    ['replace("aaa", "a", "b", -1)', 'bbb'],
    ['replace("ab", "", "-")', '-a-b-'],
    ['replace("ab", "", "-", 1)', '-ab'],
    ['-9223372036854775808', -9223372036854775808n],
    ['1 + -9223372036854775808', -9223372036854775807n],
    ['repeat("ab", 3)', 'ababab'],
    ['indexOf("ékorn", "k") + lastIndexOf("aa", "a") + indexOf("a", "x")', 1],
    ['hasPrefix("abc", "a") and hasSuffix("abc", "c")', true],
    ['max(1, 5, 3) + min([10, 2, 8])', 7],
    ['abs(-42) + ceil(3.2) + floor(3.8) + round(-2.5)', 46],
    [
      'all(numbers, # > 0) and any(numbers, {# == 3}) and none(numbers, # > 3) and one(numbers, # == 1)',
      true,
    ],
    ['filter(items, .price > 6) | map(.name)', ['y', 'z']],
    ['map(numbers, # * #index)', [0, 1, 4]],
    ['find(items, .price > 6).name + findLast(items, .qty == 1).name', 'yz'],
    ['[findIndex(numbers, # == 1), findLastIndex(numbers, # > 1), findIndex(numbers, # == 9)]', [1, 2, -1]],
    ['groupBy(items, .qty)["1"] | len()', 2],
    ['count([true, false, true]) + count(numbers, # > 1)', 4],
    ['concat([1], [2, 3])', [1, 2, 3]],
    ['flatten([1, [2, [3]]])', [1, 2, 3]],
    ['uniq([1, 2, 1, "1"])', [1, 2, '1']],
    ['join(["a", "b"], "-") + join(["c", "d"])', 'a-bcd'],
    ['reduce(numbers, #acc + #, 10)', 16],
    ['reduce(numbers, #acc + #)', 6],
    ['sum(numbers) + sum(items, .price * .qty)', 43],
    ['mean(1, 2, 3) == 2 and median([1, 2, 3, 4]) == 2.5', true],
    ['[first(numbers), last(numbers), first(nothing)][:2]', [3, 2]],
    ['take(numbers, 2)', [3, 1]],
    ['reverse(numbers)', [2, 1, 3]],
    ['sort(numbers, "desc")', [3, 2, 1]],
    ['sortBy(items, .price) | map(.name)', ['x', 'z', 'y']],
    ['sortBy(items, .price, "desc") | map(.name)', ['y', 'z', 'x']],
    ['keys({a: 1})[0] + string(values({a: 1})[0])', 'a1'],
    ['fromPairs(toPairs({a: 1})) == {a: 1}', true],
    [
      '[type(1), type(1.5), type("a"), type(nil), type([1]), type({a: 1}), type(true)]',
      ['int', 'float', 'string', 'nil', 'array', 'map', 'bool'],
    ],
    ['int("42") + int(1.9)', 43],
    ['float("1.5")', 1.5],
    ['string(42) + string(true)', '42true'],
    ['fromJSON("{\\"a\\": [1]}").a[0]', 1],
    ['fromJSON(toJSON({a: 1})) == {a: 1}', true],
    ['fromBase64(toBase64("hi"))', 'hi'],
    ['get(numbers, 9) ?? get(user, "name")', 'Ann'],
    [
      '[bitand(6, 3), bitor(6, 3), bitxor(6, 3), bitnand(6, 3), bitnot(0), bitshl(1, 4), bitshr(-8, 1), bitushr(-1, 60)]',
      [2, 7, 5, 4, -1, 16, -4, 15],
    ],
  ])('does what the functions in %s say', async (expression, wanted) => {
    expect(await value(expression, ENV)).toEqual(wanted);
  });

  it.each([
    ['', 'Invalid', 'the expression is empty'],
    [' \n', 'Invalid', 'the expression is empty'],
    ['1 +', 'Internal', 'unexpected end at 1:4'],
    ['(1', 'Internal', "')' expected, unexpected end at 1:3"],
    ['1 2', 'Internal', "unexpected '2' at 1:3"],
    ['a\n.. @', 'Internal', 'unexpected character "@" at 2:4'],
    ['"open', 'Internal', 'unexpected character "\\"" at 1:1'],
    ['"\\q"', 'Internal', 'unknown escape \\q at 1:1'],
    ['#', 'Internal', "unexpected '#' at 1:1"],
    ['len()', 'Internal', 'len takes 1 arguments, got 0 at 1:6'],
    ['let = 1; 2', 'Internal', "a name expected, unexpected '=' at 1:5"],
    ['99999999999999999999', 'Internal', 'the integer 99999999999999999999 has more than 64 bits at 1:1'],
    ['1 + "a"', 'Internal', 'cannot calculate int + string'],
    ['nil + 1', 'Internal', 'cannot calculate nil + int'],
    ['missing.name', 'Internal', 'cannot take name from nil'],
    ['[1][5]', 'Internal', 'index 5 is out of range of 1 elements'],
    ['1 and true', 'Internal', 'and takes a bool, got int'],
    ['1 < "a"', 'Internal', 'cannot compare int with string'],
    ['5 % 0', 'Internal', 'division by zero'],
    ['int("x")', 'Internal', 'cannot make an int of "x"'],
    ['"a" matches "(?=a)"', 'Internal', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['filter([1], #)', 'Internal', 'the predicate of filter takes a bool, got int'],
    [
      'now()',
      'Internal',
      "'now' is not built in this version; give the moment as a number or a text in the environment at 1:5",
    ],
    ['nwo()', 'Internal', "there is no function 'nwo' at 1:5"],
    ['toJSON(1 / 0)', 'Internal', 'toJSON: $ is infinite, which has no form in JSON'],
  ])('refuses %j', async (expression, kind, message) => {
    expect(await problem(expression)).toEqual(['<nil>', kind, message, false]);
  });

  it('takes and gives NaN and the infinities, as the floats of expr-lang do', async () => {
    expect(
      await lua(
        'local v = expr.eval("[x, -1.0 / 0, 0.0 / 0, x > 5]", {x = 1/0}) return v[1] == math.huge, v[2] == -math.huge, v[3] ~= v[3], v[4]',
      ),
    ).toEqual([true, true, true, true]);
    expect(
      await lua('local v = expr.eval("x", {x = 0/0}) return v ~= v, expr.eval("1 / 0") == math.huge'),
    ).toEqual([true, true]);
  });

  it('refuses environments that do not cross', async () => {
    expect((await problem('1', '{f = print}')).slice(0, 3)).toEqual([
      '<nil>',
      'Invalid',
      'functions do not cross: $.f',
    ]);
    expect((await problem('1', '{"a"}'))[1]).toBe('Invalid');
    expect((await problem('a', '{a = "\\xff"}'))[1]).toBe('Invalid');
    expect(await lua('local v, err = expr.eval(1) return err:kind(), err:message()')).toEqual([
      'Invalid',
      "bad argument #1 to 'eval' (string expected, got number)",
    ]);
  });

  // The abuse corpus: nothing of the host is reached, nothing runs without an end.
  it.each([
    '$env.constructor',
    '$env["__proto__"]',
    'text.constructor ?? 1',
    '{}.constructor',
    '[].length ?? nil',
    'user?.hasOwnProperty',
    'toString',
    '$env?.__proto__?.polluted',
  ])('%s reaches nothing', async (expression) => {
    const [result, err] = await lua(
      'local v, err = expr.eval(..., {text = "a", user = {a = 1}}) return v, err and err:kind()',
      expression,
    );
    expect([result === '<nil>' || result === 1, err === '<nil>' || err === 'Internal']).toEqual([true, true]);
  });

  it('takes keys that are names of methods', async () => {
    expect(await value('__proto__.a + constructor', '{["__proto__"] = {a = 1}, constructor = 2}')).toBe(3);
  });

  it.each([
    '('.repeat(5000),
    '1' + '+1'.repeat(6000),
    '-'.repeat(5000) + '1',
    'repeat("a", 1000000000)',
    '1..1000000000',
    'reduce(1..100000, [#acc])',
    'map(1..3000, map(1..3000, 1..3000))',
    '[' + '[1],'.repeat(3000) + ']',
  ])('bounds what would run or grow without an end: %#', async (expression) => {
    const run = await runLua('local v, err = expr.eval(...) return err and err:kind() or "done"', {
      modules,
      args: [expression],
    });
    if (run.error === undefined) expect(['Internal', 'done']).toContain(run.values[0]);
    else expect(run.error.message).toMatch(/^budget exceeded at main.lua:1/);
  });

  it('calculates as JavaScript does on small integers', async () => {
    interface Sum {
      readonly text: string;
      readonly value: number;
    }
    const calculate: Readonly<Record<string, (a: number, b: number) => number>> = {
      '+': (a, b) => a + b,
      '-': (a, b) => a - b,
      '*': (a, b) => a * b,
    };
    const tree: fc.Arbitrary<Sum> = fc.letrec<{ tree: Sum }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.integer({ min: -1000, max: 1000 }).map((value) => ({ text: `(${value})`, value })),
        fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree')).map(([a, op, b]) => ({
          text: `(${a.text} ${op} ${b.text})`,
          value: calculate[op]!(a.value, b.value),
        })),
      ),
    })).tree;
    await fc.assert(
      fc.asyncProperty(tree, async (sum) => {
        fc.pre(Number.isSafeInteger(sum.value));
        expect(await value(sum.text)).toBe(sum.value + 0);
      }),
      { numRuns: 60 },
    );
  });
});
