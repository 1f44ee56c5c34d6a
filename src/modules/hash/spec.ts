// The `hash` module: digests, HMACs and FNV. Sealed.
// H1: a node computes digests natively; the results are those of sealed code.
// H2: FNV is FNV-1a; the 64 bits of fnv64 are a Lua integer, so half of them print as negative numbers.
import { digest } from '../../core/digest.js';
import type { DigestName } from '../../core/digest.js';
import { hexOf } from '../../core/hexadecimal.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { bytes, optional, truth } from '../../lua/parameters.js';
import type { HostResult } from '../../lua/values.js';

const data = bytes('data', 'What to hash; any bytes.');
const secret = bytes('secret', 'The key; any bytes.');
const raw = optional(truth('raw', 'Give the bytes instead of lower-case hexadecimal text.'));
const returns = ['string?', 'Error?'];
const fails = { Invalid: 'data or secret is no string' } as const;

/** Plain JavaScript takes about 8 ns a byte, a node well below 1. */
const chargeBytes = (call: HostCall, count: number): void =>
  call.charge(call.instance.host.native === undefined ? count : count >> 4);

/** A digest takes so many bytes' time besides, a keyed one is three of them. */
const DIGEST_BYTES = 600;

function digestOf(call: HostCall, name: DigestName, input: string, key?: string): string {
  chargeBytes(call, input.length + DIGEST_BYTES + (key === undefined ? 0 : key.length + 2 * DIGEST_BYTES));
  const { native } = call.instance.host;
  return native === undefined ? digest(name, input, key) : native.digest(name, input, key);
}

const shown = (result: string, asBytes: boolean | undefined): HostResult =>
  asBytes === true ? result : hexOf(result);

const plain = (name: DigestName, title: string) =>
  define(name, {
    summary: `The ${title} digest of data.`,
    params: [data, raw],
    returns,
    fails,
    returnsWrongArguments: true,
    run: (call, input, asBytes) => shown(digestOf(call, name, input), asBytes),
  });

const keyed = (name: DigestName, title: string) =>
  define(`hmac_${name}`, {
    summary: `The HMAC of data by ${title} and a secret key.`,
    params: [data, secret, raw],
    returns,
    fails,
    returnsWrongArguments: true,
    run: (call, input, key, asBytes) => shown(digestOf(call, name, input, key), asBytes),
  });

function fnv32(input: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < input.length; index++)
    hash = Math.imul(hash ^ input.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** The prime is 2^40 + 0x1b3; the hash is kept in two halves of 32 bits. */
function fnv64(input: string): bigint {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let index = 0; index < input.length; index++) {
    low = (low ^ input.charCodeAt(index)) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

export const hashSpec = defineModuleSpec({
  name: 'hash',
  summary: 'Digests, HMACs and fast hashes of byte strings',
  workflow: 'sealed',
  members: members(
    plain('md5', 'MD5'),
    plain('sha1', 'SHA-1'),
    plain('sha256', 'SHA-256'),
    plain('sha512', 'SHA-512'),
    keyed('md5', 'MD5'),
    keyed('sha1', 'SHA-1'),
    keyed('sha256', 'SHA-256'),
    keyed('sha512', 'SHA-512'),
    define('fnv32', {
      summary: 'The FNV-1a hash of data in 32 bits, from 0 to 4294967295: fast, for tables and partitions.',
      params: [data],
      returns: ['integer?', 'Error?'],
      fails: { Invalid: 'data is no string' },
      returnsWrongArguments: true,
      run: (call, input) => {
        call.charge(input.length >> 2);
        return fnv32(input);
      },
    }),
    define('fnv64', {
      summary: 'The FNV-1a hash of data in 64 bits, as an integer: negative where its highest bit is set.',
      params: [data],
      returns: ['integer?', 'Error?'],
      fails: { Invalid: 'data is no string' },
      returnsWrongArguments: true,
      run: (call, input) => {
        call.charge(input.length >> 1);
        return fnv64(input);
      },
    }),
  ),
});
