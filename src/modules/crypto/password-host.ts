// Hashes of passwords on a node, in threads of Node's pool. Host only; the libraries are loaded when the first program asks.
// `crypto.argon2_hash` { password, variant, memory, iterations, parallelism, length, secret? } -> PHC string
// `crypto.argon2_verify` { password, hash, secret? } -> boolean
// `crypto.argon2_derive` { password, salt, variant, ... as of hash } -> bytes
// `crypto.bcrypt_hash` { password, cost } -> modular crypt string
// `crypto.bcrypt_verify` { password, hash } -> boolean
// H1: commands of workflows come over the network: what passwords.ts checks is checked again.
// H2: at most two at once: the pool has four threads, and files, names and compression need them too.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Command } from '../../core/command.js';
import type { HostHandlers } from '../../core/handler.js';
import { encodeBase64 } from '../../core/text.js';
import {
  checkArgon2Cost,
  checkBcrypt,
  checkBcryptCost,
  checkNewBcryptPassword,
  checkNewPassword,
  checkPassword,
  checkSalt,
  parseArgon2,
  SALT_BYTES,
  VARIANTS,
} from './password-formats.js';
import type { Argon2Cost, Variant } from './password-formats.js';
import { CryptoError } from './support.js';

const MOST_AT_ONCE = 2;

/** Runs work in the order it comes, so many at once. */
export function atMost(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1; // otherwise whoever ended has left its place to us
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

export const inTurn = atMost(MOST_AT_ONCE);

const refuse = (problem: string): CryptoError => new CryptoError('Invalid', problem);
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function textOf(command: Command, field: string): string {
  const value = command[field];
  if (typeof value === 'string') return value;
  throw refuse(`'${command.type}' needs a string as ${field}`);
}

/** The password of a command, which `check` throws for. */
function passwordOf(command: Command, check: (password: string) => void): Buffer {
  const password = textOf(command, 'password');
  check(password);
  return bytesOf(password);
}

function costOf(command: Command): Argon2Cost {
  const cost: Argon2Cost = {
    variant: VARIANTS.find((one) => one === command['variant']) ?? 'argon2id',
    memory: Number(command['memory']),
    iterations: Number(command['iterations']),
    parallelism: Number(command['parallelism']),
    length: Number(command['length']),
  };
  checkArgon2Cost(cost);
  return cost;
}

/** As the library numbers them; its own enums are constants of TypeScript, which this project does not take over. */
const ALGORITHMS: Readonly<Record<Variant, number>> = { argon2d: 0, argon2i: 1, argon2id: 2 };
const VERSIONS: Readonly<Record<16 | 19, number>> = { 16: 0, 19: 1 };

interface Derivation {
  readonly password: Buffer;
  readonly cost: Argon2Cost;
  readonly salt: string;
  readonly version: 16 | 19;
}

async function argon2(command: Command, { password, cost, salt, version }: Derivation): Promise<Buffer> {
  const { hashRaw } = await import('@node-rs/argon2');
  const secret = command['secret'] === undefined ? {} : { secret: bytesOf(textOf(command, 'secret')) };
  return inTurn(() =>
    hashRaw(password, {
      algorithm: ALGORITHMS[cost.variant],
      version: VERSIONS[version],
      memoryCost: cost.memory,
      timeCost: cost.iterations,
      parallelism: cost.parallelism,
      outputLen: cost.length,
      salt: bytesOf(salt),
      ...secret,
    }),
  );
}

const plain = (bytes: string): string => encodeBase64(bytes).replace(/=+$/, '');

export const passwordHandlers: HostHandlers = {
  'crypto.argon2_hash': async (command) => {
    const password = passwordOf(command, checkNewPassword);
    const cost = costOf(command);
    const salt = randomBytes(SALT_BYTES).toString('latin1');
    const digest = (await argon2(command, { password, cost, salt, version: 19 })).toString('latin1');
    const { variant, memory, iterations, parallelism } = cost;
    return `$${variant}$v=19$m=${memory},t=${iterations},p=${parallelism}$${plain(salt)}$${plain(digest)}`;
  },
  'crypto.argon2_verify': async (command) => {
    const password = passwordOf(command, checkPassword);
    const { digest, ...hash } = parseArgon2(textOf(command, 'hash'));
    return timingSafeEqual(await argon2(command, { password, ...hash }), bytesOf(digest));
  },
  'crypto.argon2_derive': async (command) => {
    const salt = textOf(command, 'salt');
    checkSalt(salt);
    const password = passwordOf(command, checkNewPassword);
    const derivation: Derivation = { password, cost: costOf(command), salt, version: 19 };
    return (await argon2(command, derivation)).toString('latin1');
  },
  'crypto.bcrypt_hash': async (command) => {
    const password = passwordOf(command, checkNewBcryptPassword);
    const cost = Number(command['cost']);
    checkBcryptCost(cost);
    const { hash } = await import('@node-rs/bcrypt');
    return inTurn(() => hash(password, cost));
  },
  'crypto.bcrypt_verify': async (command) => {
    const password = passwordOf(command, checkPassword);
    const hash = textOf(command, 'hash');
    checkBcrypt(hash);
    const { verify } = await import('@node-rs/bcrypt');
    return inTurn(() => verify(password, hash));
  },
};
