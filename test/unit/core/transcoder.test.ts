import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Data, LuaFloat, dataObject } from '../../../src/core/data.js';
import { Transcoder } from '../../../src/core/transcoder.js';
import { formatYaml, parseYaml } from '../../../src/core/yaml.js';
import { FORMATS } from '../../../src/core/transcoder.js';
import { toBytes } from '../../../src/core/text.js';

const transcoder = new Transcoder();
const value: Data = dataObject({
  name: toBytes('Зоя'),
  count: 3,
  ratio: new LuaFloat(3),
  part: 0.5,
  big: 9007199254740993n,
  list: [1, null, true, dataObject()],
});

describe('the transcoder', () => {
  it('goes from plain data to JSON and YAML and back without a loss', () => {
    for (const format of [FORMATS.json, FORMATS.yaml]) {
      const encoded = transcoder.transcode(FORMATS.lua, format, value);
      expect(transcoder.transcode(format, FORMATS.lua, encoded)).toEqual(value);
    }
    const json = transcoder.transcode(FORMATS.lua, FORMATS.json, value);
    expect(
      transcoder.transcode(
        FORMATS.yaml,
        FORMATS.json,
        transcoder.transcode(FORMATS.json, FORMATS.yaml, json),
      ),
    ).toBe(json);
  });

  it('keeps a key that YAML would merge by', () => {
    const data = dataObject({ '<<': dataObject({ a: 1 }), b: 2 });
    expect(parseYaml(formatYaml(data))).toEqual(data);
  });

  it('writes YAML that reads the same, whatever the data', () => {
    const scalar = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string().filter((text) => /^[\0-\x7f]*$/.test(text)),
      fc.constantFrom(
        'yes',
        'null',
        '1',
        '1.0',
        '~',
        '- a',
        '<<',
        '2020-01-01',
        new LuaFloat(2),
        new LuaFloat(1e300),
        new LuaFloat(-0),
        0.25,
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          scalar,
          fc.array(scalar),
          fc.dictionary(
            fc.string({ maxLength: 5 }).filter((text) => /^[\0-\x7f]*$/.test(text)),
            scalar,
          ),
        ),
        (data) => {
          const plain =
            typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat)
              ? dataObject(data)
              : data;
          expect(parseYaml(formatYaml(plain))).toEqual(plain);
        },
      ),
    );
  });

  it('keeps text and bytes apart', () => {
    expect(transcoder.transcode(FORMATS.bytes, FORMATS.text, 'abc')).toBe('abc');
    expect(() => transcoder.transcode(FORMATS.bytes, FORMATS.text, '\xff')).toThrow('not UTF-8');
    expect(transcoder.transcode(FORMATS.lua, FORMATS.text, new LuaFloat(3))).toBe('3.0');
    expect(() => transcoder.transcode(FORMATS.lua, FORMATS.text, dataObject())).toThrow(
      'a table has no form',
    );
    const binary = transcoder.transcode(FORMATS.lua, FORMATS.yaml, ['\xff']);
    expect(binary).toContain('!!binary');
    expect(transcoder.transcode(FORMATS.yaml, FORMATS.lua, binary)).toEqual(['\xff']);
  });

  it('names what it does not know and what is broken', () => {
    expect(() => transcoder.transcode('golang/any', FORMATS.json, 1)).toThrow(
      "unknown payload format 'golang/any'; known are json/plain",
    );
    expect(() => transcoder.transcode(FORMATS.json, FORMATS.lua, '{')).toThrow('invalid JSON at 1:2');
    expect(() => transcoder.transcode(FORMATS.yaml, FORMATS.lua, 'a: [1')).toThrow('invalid YAML');
    expect(() => transcoder.transcode(FORMATS.json, FORMATS.lua, 5)).toThrow('is a string, got a number');
  });

  it('refuses YAML that is deep, circular or multiplies itself', () => {
    expect(() => parseYaml('['.repeat(200) + ']'.repeat(200))).toThrow('nested deeper than 128 levels');
    expect(() => parseYaml('['.repeat(50_000))).toThrow('invalid YAML');
    expect(() => parseYaml('&a [*a]')).toThrow(/nested deeper|invalid YAML/);
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]',
      'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]',
      'd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]',
      'e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]',
    ];
    expect(() => parseYaml(bomb.join('\n'))).toThrow('aliases stand for more than 100000 values');
  });

  it('keeps __proto__ a key', () => {
    const data = parseYaml('__proto__: {polluted: 1}');
    expect(Object.keys(data as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBe(undefined);
  });
});
