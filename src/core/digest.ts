// Digests and HMACs of byte strings in plain JavaScript, for what is sealed; a node has its own, with the same results. Sealed.
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { arrayToBytes, bytesToArray } from './bytes.js';

const HASHES = { md5, sha1, sha256, sha384, sha512 } as const;
export type DigestName = keyof typeof HASHES;

/** The digest of `data` as bytes; its HMAC where there is a key. */
export function digest(name: DigestName, data: string, key?: string): string {
  const hash = HASHES[name];
  const input = bytesToArray(data);
  return arrayToBytes(key === undefined ? hash(input) : hmac(hash, bytesToArray(key), input));
}
