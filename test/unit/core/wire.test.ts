import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Data, LuaFloat, dataObject } from '../../../src/core/data.js';
import { readJson } from '../../../src/core/wire-decoder.js';
import { decodeWire, encodeWire, WireSyntaxError, WireValueError } from '../../../src/core/wire.js';

const integer: fc.Arbitrary<Data> = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map((value) => (value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value));
const float: fc.Arbitrary<Data> = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Number.isInteger(value) ? new LuaFloat(value) : value));
const byteString = fc
  .oneof(
    fc.string(),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => String.fromCharCode(...bytes)),
    fc.constantFrom(
      '$bytes',
      '$$bytes',
      '$bytes:',
      '$bytes:AA==',
      '__proto__',
      'toJSON',
      'Ð\u0097',
      '\ud800'.slice(1),
    ),
  )
  .map((text) => text.replace(/[^\0-\xff]/gu, '?'));
const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), integer, float, byteString);
const data: fc.Arbitrary<Data> = fc.letrec<{ value: Data }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(byteString, tie('value')), { maxLength: 4 }).map((pairs) => {
      const target = dataObject();
      for (const [key, value] of pairs) target[key] = value;
      return target;
    }),
  ),
})).value;

/** Structure and number kinds, also between objects with and without prototypes. */
function same(left: Data, right: Data): boolean {
  if (left instanceof LuaFloat || right instanceof LuaFloat)
    return left instanceof LuaFloat && right instanceof LuaFloat && Object.is(left.n, right.n);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    return Object.is(left, right);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => same((left as never)[key], (right as never)[key]));
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('the wire', () => {
  it('gives back what went in, whatever plain data it is', () => {
    fc.assert(
      fc.property(data, fc.boolean(), fc.boolean(), (value, pretty, sorted) => {
        expect(same(decodeWire(encodeWire(value, { pretty, sorted })), value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads the same by the fast and the slow path', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(same(decodeWire(text), readJson(text, { bytes: true, exact: false }))).toBe(true);
        expect(
          same(decodeWire(text, { strings: 'text' }), readJson(text, { bytes: false, exact: false })),
        ).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses exactly the texts that native JSON refuses', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\',
        '\\u00',
        '1',
        '-',
        '0',
        '.',
        'e',
        'true',
        'null',
        ' ',
        '\n',
        '\t',
        'é',
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        let native = true;
        try {
          JSON.parse(text);
        } catch {
          native = false;
        }
        let ours = true;
        try {
          decodeWire(text);
          readJson(text, { bytes: true, exact: false });
        } catch (error) {
          expect(error).toBeInstanceOf(WireSyntaxError);
          ours = false;
        }
        expect(ours).toBe(native);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives text mode back unchanged, with any characters', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        const source = dataObject(value);
        expect(same(decodeWire(encodeWire(source, { strings: 'text' }), { strings: 'text' }), source)).toBe(
          true,
        );
      }),
    );
  });

  it.each<[Data, string]>([
    [3, '3'],
    [new LuaFloat(3), '3.0'],
    [new LuaFloat(-0), '-0.0'],
    [new LuaFloat(1e300), '1e+300'],
    [new LuaFloat(1e20), '100000000000000000000.0'],
    [0.1, '0.1'],
    [9007199254740993n, '9007199254740993'],
    [-(2n ** 63n), '-9223372036854775808'],
    [[], '[]'],
    [dataObject(), '{}'],
    ['caf\xc3\xa9', '"café"'],
    ['\xff\x00', '{"$bytes":"/wA="}'],
    [dataObject({ $bytes: 'x' }), '{"$$bytes":"x"}'],
    [dataObject({ '\xff': 1 }), '{"$bytes:/w==":1}'],
    [dataObject({ 'a"b': [true, null] }), '{"a\\"b":[true,null]}'],
  ])('writes %o as %s', (value, text) => {
    expect(encodeWire(value)).toBe(text);
    expect(same(decodeWire(text), value)).toBe(true);
  });

  it.each<[string, Data]>([
    ['1e2', new LuaFloat(100)],
    ['0', 0],
    ['-0', 0],
    ['-0.0', new LuaFloat(-0)],
    ['1.00000000000000000001', new LuaFloat(1)],
    ['999999999999999.9999', new LuaFloat(1e15)],
    ['9223372036854775808', new LuaFloat(2 ** 63)],
    ['9007199254740992', 2 ** 53],
    ['9007199254740993', 9007199254740993n],
    ['"\\ud800"', '\xef\xbf\xbd'],
    ['"\\ud83d\\ude00"', '\xf0\x9f\x98\x80'],
    ['{"$bytes":5}', dataObject({ $bytes: 5 })],
    ['{"$bytes":"%"}', dataObject({ $bytes: '%' })],
    ['{"a":1,"a":2}', dataObject({ a: 2 })],
  ])('reads %s from elsewhere', (text, value) => {
    expect(decodeWire(text)).toEqual(value);
    expect(same(decodeWire(text), value)).toBe(true);
  });

  it('keeps __proto__ a key and gives objects no prototype', () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1.0}}']) {
      const value = decodeWire(text) as Record<string, Data>;
      expect(Object.getPrototypeOf(value)).toBe(null);
      expect(Object.keys(value)).toEqual(['__proto__']);
      expect(encodeWire(value)).toBe(text);
    }
    expect(({} as Record<string, unknown>).a).toBe(undefined);
  });

  it.each<[unknown, string]>([
    [{ items: [1, 2, 3, { price: NaN }] }, '$.items[3].price is NaN, which has no form in JSON'],
    [[-Infinity], '$[0] is infinite, which has no form in JSON'],
    [{ 'a b': () => 1 }, '$["a b"] is a function, which cannot be sent'],
    [[new Map()], '$[0] is a Map, which is not plain data'],
    [2n ** 63n, '$ is an integer beyond 64 bits'],
    [{ name: 'Зоя' }, "$.name holds the character 'З', which is no byte; turn text into bytes first"],
  ])('refuses %o with its path', (value, message) => {
    expect(() => encodeWire(value as Data)).toThrow(WireValueError);
    expect(() => encodeWire(value as Data)).toThrow(message);
  });

  it('carries 128 levels and refuses the next with a typed error in both directions', () => {
    const deepest = decodeWire(nested(128));
    expect(encodeWire(deepest)).toBe(nested(128));
    expect(() => encodeWire([deepest])).toThrow(/^\$(\[0\]){128} is nested deeper than 128 levels$/);
    for (const depth of [129, 100_000]) {
      expect(() => decodeWire(nested(depth))).toThrow('invalid JSON at 1:129: nested deeper than 128 levels');
      expect(() => decodeWire('{"é":'.repeat(depth))).toThrow('nested deeper than 128 levels');
    }
    const cycle: Data[] = [];
    cycle.push(cycle);
    expect(() => encodeWire(cycle)).toThrow(WireValueError);
  });

  it('says where a text is wrong', () => {
    expect(() => decodeWire('{"a": 1,\n "b" 2}')).toThrow("invalid JSON at 2:6: expected ':', found '2'");
    expect(() => decodeWire('[1, 2')).toThrow("expected ',' or ']', found the end of the text");
    expect(() => decodeWire('1e400')).toThrow('the number 1e400 is too large');
    expect(() => decodeWire('"a\nb"')).toThrow(WireSyntaxError);
  });

  it('refuses, where asked to be exact, what it could only take as something else', () => {
    const why = (text: string): string => {
      try {
        decodeWire(text, { exact: true });
        return 'taken';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const BITS = "more than 64 bits; write it as a text in quotes, or with '.0' as a float that is not exact";
    const HALF = 'is half of a character; write both halves of the surrogate pair';
    expect(why('[1, 9223372036854775808]')).toBe(
      `invalid JSON at 1:5: the integer 9223372036854775808 has ${BITS}`,
    );
    expect(why(`{"n":-${'9'.repeat(30)}}`)).toBe(
      `invalid JSON at 1:6: the integer -${'9'.repeat(23)}... has ${BITS}`,
    );
    expect(why('{"a":1,\n "b":2, "\\u0061":3}')).toBe(
      "invalid JSON at 2:9: the key '\\u0061' is given twice; remove one",
    );
    expect(why('{"__proto__":1,"__proto__":2}')).toContain("the key '__proto__' is given twice");
    expect(why('{"$bytes":"Kg==","$bytes":"Kg=="}')).toContain("the key '$bytes' is given twice");
    expect(why('"\\ud800"')).toBe(`invalid JSON at 1:2: '\\ud800' ${HALF}`);
    expect(why('"ab\\uDC00"')).toBe(`invalid JSON at 1:4: '\\uDC00' ${HALF}`);
    expect(why('"\\\\ud83d\\ude00"')).toBe(`invalid JSON at 1:9: '\\ude00' ${HALF}`);
    for (const good of [
      '"\\ud83d\\ude00"',
      '9223372036854775807',
      '-9223372036854775808',
      '[{"a":1},{"a":1}]',
      '1e30',
    ])
      expect([why(good), decodeWire(good, { exact: true })]).toEqual(['taken', decodeWire(good)]);
  });

  it('writes for people and in canonical order where asked', () => {
    const value = decodeWire('{"b":[1.0,{}],"a":"\u00ff"}');
    expect(encodeWire(value, { pretty: true })).toBe('{\n  "b": [\n    1.0,\n    {}\n  ],\n  "a": "ÿ"\n}');
    expect(encodeWire(value, { sorted: true })).toBe('{"a":"ÿ","b":[1.0,{}]}');
  });

  it('leaves absent fields out and takes absent items as null', () => {
    expect(encodeWire({ a: undefined, b: [undefined] } as never)).toBe('{"b":[null]}');
    expect(encodeWire({ a: undefined, b: [undefined, 1n] } as never)).toBe('{"b":[null,1]}');
    expect(encodeWire(undefined as never)).toBe('null');
  });
});
