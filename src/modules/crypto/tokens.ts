// JSON Web Tokens (RFC 7519) with signatures of RFC 7518. Sealed; RSA is the node's.
// T1: the caller says the algorithm; a token of another one is refused, `none` and unknown critical headers always.
// T2: an HMAC is never keyed by a PEM text: whoever gives one has mixed up algorithms, and a public key is no secret.
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import {
  bytesDataToText,
  decodeBase64,
  encodeBase64,
  textDataToBytes,
  toBytes,
  tryText,
} from '../../core/text.js';
import { decodeWire, encodeWire } from '../../core/wire.js';
import type { NativeSupport } from '../../lua/instance-context.js';
import { equalInConstantTime } from './compare.js';
import { CryptoError } from './support.js';

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;
export const ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256'] as const;
export type TokenAlgorithm = (typeof ALGORITHMS)[number];

/** RSA of a node, by PEM texts; throws a CryptoError for a key that is none. */
export interface RsaSupport {
  sign(key: string, data: string): string;
  verify(key: string, data: string, signature: string): boolean;
}

export interface TokenSupport {
  readonly native: NativeSupport;
  /** Absent in a workflow. */
  readonly rsa?: RsaSupport;
}

export function algorithmNamed(name: string): TokenAlgorithm {
  const known = ALGORITHMS.find((one) => one === name);
  if (known === undefined)
    throw new CryptoError(
      'Invalid',
      `unknown algorithm '${name.slice(0, 40)}'; use ${ALGORITHMS.join(', ')}`,
    );
  return known;
}

const toUrl = (bytes: string): string =>
  encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

function fromUrl(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  return decodeBase64(
    text.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (text.length % 4)) % 4),
  );
}

function rsaOf({ rsa }: TokenSupport): RsaSupport {
  if (rsa !== undefined) return rsa;
  throw new CryptoError('Invalid', 'RS256 with a key as text cannot run in a workflow; use a function.lua');
}

function hmac({ native }: TokenSupport, algorithm: keyof typeof HASHES, key: string, data: string): string {
  if (key.includes('-----BEGIN '))
    throw new CryptoError('Invalid', `the key is a PEM text, which ${algorithm} does not take; use RS256`);
  return native.digest(HASHES[algorithm], data, key);
}

const checkKey = (key: string): void => {
  if (key === '') throw new CryptoError('Invalid', 'the key is empty');
};

const segment = (data: Data): string => {
  try {
    return toUrl(toBytes(encodeWire(bytesDataToText(data), { strings: 'text' })));
  } catch (error) {
    throw new CryptoError('Invalid', 'the claims hold text that is not UTF-8', { cause: error });
  }
};

const isObject = (data: Data | undefined): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat);

/** `claims._header` joins the header; it cannot change the algorithm. */
export function encodeToken(
  support: TokenSupport,
  claims: Data,
  key: string,
  algorithm: TokenAlgorithm,
): string {
  checkKey(key);
  const all = Array.isArray(claims) && claims.length === 0 ? dataObject() : claims;
  if (!isObject(all)) throw new CryptoError('Invalid', 'the claims are a table with string keys');
  const { _header: more, ...body } = all;
  if (more !== undefined && !isObject(more))
    throw new CryptoError('Invalid', '_header is a table with string keys');
  const header = dataObject({ typ: 'JWT', ...more, alg: algorithm });
  const signed = `${segment(header)}.${segment(dataObject(body))}`;
  const signature =
    algorithm === 'RS256' ? rsaOf(support).sign(key, signed) : hmac(support, algorithm, key, signed);
  return `${signed}.${toUrl(signature)}`;
}

const refused = (why: string): CryptoError => new CryptoError('Internal', `the token is refused: ${why}`);

function decoded(part: string, what: string): DataObject {
  const bytes = fromUrl(part);
  const text = bytes === undefined ? undefined : tryText(bytes);
  let data: Data | undefined;
  try {
    data = text === undefined ? undefined : decodeWire(text, { strings: 'text' });
  } catch {
    data = undefined; // no JSON: refused below
  }
  if (!isObject(data)) throw refused(`its ${what} is no JSON object in base64url`);
  return data;
}

/** Seconds since 1970 of a claim; undefined where there is none. */
function timeClaim(claims: DataObject, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined || value === null) return undefined;
  const seconds = value instanceof LuaFloat ? value.n : typeof value === 'bigint' ? Number(value) : value;
  if (typeof seconds !== 'number') throw refused(`its ${name} is no number`);
  return seconds;
}

/** Longest token. Bytes. */
const MAX_TOKEN = 1024 * 1024;

/** The claims of a token whose signature is right. `now` in seconds since 1970; `expires`: `exp` is required and looked at. */
export function verifyToken(
  support: TokenSupport,
  token: string,
  key: string,
  algorithm: TokenAlgorithm,
  expires: boolean,
  now: number,
): Data {
  checkKey(key);
  if (token.length > MAX_TOKEN) throw refused(`it is longer than ${MAX_TOKEN} bytes`);
  const parts = token.split('.');
  const [head = '', body = '', tail = ''] = parts;
  if (parts.length !== 3) throw refused('it does not have three parts');
  const header = decoded(head, 'header');
  if (header['alg'] !== algorithm) throw refused(`its algorithm is not ${algorithm}`);
  if (header['crit'] !== undefined) throw refused('it has critical headers that are not known');
  const signature = fromUrl(tail);
  const signed = `${head}.${body}`;
  const right =
    signature !== undefined &&
    (algorithm === 'RS256'
      ? rsaOf(support).verify(key, signed, signature)
      : equalInConstantTime(hmac(support, algorithm, key, signed), signature));
  if (!right) throw refused('its signature is wrong');
  const claims = decoded(body, 'payload');
  const exp = timeClaim(claims, 'exp');
  const nbf = timeClaim(claims, 'nbf');
  if (expires && exp === undefined) throw refused('it has no exp; pass false as require_exp to take it');
  if (expires && exp !== undefined && exp <= now) throw refused('it has expired');
  if (nbf !== undefined && nbf > now) throw refused('it is not valid yet');
  return textDataToBytes(claims);
}
