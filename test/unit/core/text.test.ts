import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayToBytes, bytesToArray } from '../../../src/core/bytes.js';
import { LuaFloat, dataObject } from '../../../src/core/data.js';
import {
  bytesDataToText,
  decodeBase64,
  encodeBase64,
  isUtf8,
  textDataToBytes,
  toBytes,
  toText,
  toTextLossy,
  tryText,
} from '../../../src/core/text.js';

const bytes = fc.uint8Array({ maxLength: 64 });
/** Text in every plane, lone surrogates too, sometimes longer than one chunk. */
const text = fc
  .tuple(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '\ud800', '\udc00x'),
    fc.constantFrom(1, 1, 1, 5000),
  )
  .map(([start, end, times]) => (start + end).repeat(times));

describe('text and byte strings', () => {
  it('encodes as the platform does', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(toBytes(value)).toBe(Buffer.from(value, 'utf8').toString('latin1'));
      }),
    );
  });

  it('decodes as the platform does, wrong bytes too', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
    const nearly = fc
      .array(
        fc.constantFrom(
          0x41,
          0x80,
          0xbf,
          0xc0,
          0xc2,
          0xe0,
          0xa0,
          0xed,
          0x9f,
          0xef,
          0xf0,
          0x90,
          0xf4,
          0x8f,
          0xf5,
        ),
      )
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.oneof(bytes, nearly), (array) => {
        const value = arrayToBytes(array);
        let expected: string | undefined;
        try {
          expected = strict.decode(array);
        } catch {
          expected = undefined;
        }
        expect(tryText(value)).toBe(expected);
        expect(isUtf8(value)).toBe(expected !== undefined);
        expect(toTextLossy(value)).toBe(lossy.decode(array));
      }),
      { numRuns: 2000 },
    );
  });

  it('names the first wrong byte', () => {
    expect(() => toText('ab\xff')).toThrow('the bytes are not UTF-8 text (byte 3)');
  });

  it('writes and reads base64 as the platform does, in one form only', () => {
    fc.assert(
      fc.property(bytes, (array) => {
        const value = arrayToBytes(array);
        expect(bytesToArray(value)).toEqual(array);
        expect(encodeBase64(value)).toBe(Buffer.from(array).toString('base64'));
        expect(decodeBase64(encodeBase64(value))).toBe(value);
      }),
    );
    for (const wrong of ['A', 'AA', 'AA=', 'AB==', 'A===', '=AAA', 'AA==AA==', 'AA-_', 'AAB='])
      expect(decodeBase64(wrong)).toBe(undefined);
    const large = 'abc\xff'.repeat(100_000);
    expect(decodeBase64(encodeBase64(large))).toBe(large);
  });

  it('turns the strings and keys of data into bytes and back, and shares what is ASCII', () => {
    const plain = dataObject({ a: [1, 'x', new LuaFloat(2)] });
    expect(textDataToBytes(plain)).toBe(plain);
    const value = dataObject({ имя: ['Зоя', new LuaFloat(2), null, 5n], plain });
    const turned = textDataToBytes(value);
    expect(Object.keys(turned as object)).toEqual([toBytes('имя'), 'plain']);
    expect(bytesDataToText(turned)).toEqual(value);
  });
});
