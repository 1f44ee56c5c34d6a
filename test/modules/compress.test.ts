import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressHandlers } from '../../src/modules/compress/host.js';
import { compressSpec } from '../../src/modules/compress/spec.js';
import { xxh64 } from '../../src/modules/compress/xxh64.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const answers = nodeAnswers(compressHandlers);
const lua = (text: string, ...args: string[]) => evaluate(text, { modules: [compressSpec], answers, args });
const latin1 = (buffer: Buffer) => buffer.toString('latin1');
const problem = async (call: string, ...args: string[]) =>
  lua(`local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`, ...args);

const ALGORITHMS = [
  ['gzip', 9],
  ['deflate', 9],
  ['zlib', 9],
  ['brotli', 11],
  ['zstd', 22],
] as const;

describe.each(ALGORITHMS)('compress.%s', (name, most) => {
  it('gives back what it took, at every level', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.integer({ min: 1, max: most }),
        async (array, level) => {
          const data = latin1(Buffer.from(array));
          expect(
            await lua(`local c = compress.${name} return c.decode(c.encode(..., {level = ${level}}))`, data),
          ).toEqual([data]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('takes 4 MB that do not compress', async () => {
    const data = latin1(randomBytes(4 * 1024 * 1024));
    const [back] = await lua(`local c = compress.${name} return c.decode(c.encode(..., {level = 1}))`, data);
    expect(back === data).toBe(true);
  });

  it('stops bombs at their limit', async () => {
    expect(
      await problem(`compress.${name}.decode(compress.${name}.encode(("\\0"):rep(3e7)), {max_size = 1e6})`),
    ).toEqual([
      '<nil>',
      'Internal',
      'decompressed size exceeds 1000000 bytes; give a larger max_size if that is meant',
      false,
    ]);
    expect(
      await lua(`local c = compress.${name} return #c.decode(c.encode(("\\0"):rep(1e6)), {max_size = 1e6})`),
    ).toEqual([1e6]);
  });

  it.each([
    ['encode("")', 'the data is empty'],
    ['decode("")', 'the data is empty'],
    ['encode(1)', "bad argument #1 to 'encode' (string expected, got number)"],
    [
      `encode("x", {level = ${most + 1}})`,
      `level is an integer from ${name === 'brotli' ? 0 : 1} to ${most}, got ${most + 1}`,
    ],
    ['encode("x", {level = -1})', `level is an integer from ${name === 'brotli' ? 0 : 1} to ${most}, got -1`],
    [
      'encode("x", {level = 1.5})',
      `level is an integer from ${name === 'brotli' ? 0 : 1} to ${most}, got 1.5`,
    ],
    ['decode("x", {max_size = 0})', 'max_size is an integer from 1 to 1073741824, got 0'],
    ['decode("x", {max_size = 1073741825})', 'max_size is an integer from 1 to 1073741824, got 1073741825'],
  ])('refuses %s', async (call, message) => {
    expect(await problem(`compress.${name}.${call}`)).toEqual(['<nil>', 'Invalid', message, false]);
  });

  it('refuses what is cut off or none', async () => {
    for (const call of [
      `decode("no such data")`,
      `decode(compress.${name}.encode(("hello"):rep(100)):sub(1, -4))`,
      `decode(compress.${name}.encode("hello"):sub(1, 3))`,
    ])
      expect((await problem(`compress.${name}.${call}`)).slice(0, 2)).toEqual(['<nil>', 'Invalid']);
  });
});

describe('compress', () => {
  it('reads and writes the formats of others', async () => {
    const text = 'the same text for all '.repeat(20);
    const data = Buffer.from(text);
    expect(
      await lua(
        'local g, d, z, b = ... return compress.gzip.decode(g), compress.deflate.decode(d), compress.zlib.decode(z), compress.brotli.decode(b)',
        latin1(zlib.gzipSync(data)),
        latin1(zlib.deflateRawSync(data)),
        latin1(zlib.deflateSync(data)),
        latin1(zlib.brotliCompressSync(data)),
      ),
    ).toEqual([text, text, text, text]);
    const [packed] = await lua('return compress.gzip.encode(...)', text);
    expect(zlib.gunzipSync(Buffer.from(packed as string, 'latin1')).toString()).toBe(text);
    // A frame with one raw block, without its content's size: as from a pipe.
    const piped = Buffer.from('28b52ffd005829000068656c6c6f', 'hex');
    expect(await lua('return compress.zstd.decode(...)', latin1(piped))).toEqual(['hello']);
  });

  it.each(['deflate', 'zlib', 'brotli'])('refuses what follows after the end of %s', async (name) => {
    for (const more of ['zzz', '\0'])
      expect(
        (await problem(`compress.${name}.decode(compress.${name}.encode("x") .. ...)`, more)).slice(0, 3),
      ).toEqual(['<nil>', 'Invalid', `the data goes on after the end of its ${name}`]);
  });

  it('reads zstd frames one after the other, and over those to be skipped', async () => {
    const skipped = '\x5f\x2a\x4d\x18\x03\0\0\0abc';
    expect(
      await lua(
        `local skipped = ... local z = compress.zstd local a, b = z.encode("first, "), z.encode(("x"):rep(3e6))
        return z.decode(skipped .. a .. skipped .. a .. skipped), z.decode(a .. b) == "first, " .. ("x"):rep(3e6)`,
        skipped,
      ),
    ).toEqual(['first, first, ', true]);
    expect(
      await problem(
        'compress.zstd.decode(compress.zstd.encode("first") .. compress.zstd.encode("second"), {max_size = 10})',
      ),
    ).toEqual([
      '<nil>',
      'Internal',
      'decompressed size exceeds 10 bytes; give a larger max_size if that is meant',
      false,
    ]);
    for (const more of ['zzz', 'zzzzzzzz', '\x28\xb5\x2f\xfd\x20', skipped.slice(0, -1)])
      expect(
        (await problem('compress.zstd.decode(compress.zstd.encode("first") .. ...)', more)).slice(0, 2),
      ).toEqual(['<nil>', 'Invalid']);
    expect((await problem('compress.zstd.decode(...)', skipped))[2]).toBe('the data is no zstd frame');
  });

  it('has the checksum of others', () => {
    const sums = ['', 'a', 'Nobody inspects the spammish repetition'].map((text) =>
      xxh64(Buffer.from(text)).toString(16),
    );
    expect(sums).toEqual(['ef46db3751d8e999', 'd24ec4f1a98c6e5b', 'fbcea83c8a378bf1']);
  });

  it('refuses a frame that declares more than it may have, before it takes memory', async () => {
    const declares = `\x28\xb5\x2f\xfd\xe0${'\xff'.repeat(7)}\x0f\x01\0\0`;
    expect((await problem('compress.zstd.decode(...)', declares))[1]).toBe('Internal');
  });

  it('shrinks small messages by a dictionary, and needs the same one back', async () => {
    const samples = `local samples = {} for i = 1, 100 do
      samples[i] = ('{"event":"order.created","customer":{"name":"Customer %d","country":"DE"},"total":%d.99}'):format(i * 7919 % 1000, i * 31 % 97) end
      local dict = compress.zstd.train_dict(samples, {size = 2048})
      local data = '{"event":"order.created","customer":{"name":"Customer 4711","country":"DE"},"total":12.99}' `;
    const [size, plain, packed, back] = await lua(
      `${samples} local packed = compress.zstd.encode(data, {dict = dict})
      return #dict, #compress.zstd.encode(data), #packed, compress.zstd.decode(packed, {dict = dict}) == data`,
    );
    expect(size).toBeLessThanOrEqual(2048);
    expect(packed).toBeLessThan((plain as number) / 2);
    expect(back).toBe(true);
    for (const other of ['', ', {dict = dict:reverse()}', ', {dict = data}'])
      expect(
        await lua(
          `${samples} local v, err = compress.zstd.decode(compress.zstd.encode(data, {dict = dict})${other})
          return v, err:kind(), err:message()`,
        ),
      ).toEqual(['<nil>', 'Invalid', 'the data is no zstd, was cut off, or needs another dictionary']);
  });

  it.each([
    ['train_dict({})', 'at least one sample must have 8 bytes or more'],
    ['train_dict({"short"})', 'at least one sample must have 8 bytes or more'],
    ['train_dict({1})', 'samples is a list of strings'],
    ['train_dict({("x"):rep(9)}, {size = 255})', 'size is an integer from 256 to 1048576, got 255'],
    ['train_dict({("x"):rep(9)}, {id = 7})', 'id is an integer from 0 to 0, got 7'],
    ['inspect_dict("")', 'the dictionary is empty'],
    ['encode("x", {dict = 1})', 'dict is the bytes of a dictionary'],
  ])('refuses zstd.%s', async (call, message) => {
    expect((await problem(`compress.zstd.${call}`)).slice(0, 3)).toEqual(['<nil>', 'Invalid', message]);
  });

  it('reads the id of a dictionary with tables', async () => {
    expect(
      await lua(
        'local f = compress.zstd.inspect_dict(...) return f.id',
        `\x37\xa4\x30\xec\x01\x02\0\0tables`,
      ),
    ).toEqual([513]);
  });
});
