import { Packr } from 'msgpackr';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { decodeMessagePack, encodeMessagePack } from '../../src/core/message-pack.js';
import { evaluate } from './evaluate.js';

const lua = (text: string, ...args: string[]) => evaluate(text, { args });
const unhex = (bytes: string) => Buffer.from(bytes, 'latin1').toString('hex');

describe('payload', () => {
  it.each(['JSON', 'YAML', 'MSGPACK'])('keeps a value through %s', async (format) => {
    expect(
      await lua(`local p = payload.new({n = 9007199254740993, f = 3.0, list = {1, "\\u{e9}", false}, empty = {}})
        local q = p:transcode(payload.format.${format})
        local v = q:transcode(payload.format.LUA):data()
        return q:get_format() == payload.format.${format}, v.n, math.type(v.f), #v.list, v.list[2], v.list[3], next(v.empty)`),
    ).toEqual([true, 9007199254740993n, 'float', 3, 'Ã©', false, '<nil>']);
  });

  it('keeps bytes that are no text, where the format can', async () => {
    expect(
      await lua(`local p = payload.new("\\xff\\0")
        local json, msgpack = p:transcode(payload.format.JSON), p:transcode(payload.format.MSGPACK)
        local text, err = p:transcode(payload.format.STRING)
        local yaml = p:transcode(payload.format.YAML)
        return json:data(), msgpack:data(), text, err:kind(), yaml:data(), p:transcode(payload.format.BYTES):data()`),
    ).toEqual(['\xff\0', '\xff\0', '<nil>', 'Internal', '\xff\0', '\xff\0']);
  });

  it('says what is wrong with broken payloads', async () => {
    const broken = async (from: string, bytes: string) =>
      (
        await lua(
          `local p = payload.new(...):transcode(payload.format.BYTES) local v, err = p:transcode("${from}")
          return err and err:message() or "fine"`,
          bytes,
        )
      )[0];
    expect(await broken('no/format', 'x')).toContain("unknown payload format 'no/format'");
    expect(
      await lua(
        'local e = payload.new(errors.new({kind = "NotFound", message = "no"})) return e:get_format(), e:data():kind(), e:transcode(payload.format.JSON):data():message()',
      ),
    ).toEqual(['golang/error', 'NotFound', 'no']);
  });
});

describe('MessagePack', () => {
  // The table of formats in the specification, at their borders.
  it.each<[Data, string]>([
    [null, 'c0'],
    [false, 'c2'],
    [true, 'c3'],
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65536, 'ce00010000'],
    [4294967296, 'cf0000000100000000'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32769, 'd2ffff7fff'],
    [-2147483649, 'd3ffffffff7fffffff'],
    [2n ** 63n - 1n, 'cf7fffffffffffffff'],
    [-(2n ** 63n), 'd38000000000000000'],
    [1.5, 'cb3ff8000000000000'],
    [new LuaFloat(3), 'cb4008000000000000'],
    ['', 'a0'],
    ['a'.repeat(32), `d920${'61'.repeat(32)}`],
    ['\xff', 'c401ff'],
    [[], '90'],
    [[1, [2]], '92019102'],
    [dataObject({ a: 1 }), '81a16101'],
  ])('writes what the specification has: %#', (data, hex) => {
    expect(unhex(encodeMessagePack(data))).toBe(hex);
    expect(decodeMessagePack(encodeMessagePack(data))).toEqual(data);
  });

  it('is what msgpackr reads', () => {
    const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' });
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
        fc.string({ unit: fc.constantFrom('a', ' ', '"', '\0') }),
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1 }), tie('tree'), {
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const bytes = encodeMessagePack(value as Data);
        expect(packr.unpack(Buffer.from(bytes, 'latin1'))).toEqual(value);
        expect(decodeMessagePack(packr.pack(value).toString('latin1'))).toEqual(decodeMessagePack(bytes));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['', 'ends early'],
    ['\x92\x01', '2 items cannot be in the 1 bytes that are left'],
    ['\xdd\xff\xff\xff\xff', '4294967295 items cannot be in the 0 bytes'],
    ['\xa5abc', 'ends early'],
    ['\x01\x02', 'there is more after the value'],
    ['\xc1', 'an extension'],
    ['\xd6\xff\0\0\0\0', 'an extension'],
    ['\x81\x01\x02', 'a map has a key that is no string'],
    ['\xcf\xff\xff\xff\xff\xff\xff\xff\xff', 'more than 64 bits'],
    ['\xcb\x7f\xf8\0\0\0\0\0\0', 'NaN'],
    ['\x91'.repeat(1000) + '\xc0', 'nested deeper than 128 levels'],
  ])('refuses %j', (bytes, message) => {
    expect(() => decodeMessagePack(bytes)).toThrow(message);
  });
});
