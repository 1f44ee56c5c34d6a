// The examples that standards give, through what Lua sees: each is named by its document and its place there.
// Elsewhere: base64 (RFC 4648, 10) in base64.test.ts, PBKDF2 (RFC 7914, 11) in crypto.test.ts, the JSON corpus in
// json-corpus.test.ts, RE2's syntax in re2-syntax.test.ts, the tz database in time-zones.test.ts.
import { describe, expect, it } from 'vitest';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { cryptoSpec } from '../../src/modules/crypto/spec.js';
import { hashSpec } from '../../src/modules/hash/spec.js';
import { uuidSpec } from '../../src/modules/uuid/spec.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [cryptoSpec, hashSpec, uuidSpec];
const places = [
  ['in a workflow', { host: { place: 'workflow' } }],
  ['on a node', { host: { native: nativeSupport }, answers: nodeAnswers(cryptoHandlers(nativeSupport)) }],
] as const;
const bytes = (hex: string): string => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex').toString('latin1');

/** Every name of a hash with its digest of one message. */
interface Digests {
  readonly of: string;
  readonly text: string;
  readonly is: Readonly<Record<string, string>>;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
const RFC1321 = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  [ALPHABET, 'c3fcd3d76192e4007dfb496cca67e13b'],
  [`${ALPHABET.toUpperCase()}${ALPHABET}0123456789`, 'd174ab98d277d9f5a5611c2c9f419d9f'],
  ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
] as const;

const FIPS180: readonly Digests[] = [
  {
    of: 'one block',
    text: 'abc',
    is: {
      sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      sha512:
        'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    },
  },
  {
    of: 'two blocks of 512 bits',
    text: 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    is: {
      sha1: '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
      sha256: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    },
  },
  {
    of: 'two blocks of 1024 bits',
    text: 'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    is: {
      sha512:
        '8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909',
    },
  },
  {
    of: 'a million of one letter',
    text: 'a'.repeat(1_000_000),
    is: {
      sha1: '34aa973cd4c4daa4f61eeb2bdbad27316534016f',
      sha256: 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
      sha512:
        'e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b',
    },
  },
];

const LONG_KEY = '\xaa'.repeat(131);
/** RFC 4231: key, data, HMAC-SHA-256, HMAC-SHA-512. */
const RFC4231 = [
  [
    '4.2',
    '\x0b'.repeat(20),
    'Hi There',
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  ],
  [
    '4.3',
    'Jefe',
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ],
  [
    '4.4',
    '\xaa'.repeat(20),
    '\xdd'.repeat(50),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
  ],
  [
    '4.5',
    bytes('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    '\xcd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
  ],
  // 4.6 is of digests that are cut to 128 bits.
  [
    '4.6',
    '\x0c'.repeat(20),
    'Test With Truncation',
    'a3b6167473100ee06e0c796c2955552b',
    '415fad6271580a531d4179bc891d87a6',
  ],
  [
    '4.7',
    LONG_KEY,
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
  ],
  [
    '4.8',
    LONG_KEY,
    'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
  ],
] as const;

/** RFC 2202, 2 and 3: key, data, HMAC-MD5, HMAC-SHA-1. Where the RFC has a key of 16 for one and of 20 for the other: both. */
const RFC2202 = [
  [
    '1',
    ['\x0b'.repeat(16), '\x0b'.repeat(20)],
    'Hi There',
    '9294727a3638bb1c13f48ef8158bfc9d',
    'b617318655057264e28bc0b6fb378c8ef146be00',
  ],
  [
    '2',
    ['Jefe', 'Jefe'],
    'what do ya want for nothing?',
    '750c783e6ab0b503eaa86e310a5db738',
    'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  ],
  [
    '3',
    ['\xaa'.repeat(16), '\xaa'.repeat(20)],
    '\xdd'.repeat(50),
    '56be34521d144c88dbb8c733f0e8b3f6',
    '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
  ],
  [
    '6',
    ['\xaa'.repeat(80), '\xaa'.repeat(80)],
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd',
    'aa4ae5e15272d00e95705637ce8a3b55ed402112',
  ],
] as const;

const KEY = 'feffe9928665731c6d6a8f9467308308';
const NONCE = 'cafebabefacedbaddecaf888';
const TEXT =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
const AAD = 'feedfacedeadbeeffeedfacedeadbeefabaddad2';
const ZERO = '0'.repeat(24);
const OF_128 =
  '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091';
const OF_192 =
  '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710';
const OF_256 =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662';
/** McGrew and Viega, appendix B: those whose nonce has 96 bits. Case, key, nonce, data, associated data, text, tag. */
const GCM = [
  [1, '0'.repeat(32), ZERO, '', '', '', '58e2fccefa7e3061367f1d57a4e7455a'],
  [
    2,
    '0'.repeat(32),
    ZERO,
    '0'.repeat(32),
    '',
    '0388dace60b6a392f328c2b971b2fe78',
    'ab6e47d42cec13bdf53a67b21257bddf',
  ],
  [3, KEY, NONCE, `${TEXT}1aafd255`, '', `${OF_128}473f5985`, '4d5c2af327cd64a62cf35abd2ba6fab4'],
  [4, KEY, NONCE, TEXT, AAD, OF_128, '5bc94fbc3221a5db94fae95ae7121a47'],
  [7, '0'.repeat(48), ZERO, '', '', '', 'cd33b28ac773f74ba00ed1f312572435'],
  [
    8,
    '0'.repeat(48),
    ZERO,
    '0'.repeat(32),
    '',
    '98e7247c07f0fe411c267e4384b0f600',
    '2ff58d80033927ab8ef4d4587514f0fb',
  ],
  [
    9,
    `${KEY}feffe9928665731c`,
    NONCE,
    `${TEXT}1aafd255`,
    '',
    `${OF_192}acade256`,
    '9924a7c8587336bfb118024db8674a14',
  ],
  [10, `${KEY}feffe9928665731c`, NONCE, TEXT, AAD, OF_192, '2519498e80f1478f37ba55bd6d27618c'],
  [13, '0'.repeat(64), ZERO, '', '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    14,
    '0'.repeat(64),
    ZERO,
    '0'.repeat(32),
    '',
    'cea7403d4d606b6e074ec5d3baf39d18',
    'd0d1c8a799996bf0265b98b5d48ab919',
  ],
  [15, KEY + KEY, NONCE, `${TEXT}1aafd255`, '', `${OF_256}898015ad`, 'b094dac5d93471bdec1a502270e3cc6c'],
  [16, KEY + KEY, NONCE, TEXT, AAD, OF_256, '76fc6ece0f4e1768cddf8853bb2d551b'],
] as const;

const SUNSCREEN =
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
const DRAFTS =
  'Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them other than as /\u201cwork in progress./\u201d';
/** RFC 8439. */
const CHACHA = [
  [
    '2.8.2',
    '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    '070000004041424344454647',
    '50515253c0c1c2c3c4c5c6c7',
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116',
    '1ae10b594f09e26a7e902ecbd0600691',
    Buffer.from(SUNSCREEN).toString('latin1'),
  ],
  [
    'A.5',
    '1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0',
    '000000000102030405060708',
    'f33388860000000000004e91',
    `64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf
     332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4
     b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a
     0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29
     a6ad5cb4022b02709b`,
    'eead9d67890cbb22392336fea1851f38',
    Buffer.from(DRAFTS).toString('latin1'),
  ],
] as const;

describe.each(places)('standards, %s', (_place, options) => {
  const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args, ...options });

  it.each(RFC1321)('RFC 1321, A.5: MD5 of %j', async (text, digest) => {
    expect(await lua('return hash.md5(...)', text)).toEqual([digest]);
  });

  it.each(FIPS180)('FIPS 180-4: $of', async ({ text, is }) => {
    for (const [name, digest] of Object.entries(is))
      expect(await lua(`return hash.${name}(...)`, text)).toEqual([digest]);
  });

  it.each(RFC4231)('RFC 4231, %s: HMAC-SHA-256 and HMAC-SHA-512', async (_case, key, data, of256, of512) => {
    const calls = [
      'hash.hmac_sha256(b, a)',
      'hash.hmac_sha512(b, a)',
      'crypto.hmac.sha256(a, b)',
      'crypto.hmac.sha512(a, b)',
    ];
    const digests = (await lua(`local a, b = ... return ${calls.join(', ')}`, key, data)) as string[];
    const wanted = [of256, of512, of256, of512];
    expect(digests.map((digest, at) => digest.slice(0, wanted[at]?.length))).toEqual(wanted);
  });

  it.each(RFC2202)(
    'RFC 2202, %s: HMAC-MD5 and HMAC-SHA-1',
    async (_case, [md5Key, sha1Key], data, md5, sha1) => {
      expect(
        await lua(
          'local m, s, data = ... return hash.hmac_md5(data, m), hash.hmac_sha1(data, s)',
          md5Key,
          sha1Key,
          data,
        ),
      ).toEqual([md5, sha1]);
    },
  );

  it.each(GCM)('AES-GCM, case %i', async (_case, key, nonce, data, aad, text, tag) => {
    const open = 'local sealed, key, aad = ... return crypto.decrypt.aes(sealed, key, aad)';
    expect(await lua(open, bytes(nonce + text + tag), bytes(key), bytes(aad))).toEqual([bytes(data)]);
    const changed = `${tag.slice(0, -1)}${tag.endsWith('0') ? '1' : '0'}`;
    const [value] = await lua(open, bytes(nonce + text + changed), bytes(key), bytes(aad));
    expect(value).toBe('<nil>');
  });

  it.each(CHACHA)('RFC 8439, %s: ChaCha20-Poly1305', async (_place, key, nonce, aad, text, tag, data) => {
    expect(
      await lua(
        'local sealed, key, aad = ... return crypto.decrypt.chacha20(sealed, key, aad)',
        bytes(nonce + text + tag),
        bytes(key),
        bytes(aad),
      ),
    ).toEqual([data]);
  });
});

const CLAIMS =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const OCTETS = Buffer.from(
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  'base64url',
).toString('latin1');
const MODULUS =
  'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ';
const OF_RSA =
  'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw';

describe('JSON Web Tokens', () => {
  const verify = (token: string, key: string, algorithm: string) =>
    evaluate(
      `local token, key = ... local claims, err = crypto.jwt.verify(token, key, "${algorithm}", false)
      if err then return err:kind(), err:message() end
      return claims.iss, claims.exp, claims["http://example.com/is_root"]`,
      { modules, args: [token, key], answers: nodeAnswers(cryptoHandlers(nativeSupport)) },
    );
  const JOE = ['joe', 1300819380, true];

  it('RFC 7515, A.1 and RFC 7519, 3.1: HS256', async () => {
    const signature = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const token = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${CLAIMS}.${signature}`;
    expect(await verify(token, OCTETS, 'HS256')).toEqual(JOE);
  });

  it('RFC 7515, A.2: RS256', async () => {
    const { createPublicKey } = await import('node:crypto');
    const pem = createPublicKey({ key: { kty: 'RSA', n: MODULUS, e: 'AQAB' }, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString();
    expect(await verify(`eyJhbGciOiJSUzI1NiJ9.${CLAIMS}.${OF_RSA}`, pem, 'RS256')).toEqual(JOE);
  });

  it('RFC 7515, A.5 and RFC 7519, 6.1: a token without a signature is refused, whatever is asked for', async () => {
    const token = `eyJhbGciOiJub25lIn0.${CLAIMS}.`;
    expect(await verify(token, OCTETS, 'HS256')).toEqual([
      'Internal',
      'the token is refused: its algorithm is not HS256',
    ]);
    expect((await verify(token, OCTETS, 'none'))[0]).toBe('Invalid');
  });

  it('RFC 7515, A.3: ES256 is no algorithm of the module', async () => {
    expect((await verify(`eyJhbGciOiJFUzI1NiJ9.${CLAIMS}.AAAA`, OCTETS, 'ES256'))[0]).toBe('Invalid');
  });
});

describe('RFC 9562, UUIDs', () => {
  const facts = async (id: string) =>
    (
      await evaluate(
        'local i = uuid.parse(...) return { i.version, i.variant, i.timestamp or "none", i.node or "none" }',
        { modules, args: [id] },
      )
    )[0];

  // 14:22:22 of 2022-02-22 in UTC-5, as all examples of the appendix.
  const MOMENT = 1_645_557_742;
  it.each([
    ['A.1', 'C232AB00-9414-11EC-B3C8-9F6BDECED846', [1, 'RFC4122', MOMENT, '9f6bdeced846']],
    ['A.2', '5df41881-3aed-3515-88a7-2f4a814cf09e', [3, 'RFC4122', 'none', 'none']],
    ['A.3', '919108f7-52d1-4320-9bac-f847db4148a8', [4, 'RFC4122', 'none', 'none']],
    ['A.4', '2ed6657d-e927-568b-95e1-2665a8aea6a2', [5, 'RFC4122', 'none', 'none']],
    ['A.5', '1EC9414C-232A-6B00-B3C8-9F6BDECED846', [6, 'RFC4122', 'none', 'none']],
    ['A.6', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F', [7, 'RFC4122', MOMENT, 'none']],
    ['B.1', '2489E9AD-2EE2-8E00-8EC9-32D5F69181C0', [8, 'RFC4122', 'none', 'none']],
    ['B.2', '5c146b14-3c52-8afd-938a-375d0df1fbf6', [8, 'RFC4122', 'none', 'none']],
    ['5.9 (nil)', '00000000-0000-0000-0000-000000000000', [0, 'NCS', 'none', 'none']],
    ['5.10 (max)', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', [15, 'Future', 'none', 'none']],
  ])('%s is read', async (_place, id, wanted) => {
    expect(await facts(id)).toEqual(wanted);
  });

  it('A.1: version 1 of that moment, clock sequence and node', async () => {
    const host = {
      now: () => BigInt(MOMENT) * 1_000_000_000n,
      randomBytes: () => bytes('33c89f6bdeced846'),
    };
    expect(await evaluate('return uuid.v1()', { modules, host })).toEqual([
      'c232ab00-9414-11ec-b3c8-9f6bdeced846',
    ]);
  });

  it('A.2 and A.4: the names of versions 3 and 5', async () => {
    const made =
      'local dns, name = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com" return uuid.v3(dns, name), uuid.v5(dns, name)';
    expect(await evaluate(made, { modules })).toEqual([
      '5df41881-3aed-3515-88a7-2f4a814cf09e',
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    ]);
  });

  it('A.6: version 7 begins with the moment', async () => {
    const host = { now: () => BigInt(MOMENT) * 1_000_000_000n };
    const [id] = await evaluate('return uuid.v7()', { modules, host });
    expect(id).toMatch(/^017f22e2-79b0-7/);
  });
});
