import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from '../../src/core/digest.js';
import { hashSpec } from '../../src/modules/hash/spec.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [hashSpec];
const places = [
  ['sealed', {}],
  ['on a node', { host: { native: nativeSupport } }],
] as const;

describe.each(places)('hash, %s', (_place, options) => {
  const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args, ...options });

  // RFC 1321, FIPS 180-4.
  it.each([
    ['md5', '', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['md5', 'message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['sha1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    [
      'sha1',
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
    ],
    ['sha256', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'sha512',
      'abc',
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    ],
  ])('gives the known %s of %j', async (name, text, hex) => {
    expect(await lua(`return hash.${name}(...)`, text)).toEqual([hex]);
  });

  // RFC 2202, RFC 4231.
  it.each([
    ['hmac_md5', '\x0b'.repeat(16), 'Hi There', '9294727a3638bb1c13f48ef8158bfc9d'],
    ['hmac_sha1', 'Jefe', 'what do ya want for nothing?', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    [
      'hmac_sha256',
      '\x0b'.repeat(20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      'hmac_sha256',
      '\xaa'.repeat(131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      'hmac_sha512',
      'Jefe',
      'what do ya want for nothing?',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
  ])('gives the known %s', async (name, key, text, hex) => {
    expect(await lua(`return hash.${name}(...)`, text, key)).toEqual([hex]);
  });

  it('gives raw bytes where they are asked for', async () => {
    const [raw] = await lua('return hash.sha256("abc", true)');
    expect(Buffer.from(raw as string, 'latin1').toString('hex')).toMatch(/^ba7816bf/);
    expect(await lua('return #hash.md5("a", true), #hash.hmac_sha512("a", "b", true)')).toEqual([16, 64]);
  });

  it('hashes a megabyte', async () => {
    const [hex] = await lua('return hash.sha256(("x"):rep(1048576))');
    expect(hex).toBe(createHash('sha256').update('x'.repeat(1048576)).digest('hex'));
  });

  it('knows FNV-1a', async () => {
    expect(await lua('return hash.fnv32(""), hash.fnv32("a"), hash.fnv32("foobar")')).toEqual([
      0x811c9dc5, 0xe40c292c, 0xbf9cf968,
    ]);
    expect(
      await lua('return ("%016x"):format(hash.fnv64("")), ("%016x"):format(hash.fnv64("foobar"))'),
    ).toEqual(['cbf29ce484222325', '85944171f73967e8']);
  });

  it.each([
    ['hash.md5(nil)', "bad argument #1 to 'md5' (string expected, got nil)"],
    ['hash.sha256(42)', "bad argument #1 to 'sha256' (string expected, got number)"],
    ['hash.hmac_sha1("a")', "bad argument #2 to 'hmac_sha1' (string expected, got no value)"],
    ['hash.fnv64({})', "bad argument #1 to 'fnv64' (string expected, got table)"],
  ])('refuses %s', async (call, message) => {
    expect(await lua(`local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`)).toEqual([
      '<nil>',
      'Invalid',
      message,
      false,
    ]);
  });

  it('is stopped by the budget', async () => {
    const { error } = await runLua('local s = ("x"):rep(4e7) for i = 1, 1000 do hash.sha256(s) end', {
      modules,
      ...options,
    });
    expect(error?.message).toMatch(/^budget exceeded at main.lua:1/);
  });
});

describe('sealed digests', () => {
  it('are those of Node', () => {
    const binary = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'));
    fc.assert(
      fc.property(binary, binary, (data, key) => {
        for (const name of ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const) {
          expect(digest(name, data)).toBe(createHash(name).update(data, 'latin1').digest('binary'));
          const hmac = createHmac(name, Buffer.from(key, 'latin1')).update(data, 'latin1').digest('binary');
          expect(digest(name, data, key)).toBe(hmac);
          expect(nativeSupport.digest(name, data, key)).toBe(hmac);
        }
      }),
      { numRuns: 50 },
    );
  });
});
