// Cryptography on a node, for what Lua does not answer at once: derivations that take long, and keys that a workflow names only.
// `crypto.hmac` { hash, key, data } -> hexadecimal text
// `crypto.encrypt` { cipher, key, data, aad } | `crypto.decrypt` { cipher, key, data, aad } -> bytes
// `crypto.jwt_encode` { claims, key, algorithm } -> token
// `crypto.jwt_verify` { token, key, algorithm, expires } -> claims
// `crypto.pbkdf2` { password, salt, iterations, length, hash } -> bytes
// and those of password-host.ts.
import { constants, createPrivateKey, createPublicKey, pbkdf2, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import type { HostHandlers } from '../../core/handler.js';
import { hexOf } from '../../core/hexadecimal.js';
import type { CipherName, NativeSupport } from '../../lua/instance-context.js';
import { decrypt, encrypt, NONCE_BYTES } from './ciphers.js';
import { inTurn, passwordHandlers } from './password-host.js';
import { CryptoError } from './support.js';
import { algorithmNamed, encodeToken, verifyToken } from './tokens.js';
import type { RsaSupport } from './tokens.js';

/** RFC 7518, 3.3. */
const LEAST_RSA_BITS = 2048;

function rsaKey(make: () => KeyObject, what: string): KeyObject {
  let key: KeyObject;
  try {
    key = make();
  } catch (error) {
    throw new CryptoError('Invalid', `the key is no ${what} in PEM`, { cause: error });
  }
  if (key.asymmetricKeyType !== 'rsa')
    throw new CryptoError('Invalid', `RS256 takes an RSA key, not ${key.asymmetricKeyType ?? 'a secret'}`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_RSA_BITS)
    throw new CryptoError('Invalid', `the RSA key has ${bits} bits; RS256 needs ${LEAST_RSA_BITS}`);
  return key;
}

const padding = constants.RSA_PKCS1_PADDING;

export const rsaSupport: RsaSupport = {
  sign: (pem, data) => {
    const key = rsaKey(() => createPrivateKey(pem), 'private key');
    return sign('sha256', Buffer.from(data, 'latin1'), { key, padding }).toString('latin1');
  },
  verify: (pem, data, signature) => {
    const key = rsaKey(() => createPublicKey(pem), 'public key');
    return verify('sha256', Buffer.from(data, 'latin1'), { key, padding }, Buffer.from(signature, 'latin1'));
  },
};

const deriveInPool = promisify(pbkdf2);

/** The bytes of a field; a workflow's secret has become text by now. */
function bytesOf(command: Command, field: string): string {
  const value = command[field];
  if (typeof value === 'string') return value;
  throw new CryptoError('Invalid', `'${command.type}' needs a string as ${field}`);
}

const numberOf = (command: Command, field: string): number => Number(command[field]);

export function cryptoHandlers(native: NativeSupport): HostHandlers {
  const support = { native, rsa: rsaSupport };
  const cipherOf = (command: Command): CipherName =>
    bytesOf(command, 'cipher') === 'aes-gcm' ? 'aes-gcm' : 'chacha20-poly1305';
  return {
    ...passwordHandlers,
    'crypto.hmac': (command) => {
      const key = bytesOf(command, 'key');
      if (key === '') throw new CryptoError('Invalid', 'the key is empty');
      const hash = bytesOf(command, 'hash') === 'sha512' ? 'sha512' : 'sha256';
      return hexOf(native.digest(hash, bytesOf(command, 'data'), key));
    },
    'crypto.encrypt': (command) =>
      encrypt(
        native,
        cipherOf(command),
        bytesOf(command, 'key'),
        randomBytes(NONCE_BYTES).toString('latin1'),
        bytesOf(command, 'data'),
        bytesOf(command, 'aad'),
      ),
    'crypto.decrypt': (command) =>
      decrypt(
        native,
        cipherOf(command),
        bytesOf(command, 'key'),
        bytesOf(command, 'data'),
        bytesOf(command, 'aad'),
      ),
    'crypto.jwt_encode': (command) =>
      encodeToken(
        support,
        command['claims'] as Data,
        bytesOf(command, 'key'),
        algorithmNamed(bytesOf(command, 'algorithm')),
      ),
    'crypto.jwt_verify': (command) =>
      verifyToken(
        support,
        bytesOf(command, 'token'),
        bytesOf(command, 'key'),
        algorithmNamed(bytesOf(command, 'algorithm')),
        command['expires'] !== false,
        Date.now() / 1000,
      ),
    'crypto.pbkdf2': async (command) => {
      const derived = await inTurn(() =>
        deriveInPool(
          Buffer.from(bytesOf(command, 'password'), 'latin1'),
          Buffer.from(bytesOf(command, 'salt'), 'latin1'),
          numberOf(command, 'iterations'),
          numberOf(command, 'length'),
          bytesOf(command, 'hash'),
        ),
      );
      return derived.toString('latin1');
    },
  };
}
