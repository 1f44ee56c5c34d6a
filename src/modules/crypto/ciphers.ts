// Authenticated encryption: nonce (12 bytes), ciphertext and tag (16 bytes) in one byte string. Sealed.
// C1: a wrong key, other associated data and changed bytes are one error, which does not say which of them it was.
import type { CipherName, NativeSupport } from '../../lua/instance-context.js';
import { CryptoError } from './support.js';

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES: Readonly<Record<CipherName, readonly number[]>> = {
  'aes-gcm': [16, 24, 32],
  'chacha20-poly1305': [32],
};

function checkKey(cipher: CipherName, key: string): void {
  if (KEY_BYTES[cipher].includes(key.length)) return;
  const sizes = KEY_BYTES[cipher].join(', ').replace(/, (\d+)$/, ' or $1');
  throw new CryptoError(
    'Invalid',
    key === '' ? 'the key is empty' : `the key has ${key.length} bytes; ${cipher} takes ${sizes}`,
  );
}

export function encrypt(
  native: NativeSupport,
  cipher: CipherName,
  key: string,
  nonce: string,
  data: string,
  associated: string,
): string {
  checkKey(cipher, key);
  return nonce + native.seal(cipher, key, nonce, data, associated);
}

export function decrypt(
  native: NativeSupport,
  cipher: CipherName,
  key: string,
  data: string,
  associated: string,
): string {
  checkKey(cipher, key);
  if (data.length < NONCE_BYTES + TAG_BYTES)
    throw new CryptoError(
      'Internal',
      `decryption failed: ${data.length} bytes are less than nonce and tag, ${NONCE_BYTES + TAG_BYTES}`,
    );
  const opened = native.open(cipher, key, data.slice(0, NONCE_BYTES), data.slice(NONCE_BYTES), associated);
  if (opened === undefined)
    throw new CryptoError('Internal', 'decryption failed: wrong key, other associated data, or changed data');
  return opened;
}
