// What a node computes natively for modules that are written in plain JavaScript too; tests hold both to the same results.
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { CipherGCMTypes } from 'node:crypto';
import type { CipherName, NativeSupport } from '../lua/instance-context.js';

const TAG_BYTES = 16;
const bufferOf = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');

interface Sealing {
  readonly name: CipherName;
  readonly key: string;
  readonly nonce: string;
}

/** AES by the size of its key. */
const aes = (key: string): CipherGCMTypes => `aes-${key.length * 8}-gcm` as CipherGCMTypes;

function cipher({ name, key, nonce }: Sealing) {
  const options = { authTagLength: TAG_BYTES };
  return name === 'aes-gcm'
    ? createCipheriv(aes(key), bufferOf(key), bufferOf(nonce), options)
    : createCipheriv(name, bufferOf(key), bufferOf(nonce), options);
}

function decipher({ name, key, nonce }: Sealing) {
  const options = { authTagLength: TAG_BYTES };
  return name === 'aes-gcm'
    ? createDecipheriv(aes(key), bufferOf(key), bufferOf(nonce), options)
    : createDecipheriv(name, bufferOf(key), bufferOf(nonce), options);
}

export const nativeSupport: NativeSupport = Object.freeze({
  digest: (name, data, key) =>
    (key === undefined ? createHash(name) : createHmac(name, bufferOf(key)))
      .update(data, 'latin1')
      .digest('binary'),

  seal(name, key, nonce, data, associated) {
    const sealing = cipher({ name, key, nonce });
    sealing.setAAD(bufferOf(associated), { plaintextLength: data.length });
    const head = sealing.update(data, 'latin1', 'binary');
    return head + sealing.final('binary') + sealing.getAuthTag().toString('latin1');
  },

  open(name, key, nonce, data, associated) {
    const opening = decipher({ name, key, nonce });
    opening.setAAD(bufferOf(associated), { plaintextLength: data.length - TAG_BYTES });
    opening.setAuthTag(bufferOf(data.slice(-TAG_BYTES)));
    const head = opening.update(data.slice(0, -TAG_BYTES), 'latin1', 'binary');
    try {
      return head + opening.final('binary');
    } catch {
      return undefined; // the tag does not fit: the only way in which final fails
    }
  },
} satisfies NativeSupport);
