// Costs of password hashes and the texts that carry them: PHC strings of argon2, modular crypt strings of bcrypt. Sealed.
// F1: what a text says of its costs is bounded like what a caller says: whoever can write a hash into a database must not be able to
//     hold a node's memory and cores by it.
// F2: only the form that hashing gives is taken: canonical base64, no leading zeros, no further fields.
import { decodeBase64 } from '../../core/text.js';
import { CryptoError } from './support.js';

export const VARIANTS = ['argon2d', 'argon2i', 'argon2id'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface Argon2Cost {
  readonly variant: Variant;
  /** KiB, of all lanes together. */
  readonly memory: number;
  /** Passes over the memory. */
  readonly iterations: number;
  /** Lanes. */
  readonly parallelism: number;
  /** Bytes of the result. */
  readonly length: number;
}

/** OWASP's first recommendation, 2023: 19 MiB, 2 passes, 1 lane. */
export const USUAL_ARGON2: Argon2Cost = {
  variant: 'argon2id',
  memory: 19_456,
  iterations: 2,
  parallelism: 1,
  length: 32,
};

type Bounds = readonly [least: number, most: number];
export const ARGON2_BOUNDS = {
  memory: [8, 262_144],
  iterations: [1, 64],
  parallelism: [1, 16],
  length: [4, 1024],
} as const satisfies Record<string, Bounds>;
/** KiB times passes: about 1.3 s of one core. */
const MOST_WORK = 1_048_576;
/** RFC 9106, 3.1: each lane has at least 8 blocks of 1 KiB. */
const LANE_MEMORY = 8;
/** Bytes of a salt: RFC 9106 recommends 16, and 8 are the least that implementations take. */
export const SALT_BOUNDS: Bounds = [8, 64];
export const SALT_BYTES = 16;

/** Bytes; far more than people type. */
export const MOST_PASSWORD = 4096;

/** Doublings of the work: 14 takes about 1 s of one core. */
export const BCRYPT_BOUNDS: Bounds = [4, 14];
export const USUAL_BCRYPT = 10;
/** What the cipher reads of a password. */
export const MOST_BCRYPT_PASSWORD = 72;

const refuse = (problem: string): CryptoError => new CryptoError('Invalid', problem);

/** Throws where costs are out of bounds; `what` begins the message. */
export function checkArgon2Cost(cost: Argon2Cost, what = ''): void {
  for (const [name, [least, most]] of Object.entries(ARGON2_BOUNDS)) {
    const value = cost[name as keyof typeof ARGON2_BOUNDS];
    if (value < least || value > most)
      throw refuse(`${what}${name} must be between ${least} and ${most}, got ${value}`);
  }
  const { memory, iterations, parallelism } = cost;
  if (memory < parallelism * LANE_MEMORY)
    throw refuse(`${what}memory must be at least ${parallelism * LANE_MEMORY}, 8 KiB a lane, got ${memory}`);
  if (memory * iterations > MOST_WORK)
    throw refuse(`${what}memory times iterations must be at most ${MOST_WORK}, got ${memory * iterations}`);
}

/** Throws where bytes are no password. */
export function checkPassword(password: string): void {
  if (password.length > MOST_PASSWORD)
    throw refuse(`the password has ${password.length} bytes; at most ${MOST_PASSWORD} are taken`);
}

export function checkNewPassword(password: string): void {
  if (password === '') throw refuse('the password is empty');
  checkPassword(password);
}

/** What would be lost on bcrypt is no new password of it. */
export function checkNewBcryptPassword(password: string): void {
  checkNewPassword(password);
  if (password.length > MOST_BCRYPT_PASSWORD)
    throw refuse(
      `the password has ${password.length} bytes, and bcrypt reads ${MOST_BCRYPT_PASSWORD}; use crypto.argon2`,
    );
  if (password.includes('\0'))
    throw refuse('the password holds a NUL, where other implementations of bcrypt end; use crypto.argon2');
}

export interface Argon2Hash {
  readonly cost: Argon2Cost;
  /** 16 (0x10) is of before 2015, 19 (0x13) the present one. */
  readonly version: 16 | 19;
  /** Bytes. */
  readonly salt: string;
  readonly digest: string;
}

const NUMBER = '(0|[1-9][0-9]{0,9})';
const PHC = new RegExp(
  `^\\$(argon2(?:d|i|id))(?:\\$v=${NUMBER})?\\$m=${NUMBER},t=${NUMBER},p=${NUMBER}\\$([A-Za-z0-9+/]+)\\$([A-Za-z0-9+/]+)$`,
);
/** Longer than any within the bounds. */
const MOST_PHC = 2048;

/** The bytes of canonical base64 without padding; undefined for others. */
const bytesOf = (text: string): string | undefined =>
  decodeBase64(text + '='.repeat((4 - (text.length % 4)) % 4));

/** Reads what `argon2.hash` and other implementations make. Throws CryptoError. */
export function parseArgon2(text: string): Argon2Hash {
  const found = text.length <= MOST_PHC ? PHC.exec(text) : null;
  const salt = bytesOf(found?.[6] ?? '?');
  const digest = bytesOf(found?.[7] ?? '?');
  if (found === null || salt === undefined || digest === undefined)
    throw refuse(
      "the hash is no argon2 hash: '$argon2id$v=19$m=...,t=...,p=...$salt$hash' in base64 is expected",
    );
  const version = Number(found[2] ?? 16); // the reference left the field out before 0x13
  if (version !== 16 && version !== 19)
    throw refuse(`the hash is of an unknown version of argon2, ${version}`);
  const cost: Argon2Cost = {
    variant: found[1] as Variant,
    memory: Number(found[3]),
    iterations: Number(found[4]),
    parallelism: Number(found[5]),
    length: digest.length,
  };
  checkArgon2Cost(cost, 'the hash asks for too much or too little: ');
  checkSalt(salt);
  return { cost, version, salt, digest };
}

export function checkSalt(salt: string): void {
  const [least, most] = SALT_BOUNDS;
  if (salt.length < least || salt.length > most)
    throw refuse(`the salt must have ${least} to ${most} bytes, got ${salt.length}`);
}

export function checkBcryptCost(cost: number, what = ''): void {
  const [least, most] = BCRYPT_BOUNDS;
  if (cost < least || cost > most)
    throw refuse(`${what}cost must be between ${least} and ${most}, got ${cost}`);
}

/** Throws where the text is no hash of bcrypt, or one that costs too much. */
export function checkBcrypt(text: string): void {
  const found = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/.exec(text);
  if (found === null)
    throw refuse("the hash is no bcrypt hash: '$2b$10$' (or 2a, 2y) and 53 characters are expected");
  checkBcryptCost(Number(found[1]), 'the hash asks for too much or too little: ');
}
