import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { cryptoSpec } from '../../src/modules/crypto/spec.js';
import { plainSupport } from '../../src/modules/crypto/support.js';
import { decrypt, encrypt } from '../../src/modules/crypto/ciphers.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { nodeAnswers, runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [cryptoSpec];
const answers = nodeAnswers(cryptoHandlers(nativeSupport));
const hex = (text: string): string => Buffer.from(text.replaceAll(/\s/g, ''), 'hex').toString('latin1');
const unhex = (bytes: unknown): string => Buffer.from(bytes as string, 'latin1').toString('hex');

const places = [
  ['sealed', { host: { place: 'workflow' } }],
  ['on a node', { host: { native: nativeSupport }, answers }],
] as const;

const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

describe.each(places)('crypto, %s', (place, options) => {
  const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args, ...options });
  const problem = async (call: string, ...args: string[]) =>
    lua(`local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`, ...args);

  it('gives random bytes and strings of every size, evenly', async () => {
    expect(
      await lua(
        'return #crypto.random.bytes(1), #crypto.random.bytes(1048576), #crypto.random.string(1048576)',
      ),
    ).toEqual([1, 1048576, 1048576]);
    expect(
      await lua('return crypto.random.string(50, "\\u{e9}"), #crypto.random.string(7, "\\xff\\xfe")'),
    ).toEqual([Buffer.from('é'.repeat(50)).toString('latin1'), 7]);
  });

  it.each([
    ['crypto.random.bytes(0)', 'length must be between 1 and 1048576, got 0'],
    ['crypto.random.bytes(1048577)', 'length must be between 1 and 1048576, got 1048577'],
    ['crypto.random.string(-1)', 'length must be between 1 and 1048576, got -1'],
    ['crypto.random.string(1, "")', 'the charset is empty'],
    ['crypto.random.bytes("many")', "bad argument #1 to 'bytes' (number expected, got string)"],
    ['crypto.hmac.sha256("", "x")', 'the key is empty'],
    ['crypto.hmac.sha512("k")', "bad argument #2 to 'sha512' (string expected, got no value)"],
    ['crypto.encrypt.aes("x", "")', 'the key is empty'],
    ['crypto.encrypt.aes("x", ("k"):rep(15))', 'the key has 15 bytes; aes-gcm takes 16, 24 or 32'],
    ['crypto.encrypt.chacha20("x", ("k"):rep(16))', 'the key has 16 bytes; chacha20-poly1305 takes 32'],
    ['crypto.jwt.encode({}, "")', 'the key is empty'],
    ['crypto.jwt.encode({}, "k", "none")', "unknown algorithm 'none'; use HS256, HS384, HS512, RS256"],
    ['crypto.jwt.encode({1}, "k")', 'the claims are a table with string keys'],
    ['crypto.jwt.encode({f = print}, "k")', 'functions do not cross: $.f'],
    [
      'crypto.jwt.encode({}, "-----BEGIN PUBLIC KEY-----")',
      'the key is a PEM text, which HS256 does not take; use RS256',
    ],
    ['crypto.pbkdf2("", "s", 1, 1)', 'the password is empty'],
    ['crypto.pbkdf2("p", "s", 0, 1)', 'iterations must be between 1 and 10000000, got 0'],
    ['crypto.pbkdf2("p", "s", 10000001, 1)', 'iterations must be between 1 and 10000000, got 10000001'],
    ['crypto.pbkdf2("p", "s", 1, 0)', 'key_length must be between 1 and 1048576, got 0'],
    ['crypto.pbkdf2("p", "s", 1, 1, "md5")', "unknown hash 'md5'; use sha256 or sha512"],
  ])('refuses %s', async (call, message) => {
    expect(await problem(call)).toEqual(['<nil>', 'Invalid', message, false]);
  });

  // RFC 7914, 11.
  it.each([
    ['passwd', 'salt', 1, 'sha256', '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc'],
    ['password', 'salt', 1, 'sha512', '867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252'],
  ])('derives the known key of %s', async (password, salt, iterations, hash, wanted) => {
    const [key] = await lua(`return crypto.pbkdf2(..., "${salt}", ${iterations}, 32, "${hash}")`, password);
    expect(unhex(key)).toBe(wanted);
  });

  it('encrypts differently each time, and opens only what it made', async () => {
    expect(
      await lua(`local key = ("k"):rep(32)
        local a = crypto.encrypt.aes("text", key, "aad")
        return crypto.decrypt.aes(a, key, "aad"), #a, #crypto.encrypt.chacha20("", key), crypto.decrypt.chacha20(crypto.encrypt.chacha20("", key), key)`),
    ).toEqual(['text', 32, 28, '']);
    const wrong = 'decryption failed: wrong key, other associated data, or changed data';
    for (const call of [
      'crypto.decrypt.aes(crypto.encrypt.aes("t", ("k"):rep(16), "a"), ("k"):rep(16), "b")',
      'crypto.decrypt.aes(crypto.encrypt.aes("t", ("k"):rep(16)), ("x"):rep(16))',
      'crypto.decrypt.chacha20(crypto.encrypt.chacha20("t", ("k"):rep(32)) .. "x", ("k"):rep(32))',
      'crypto.decrypt.aes(("x"):rep(28), ("k"):rep(32))',
    ])
      expect(await problem(call)).toEqual(['<nil>', 'Internal', wrong, false]);
    expect((await problem('crypto.decrypt.aes("", ("k"):rep(32))'))[1]).toBe('Internal');
  });

  it('takes the token of RFC 7515, A.1', async () => {
    const token =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const key = Buffer.from(
      'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
      'base64url',
    ).toString('latin1');
    expect(
      await lua(
        'local token, key = ... local claims = crypto.jwt.verify(token, key, "HS256", false) return claims.iss, claims.exp, claims["http://example.com/is_root"]',
        token,
        key,
      ),
    ).toEqual(['joe', 1300819380, true]);
    expect((await problem('crypto.jwt.verify(...)', token, key)).slice(1, 3)).toEqual([
      'Internal',
      'the token is refused: it has expired',
    ]);
  });

  it.each(['HS256', 'HS384', 'HS512'])('carries claims by %s', async (algorithm) => {
    expect(
      await lua(
        `local token = crypto.jwt.encode({sub = "é", n = 9007199254740993, list = {1, 2}, exp = 4102444800.5, _header = {kid = "k1", alg = "none"}}, "key", "${algorithm}")
        local claims = crypto.jwt.verify(token, "key", "${algorithm}")
        return claims.sub, claims.n, #claims.list, claims.exp, claims._header`.replace('é', '\\u{e9}'),
      ),
    ).toEqual([Buffer.from('é').toString('latin1'), 9007199254740993n, 2, 4102444800.5, '<nil>']);
  });

  const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  it.each([
    ['', 'it does not have three parts'],
    ['a.b', 'it does not have three parts'],
    ['a.b.c.d', 'it does not have three parts'],
    ['!.b.c', 'its header is no JSON object in base64url'],
    [`${part([])}.e30.`, 'its header is no JSON object in base64url'],
    [`${part({ alg: 'none' })}.${part({ sub: 'x' })}.`, 'its algorithm is not HS256'],
    [`${part({ alg: 'HS512' })}.${part({})}.AA`, 'its algorithm is not HS256'],
    [`${part({ alg: 'hs256' })}.${part({})}.AA`, 'its algorithm is not HS256'],
    [`${part({ alg: 'HS256', crit: ['x'] })}.${part({})}.AA`, 'it has critical headers that are not known'],
    [`${part({ alg: 'HS256' })}.${part({})}.`, 'its signature is wrong'],
    [`${part({ alg: 'HS256' })}.${part({})}.????`, 'its signature is wrong'],
  ])('refuses the token %j', async (token, why) => {
    expect(await problem('crypto.jwt.verify(..., "key")', token)).toEqual([
      '<nil>',
      'Internal',
      `the token is refused: ${why}`,
      false,
    ]);
  });

  it.each([
    ['{exp = 1718461845}', 'it has expired'],
    ['{exp = 1718461846, nbf = 1718461846}', 'it is not valid yet'],
    ['{exp = "soon"}', 'its exp is no number'],
  ])('looks at the times of %s', async (claims, why) => {
    if (place === 'on a node') return; // the clock of the test stands in the instance
    expect((await problem(`crypto.jwt.verify(crypto.jwt.encode(${claims}, "k"), "k")`))[2]).toBe(
      `the token is refused: ${why}`,
    );
    expect(
      await lua(
        'return crypto.jwt.verify(crypto.jwt.encode({exp = 1718461846, nbf = 1718461845}, "k"), "k").nbf',
      ),
    ).toEqual([1718461845]);
  });

  it('compares in constant time', async () => {
    expect(
      await lua(`local eq = crypto.constant_time_compare
        return eq("", ""), eq("a", "a"), eq("a", "b"), eq("a", "aa"), eq("", "a"), eq("\\0", "")`),
    ).toEqual([true, true, false, false, false, false]);
  });
});

describe('crypto: RSA', () => {
  const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args, answers });

  it('signs and verifies on a node', async () => {
    expect(
      await lua(
        `local private, public = ... local token = crypto.jwt.encode({sub = "a", exp = 4102444800}, private, "RS256")
          local other, err = crypto.jwt.verify(token, public, "HS256")
          return crypto.jwt.verify(token, public, "RS256").sub, other, err:message()`,
        KEYS.privateKey,
        KEYS.publicKey,
      ),
    ).toEqual(['a', '<nil>', 'the token is refused: its algorithm is not HS256']);
  });

  it('refuses keys that are none, weak ones, and a public key as an HMAC secret', async () => {
    const weak = generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const message = async (key: string) =>
      (await lua(
        'local v, err = crypto.jwt.encode({}, ..., "RS256") return err:kind(), err:message()',
        key,
      )) as string[];
    expect(await message('no key')).toEqual(['Invalid', 'the key is no private key in PEM']);
    expect(await message(weak.privateKey)).toEqual([
      'Invalid',
      'the RSA key has 1024 bits; RS256 needs 2048',
    ]);
    const confused = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.e30.AAAA`;
    expect(
      await lua(
        'local token, key = ... local v, err = crypto.jwt.verify(token, key) return err:kind()',
        confused,
        KEYS.publicKey,
      ),
    ).toEqual(['Invalid']);
  });

  it('keeps private keys out of histories', async () => {
    const run = await runLua('local t, err = crypto.jwt.encode({}, ..., "RS256") return err:kind()', {
      modules,
      args: [KEYS.privateKey],
      host: { place: 'workflow' },
    });
    expect(run.values).toEqual(['Invalid']);
    expect(run.commands).toEqual([]);
  });
});

describe('ciphers', () => {
  // The GCM specification (McGrew and Viega), cases 4 and 16; RFC 8439, 2.8.2.
  it.each([
    [
      'aes-gcm',
      'feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47',
    ],
    [
      'aes-gcm',
      'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    ],
    [
      'chacha20-poly1305',
      '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
      '070000004041424344454647',
      Buffer.from(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ).toString('hex'),
      '50515253c0c1c2c3c4c5c6c7',
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
    ],
  ] as const)('%s gives the known text', (cipher, key, nonce, data, aad, wanted) => {
    for (const support of [plainSupport, nativeSupport]) {
      const sealed = encrypt(support, cipher, hex(key), hex(nonce), hex(data), hex(aad));
      expect(unhex(sealed)).toBe(nonce + wanted);
      expect(unhex(decrypt(support, cipher, hex(key), sealed, hex(aad)))).toBe(data);
    }
  });

  it('are the same natively and in plain JavaScript', () => {
    const binary = (length: number) =>
      fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((array) => Buffer.from(array).toString('latin1'));
    const data = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'));
    fc.assert(
      fc.property(binary(32), binary(12), data, data, (key, nonce, text, aad) => {
        for (const cipher of ['aes-gcm', 'chacha20-poly1305'] as const)
          expect(plainSupport.seal(cipher, key, nonce, text, aad)).toBe(
            nativeSupport.seal(cipher, key, nonce, text, aad),
          );
      }),
      { numRuns: 40 },
    );
  });
});

describe('secrets of a workflow', () => {
  it('name the key in a command and never become text', async () => {
    const { envSpec } = await import('../../src/modules/env/spec.js');
    const run = await runLua('local key = env.get("KEY") return crypto.hmac.sha256(key, "data")', {
      modules: [cryptoSpec, envSpec],
      host: { place: 'workflow' },
      answers: { 'env.get': () => ({ $secret: 'app:key' }), 'crypto.hmac': () => 'done' },
    });
    expect(run.values).toEqual(['done']);
    expect(run.commands[1]).toMatchObject({
      type: 'crypto.hmac',
      hash: 'sha256',
      data: 'data',
      key: { id: 'app:key' },
    });
  });
});
