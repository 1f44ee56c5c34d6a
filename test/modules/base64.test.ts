import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Spec } from '../../src/modules/base64/spec.js';
import { evaluate } from './evaluate.js';

const modules = [base64Spec];
const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args });

describe('base64', () => {
  // RFC 4648, section 10.
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
    ['\0\xff\xfe', 'AP/+'],
  ])('writes %j as %j and reads it back', async (data, text) => {
    expect(await lua('return base64.encode(...)', data)).toEqual([text]);
    expect(await lua('return base64.decode(...)', text)).toEqual([data]);
  });

  it('is what Node writes, for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (array) => {
        const data = Buffer.from(array).toString('latin1');
        const [text, again] = await lua('local t = base64.encode(...) return t, base64.decode(t)', data);
        expect(text).toBe(Buffer.from(array).toString('base64'));
        expect(again).toBe(data);
      }),
      { numRuns: 40 },
    );
  });

  it('takes a megabyte both ways', async () => {
    expect(
      await lua('local s = ("\\0\\255x"):rep(350000) return base64.decode(base64.encode(s)) == s'),
    ).toEqual([true]);
  });

  it('skips line ends and does not mind bits after the last byte', async () => {
    expect(
      await lua('return base64.decode("Zm9v\\r\\nYmFy\\n"), base64.decode("Zh=="), base64.decode("Zm9=")'),
    ).toEqual(['foobar', 'f', 'fo']);
  });

  it.each([
    ['base64.encode(nil)', "bad argument #1 to 'encode' (string expected, got nil)"],
    ['base64.encode()', "bad argument #1 to 'encode' (string expected, got no value)"],
    ['base64.decode(12)', "bad argument #1 to 'decode' (string expected, got number)"],
    ['base64.decode("Zm9*")', "invalid base64: '*' at position 4"],
    ['base64.decode("Zm9\\xff")', 'invalid base64: byte 0xff at position 4'],
    [
      'base64.decode("a-b_")',
      "invalid base64: '-' at position 2; this is the URL alphabet, replace - by + and _ by /",
    ],
    ['base64.decode("Zm9vYg")', "invalid base64: 6 characters are no multiple of 4; pad with '='"],
    ['base64.decode("Zg=x")', 'invalid base64: the padding does not fit'],
    ['base64.decode("====")', 'invalid base64: the padding does not fit'],
    ['base64.decode("Z===")', 'invalid base64: the padding does not fit'],
  ])('refuses %s', async (call, message) => {
    expect(await lua(`local v, err = ${call} return v, err:kind(), err:message()`)).toEqual([
      '<nil>',
      'Invalid',
      message,
    ]);
  });
});
