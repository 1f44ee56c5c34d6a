// What the operations need of the place where they run: a node's native functions, or plain JavaScript with the same results. Sealed.
import { pbkdf2 as derive } from '@noble/hashes/pbkdf2.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { arrayToBytes, bytesToArray } from '../../core/bytes.js';
import { digest } from '../../core/digest.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import { aesCiphers, chachaCiphers } from '../../core/heavy-libraries.cjs';
import type { CipherName, NativeSupport } from '../../lua/instance-context.js';

/** What Lua gets as its error. */
export class CryptoError extends PlatformError {
  override readonly name = 'CryptoError';
  readonly code = 'CRYPTO_FAILED';
  override readonly kind: ErrorKind;
  constructor(kind: 'Invalid' | 'Internal', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

function cipher(name: CipherName, key: string, nonce: string, associated: string) {
  const make = name === 'aes-gcm' ? aesCiphers().gcm : chachaCiphers().chacha20poly1305;
  return make(bytesToArray(key), bytesToArray(nonce), bytesToArray(associated));
}

/** For sealed code; the native one of a node gives the same. */
export const plainSupport: NativeSupport = {
  digest,
  seal: (name, key, nonce, data, associated) =>
    arrayToBytes(cipher(name, key, nonce, associated).encrypt(bytesToArray(data))),
  open(name, key, nonce, data, associated) {
    const opening = cipher(name, key, nonce, associated);
    try {
      return arrayToBytes(opening.decrypt(bytesToArray(data)));
    } catch {
      return undefined; // the tag does not fit: the only way in which it fails
    }
  },
};

export type DerivationHash = 'sha256' | 'sha512';

/** PBKDF2 by HMAC (RFC 8018), about 2 µs an iteration and block. */
export const deriveKey = (
  hash: DerivationHash,
  password: string,
  salt: string,
  iterations: number,
  length: number,
): string =>
  arrayToBytes(
    derive(hash === 'sha256' ? sha256 : sha512, bytesToArray(password), bytesToArray(salt), {
      c: iterations,
      dkLen: length,
    }),
  );
