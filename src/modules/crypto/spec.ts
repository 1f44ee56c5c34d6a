// The `crypto` module: chance, HMAC, authenticated encryption, tokens, key derivation. Sealed.
// Y1: a key may be a secret of a workflow: then the call is a command, and the key is put in on the node that answers it. A key
//     that is text is used where the call is made.
// Y2: derivations on a node are done beside the event loop; PBKDF2 in a workflow is bounded to what a step can afford, argon2 and
//     bcrypt are a node's there too (passwords.ts).
import { weightOf } from '../../core/data-values.js';
import { hexOf } from '../../core/hexadecimal.js';
import { toBytes, tryText } from '../../core/text.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import type { CipherName, HostCall, NativeSupport } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members, table as memberTable } from '../../lua/module.js';
import { bytes, integer, optional, table, text, truth } from '../../lua/parameters.js';
import type { HostResult } from '../../lua/values.js';
import { ask, attempt, keyData, keyParameter } from './calls.js';
import type { Key } from './calls.js';
import { decrypt, encrypt, NONCE_BYTES } from './ciphers.js';
import { equalInConstantTime } from './compare.js';
import { argon2, bcrypt } from './passwords.js';
import { CryptoError, deriveKey, plainSupport } from './support.js';
import { algorithmNamed, ALGORITHMS, encodeToken, verifyToken } from './tokens.js';
import type { TokenAlgorithm } from './tokens.js';

const MAX_RANDOM = 1_048_576;
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const MAX_ITERATIONS = 10_000_000;
/** More take longer in a workflow than one of its steps may. */
const MAX_ITERATIONS_IN_WORKFLOW = 20_000;
const MAX_KEY_LENGTH = 1024 * 1024;

const supportOf = (call: HostCall): NativeSupport => call.instance.host.native ?? plainSupport;

/** Instructions of a digest with a key and of a cipher, however little they work on. */
const DIGEST_COST = 600;
const CIPHER_COST: Readonly<Record<CipherName, number>> = { 'aes-gcm': 1500, 'chacha20-poly1305': 1000 };

/** Plain JavaScript takes about 30 ns a byte, a node 1. */
const chargeBytes = (call: HostCall, count: number, atLeast = DIGEST_COST): void =>
  call.charge(atLeast + (call.instance.host.native === undefined ? count * 3 : count >> 3));

const returns = ['string?', 'Error?'] as const;
const lengthParameter = integer('length', `1 to ${MAX_RANDOM}.`);

function checkLength(length: number): HostResult | undefined {
  if (length >= 1 && length <= MAX_RANDOM) return undefined;
  return failure('Invalid', `length must be between 1 and ${MAX_RANDOM}, got ${length}`);
}

/** Instructions of asking the host for chance. */
const DRAW_COST = 150;

/** Instructions of a byte of the claims of a token. */
const CLAIM_COST = 15;

/** As many uniform picks of `choices` as asked for: bytes that would favour the first ones are drawn again. */
function pick(call: HostCall, choices: readonly string[], count: number): string {
  // Up to 2^24 choices: three bytes a draw where one is not enough.
  const width = choices.length <= 256 ? 1 : 3;
  const space = 256 ** width;
  const fair = space - (space % choices.length);
  const picked: string[] = [];
  while (picked.length < count) {
    const drawn = call.instance.host.randomBytes(Math.ceil((count - picked.length) * 1.1) * width);
    for (let at = 0; at + width <= drawn.length && picked.length < count; at += width) {
      let value = 0;
      for (let index = at; index < at + width; index++) value = value * 256 + drawn.charCodeAt(index);
      if (value < fair) picked.push(choices[value % choices.length] ?? '');
    }
  }
  return picked.join('');
}

/** The characters of UTF-8 text, or the bytes of what is none. */
function charactersOf(charset: string): readonly string[] {
  const plain = tryText(charset);
  return plain === undefined ? [...charset] : [...plain].map(toBytes);
}

const random = members(
  define('bytes', {
    summary:
      'Random bytes. In a workflow they come from its seed: the same at every replay, and no secret from whoever reads the history.',
    params: [lengthParameter],
    returns,
    fails: { Invalid: 'the length is out of range' },
    workflow: 'deterministic',
    returnsWrongArguments: true,
    run: (call, length) => {
      const wrong = checkLength(length);
      if (wrong !== undefined) return wrong;
      call.charge(length + DRAW_COST);
      return call.instance.host.randomBytes(length);
    },
  }),
  define('string', {
    summary: 'Random characters, each as likely as any other.',
    params: [
      lengthParameter,
      optional(bytes('charset', 'The characters to take from. Default: letters and digits.')),
    ],
    returns,
    fails: { Invalid: 'the length is out of range, or the charset is empty' },
    workflow: 'deterministic',
    returnsWrongArguments: true,
    run: (call, length, charset = ALPHANUMERIC) => {
      const wrong = checkLength(length);
      if (wrong !== undefined) return wrong;
      if (charset === '') return failure('Invalid', 'the charset is empty');
      call.charge(length * 5 + charset.length + DRAW_COST);
      return pick(call, charactersOf(charset), length);
    },
  }),
  define('uuid', {
    summary: 'A random UUID (version 4).',
    params: [],
    returns,
    workflow: 'deterministic',
    run: (call) => {
      call.charge(DRAW_COST);
      return call.instance.host.uuid();
    },
  }),
);

const hmac = (hash: 'sha256' | 'sha512') =>
  define(hash, {
    summary: `The HMAC of data by ${hash === 'sha256' ? 'SHA-256' : 'SHA-512'}, as hexadecimal text.`,
    params: [keyParameter('key', 'Any bytes.'), bytes('data', 'What to authenticate; any bytes.')],
    returns,
    fails: { Invalid: 'the key is empty, or an argument is no string' },
    returnsWrongArguments: true,
    run: (call, key, data) => {
      if (typeof key !== 'string') return ask(call, { type: 'crypto.hmac', hash, key: key.secret, data });
      if (key === '') return failure('Invalid', 'the key is empty');
      chargeBytes(call, data.length);
      return hexOf(supportOf(call).digest(hash, data, key));
    },
  });

const TITLES: Readonly<Record<CipherName, string>> = {
  'aes-gcm': 'AES-GCM',
  'chacha20-poly1305': 'ChaCha20-Poly1305',
};
const keySizes = (cipher: CipherName): string => (cipher === 'aes-gcm' ? '16, 24 or 32 bytes.' : '32 bytes.');

const encryption = (name: string, cipher: CipherName) =>
  define(name, {
    summary: `Encrypts and authenticates data by ${TITLES[cipher]}. The result begins with the nonce, which is random, and ends with the tag.`,
    params: [
      bytes('data', 'The plaintext; any bytes.'),
      keyParameter('key', keySizes(cipher)),
      optional(bytes('aad', 'Data that is authenticated and not encrypted.')),
    ],
    returns,
    fails: { Invalid: 'the key has another size, or an argument is no string' },
    workflow: 'deterministic',
    returnsWrongArguments: true,
    run: (call, data, key, aad = '') => {
      if (typeof key !== 'string')
        return ask(call, { type: 'crypto.encrypt', cipher, key: key.secret, data, aad });
      chargeBytes(call, data.length + aad.length, CIPHER_COST[cipher]);
      const nonce = call.instance.host.randomBytes(NONCE_BYTES);
      return attempt(() => encrypt(supportOf(call), cipher, key, nonce, data, aad));
    },
  });

const decryption = (name: string, cipher: CipherName) =>
  define(name, {
    summary: `Decrypts what \`crypto.encrypt.${name}\` made, and checks that nobody changed it.`,
    params: [
      bytes('data', 'What encryption gave.'),
      keyParameter('key', keySizes(cipher)),
      optional(bytes('aad', 'As at encryption.')),
    ],
    returns,
    fails: {
      Invalid: 'the key has another size, or an argument is no string',
      Internal: 'the key, the associated data or the data is not that of the encryption',
    },
    returnsWrongArguments: true,
    run: (call, data, key, aad = '') => {
      if (typeof key !== 'string')
        return ask(call, { type: 'crypto.decrypt', cipher, key: key.secret, data, aad });
      chargeBytes(call, data.length + aad.length, CIPHER_COST[cipher]);
      return attempt(() => decrypt(supportOf(call), cipher, key, data, aad));
    },
  });

const algorithmParameter = optional(text('alg', `${ALGORITHMS.join(', ')}. Default HS256.`));

/** RSA is the node's; HMAC is done here unless the key is a secret. */
const goesToNode = (key: Key, algorithm: TokenAlgorithm): boolean =>
  typeof key !== 'string' || algorithm === 'RS256';

const jwtEncode = define('encode', {
  summary:
    'A signed token of claims. `_header` in the claims joins the header of the token. In a workflow the key of RS256 is a secret of `env.get`, so that no history has it.',
  params: [
    table('payload', 'The claims, by name; times are seconds since 1970.'),
    keyParameter('key', 'The shared secret; for RS256 the private key as PEM.'),
    algorithmParameter,
  ],
  returns,
  fails: {
    Invalid: 'the key is empty or does not fit, the algorithm is unknown, or the claims have no form in JSON',
  },
  returnsWrongArguments: true,
  run: (call, payload, key, name = 'HS256') => {
    const claims = tryToData(payload);
    if (!claims.ok) return [undefined, claims.error];
    return attempt(() => {
      const algorithm = algorithmNamed(name);
      if (algorithm === 'RS256' && typeof key === 'string' && call.instance.host.place === 'workflow')
        throw new CryptoError(
          'Invalid',
          'a private key in a workflow would stand in its history; take it from a secret variable, or use a function.lua',
        );
      if (goesToNode(key, algorithm))
        return ask(call, { type: 'crypto.jwt_encode', claims: claims.data, key: keyData(key), algorithm });
      call.charge(5000 + weightOf(claims.data) * CLAIM_COST);
      return encodeToken({ native: supportOf(call) }, claims.data, key as string, algorithm);
    });
  },
});

const jwtVerify = define('verify', {
  summary:
    'The claims of a token whose signature, algorithm and times are right. `exp` must be there unless it is not asked for; `nbf` is looked at where it is.',
  params: [
    bytes('token'),
    keyParameter('key', 'The shared secret; for RS256 the public key as PEM.'),
    algorithmParameter,
    optional(truth('require_exp', 'Whether the token must have an `exp` in the future. Default true.')),
  ],
  returns: ['table?', 'Error?'],
  fails: {
    Invalid: 'the key is empty or does not fit, or the algorithm is unknown',
    Internal: 'the token is malformed, of another algorithm, of a wrong signature, expired or not valid yet',
  },
  returnsWrongArguments: true,
  workflow: 'deterministic',
  run: (call, token, key, name = 'HS256', expires = true) =>
    attempt(() => {
      const algorithm = algorithmNamed(name);
      if (goesToNode(key, algorithm))
        return ask(call, { type: 'crypto.jwt_verify', token, key: keyData(key), algorithm, expires });
      chargeBytes(call, token.length + 1000);
      const now = Number(call.instance.host.now()) / 1e9;
      const claims = verifyToken({ native: supportOf(call) }, token, key as string, algorithm, expires, now);
      return fromData(claims, () => call.instance.newTable());
    }),
});

const pbkdf2 = define('pbkdf2', {
  summary: `A key from a password by PBKDF2. In a workflow at most ${MAX_ITERATIONS_IN_WORKFLOW} iterations; more go into a function.lua.`,
  params: [
    bytes('password'),
    bytes('salt'),
    integer('iterations', `1 to ${MAX_ITERATIONS}.`),
    integer('key_length', `Bytes, 1 to ${MAX_KEY_LENGTH}.`),
    optional(text('hash', '`sha256` (the default) or `sha512`.')),
  ],
  returns,
  fails: { Invalid: 'the password or the salt is empty, a number is out of range, or the hash is unknown' },
  returnsWrongArguments: true,
  run: (call, password, salt, iterations, length, hash = 'sha256') => {
    const refuse = (problem: string): HostResult => failure('Invalid', problem);
    if (password === '') return refuse('the password is empty');
    if (salt === '') return refuse('the salt is empty');
    if (iterations < 1 || iterations > MAX_ITERATIONS)
      return refuse(`iterations must be between 1 and ${MAX_ITERATIONS}, got ${iterations}`);
    if (length < 1 || length > MAX_KEY_LENGTH)
      return refuse(`key_length must be between 1 and ${MAX_KEY_LENGTH}, got ${length}`);
    if (hash !== 'sha256' && hash !== 'sha512')
      return refuse(`unknown hash '${hash.slice(0, 40)}'; use sha256 or sha512`);
    if (call.instance.host.place !== 'workflow')
      return ask(call, { type: 'crypto.pbkdf2', password, salt, iterations, length, hash });
    const blocks = Math.ceil(length / (hash === 'sha256' ? 32 : 64));
    if (iterations * blocks > MAX_ITERATIONS_IN_WORKFLOW)
      return refuse(
        `${iterations} iterations of ${blocks} blocks are too many in a workflow; put them in a function.lua and call that with funcs.call`,
      );
    call.charge(iterations * blocks * 500);
    return deriveKey(hash, password, salt, iterations, length);
  },
});

export const cryptoSpec = defineModuleSpec({
  name: 'crypto',
  summary: 'Chance, HMAC, encryption, JSON Web Tokens, key derivation and hashes of passwords',
  workflow: 'sealed',
  members: {
    random: memberTable(random),
    hmac: memberTable(members(hmac('sha256'), hmac('sha512'))),
    encrypt: memberTable(members(encryption('aes', 'aes-gcm'), encryption('chacha20', 'chacha20-poly1305'))),
    decrypt: memberTable(members(decryption('aes', 'aes-gcm'), decryption('chacha20', 'chacha20-poly1305'))),
    argon2: memberTable(argon2),
    bcrypt: memberTable(bcrypt),
    jwt: memberTable(members(jwtEncode, jwtVerify)),
    ...members(
      pbkdf2,
      define('constant_time_compare', {
        summary: 'Whether two strings are equal, in time that does not tell where they differ.',
        params: [bytes('a'), bytes('b')],
        returns: ['boolean'],
        run: (call, a, b) => {
          call.charge(Math.max(a.length, b.length));
          return equalInConstantTime(a, b);
        },
      }),
    ),
  },
});
