// `crypto.argon2` and `crypto.bcrypt`: hashes of passwords for a database, and keys from passwords. Sealed.
// P1: the work is a node's, also for a workflow: a hash is made to be slow, and a step must not be. The salt is the node's chance,
//     and what came of it is in the history. So is the password, unless it is a secret of `env.get`.
// P2: everything that can be wrong with arguments is told here, before a node is asked.
// P3: no page of the application format has these functions; their names and defaults are ours.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { didYouMean } from '../../core/nearest.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, members } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import type { HostResult, LuaTable, LuaValue } from '../../lua/values.js';
import { ask, attempt, keyData, keyOf, keyParameter } from './calls.js';
import type { Key } from './calls.js';
import {
  ARGON2_BOUNDS,
  BCRYPT_BOUNDS,
  checkArgon2Cost,
  checkBcrypt,
  checkBcryptCost,
  checkNewBcryptPassword,
  checkNewPassword,
  checkPassword,
  checkSalt,
  MOST_BCRYPT_PASSWORD,
  MOST_PASSWORD,
  parseArgon2,
  SALT_BOUNDS,
  USUAL_ARGON2,
  USUAL_BCRYPT,
  VARIANTS,
} from './password-formats.js';
import type { Argon2Cost } from './password-formats.js';
import { CryptoError } from './support.js';

const refuse = (problem: string): CryptoError => new CryptoError('Invalid', problem);

function checkNames(options: LuaTable | undefined, known: readonly string[]): void {
  for (const [name] of options?.entries() ?? [])
    if (typeof name !== 'string' || !known.includes(name))
      throw refuse(
        `there is no option '${typeof name === 'string' ? name.slice(0, 40) : typeName(name)}'${
          (typeof name === 'string' && didYouMean(name, known)) || `; there are ${known.join(', ')}`
        }`,
      );
}

function integerOption(options: LuaTable | undefined, name: string, usual: number): number {
  const value = options?.get(name);
  if (value === undefined) return usual;
  const number = asNumber(value);
  if (number === undefined || !Number.isSafeInteger(number))
    throw refuse(`${name} is a whole number, got ${number ?? typeName(value)}`);
  return number;
}

function costOf(options: LuaTable | undefined): Argon2Cost {
  checkNames(options, [...Object.keys(USUAL_ARGON2), 'secret']);
  const named = options?.get('variant') ?? USUAL_ARGON2.variant;
  const variant = VARIANTS.find((one) => one === named);
  if (variant === undefined)
    throw refuse(
      `unknown variant ${typeof named === 'string' ? `'${named.slice(0, 40)}'` : typeName(named)}; there are ${VARIANTS.join(', ')}`,
    );
  const cost: Argon2Cost = {
    variant,
    memory: integerOption(options, 'memory', USUAL_ARGON2.memory),
    iterations: integerOption(options, 'iterations', USUAL_ARGON2.iterations),
    parallelism: integerOption(options, 'parallelism', USUAL_ARGON2.parallelism),
    length: integerOption(options, 'length', USUAL_ARGON2.length),
  };
  checkArgon2Cost(cost);
  return cost;
}

/** A key that is mixed in and stands beside no hash ("pepper"). */
function secretOf(options: LuaTable | undefined): { readonly secret?: Data } {
  const value: LuaValue = options?.get('secret');
  if (value === undefined) return {};
  const secret = keyOf(value);
  if (secret === undefined || secret === '') throw refuse(`secret is bytes, got ${typeName(value)}`);
  return { secret: keyData(secret) };
}

/** A secret is looked at on the node that reads it. */
const checkKey = (password: Key, check: (password: string) => void): void => {
  if (typeof password === 'string') check(password);
};

const asked = (call: HostCall, work: () => Command): HostResult => attempt(() => ask(call, work()));

const password = keyParameter('password', `At most ${MOST_PASSWORD} bytes.`);
const range = ([least, most]: readonly [number, number]): string => `${least} to ${most}`;
const COSTS =
  `Options: \`memory\` (KiB, ${range(ARGON2_BOUNDS.memory)}, default ${USUAL_ARGON2.memory}), ` +
  `\`iterations\` (${range(ARGON2_BOUNDS.iterations)}, default ${USUAL_ARGON2.iterations}; memory times iterations at most 1 GiB), ` +
  `\`parallelism\` (lanes, ${range(ARGON2_BOUNDS.parallelism)}, default ${USUAL_ARGON2.parallelism}), ` +
  `\`length\` (bytes, ${range(ARGON2_BOUNDS.length)}, default ${USUAL_ARGON2.length}), ` +
  `\`variant\` (${VARIANTS.join(', ')}; default ${USUAL_ARGON2.variant}), \`secret\` (a key that is mixed in).`;
const common = { returnsWrongArguments: true, workflow: 'recorded' } as const;
const wrongPassword = 'the password is empty or too long';

const argon2Hash = define('hash', {
  ...common,
  summary: `The Argon2 hash (RFC 9106) of a password, with a new salt and its costs, as a PHC string for a database. ${COSTS} In a workflow the history has the password, unless it is a secret.`,
  params: [password, optional(table('options'))],
  returns: ['string?', 'Error?'],
  fails: { Invalid: `${wrongPassword}, or an option is unknown or out of range` },
  run: (call, password, options) =>
    asked(call, () => {
      checkKey(password, checkNewPassword);
      return {
        type: 'crypto.argon2_hash',
        password: keyData(password),
        ...costOf(options),
        ...secretOf(options),
      };
    }),
});

const argon2Verify = define('verify', {
  ...common,
  summary:
    'Whether a PHC string is the hash of the password, of whichever variant, version and costs. Options: `secret`, as it was given to `hash`.',
  params: [
    password,
    bytes('phc', 'What `hash` made, here or elsewhere. Costs beyond the bounds of `hash` are refused.'),
    optional(table('options')),
  ],
  returns: ['boolean?', 'Error?'],
  fails: {
    Invalid: `the password is too long, the text is no hash of argon2 or asks for more than the bounds, or an option is unknown`,
  },
  run: (call, password, hash, options) =>
    asked(call, () => {
      checkKey(password, checkPassword);
      checkNames(options, ['secret']);
      parseArgon2(hash);
      return { type: 'crypto.argon2_verify', password: keyData(password), hash, ...secretOf(options) };
    }),
});

const argon2Derive = define('derive', {
  ...common,
  summary: `A key of \`length\` bytes from a password and a salt, by Argon2: the same each time. Options as of \`hash\`.`,
  params: [
    password,
    bytes('salt', `${range(SALT_BOUNDS)} bytes; another for each key.`),
    optional(table('options')),
  ],
  returns: ['string?', 'Error?'],
  fails: {
    Invalid: `${wrongPassword}, the salt is too short or too long, or an option is unknown or out of range`,
  },
  run: (call, password, salt, options) =>
    asked(call, () => {
      checkKey(password, checkNewPassword);
      checkSalt(salt);
      return {
        type: 'crypto.argon2_derive',
        password: keyData(password),
        salt,
        ...costOf(options),
        ...secretOf(options),
      };
    }),
});

const bcryptHash = define('hash', {
  ...common,
  summary: `The bcrypt hash of a password, with a new salt, as a modular crypt string (\`$2b$\`). Options: \`cost\` (doublings of the work, ${range(BCRYPT_BOUNDS)}, default ${USUAL_BCRYPT}). New applications take \`argon2\`.`,
  params: [
    keyParameter(
      'password',
      `Bytes, 1 to ${MOST_BCRYPT_PASSWORD} and none of them NUL: bcrypt reads no more.`,
    ),
    optional(table('options')),
  ],
  returns: ['string?', 'Error?'],
  fails: {
    Invalid: 'the password is empty, too long or holds a NUL, or an option is unknown or out of range',
  },
  run: (call, password, options) =>
    asked(call, () => {
      checkKey(password, checkNewBcryptPassword);
      checkNames(options, ['cost']);
      const cost = integerOption(options, 'cost', USUAL_BCRYPT);
      checkBcryptCost(cost);
      return { type: 'crypto.bcrypt_hash', password: keyData(password), cost };
    }),
});

const bcryptVerify = define('verify', {
  ...common,
  summary:
    'Whether a modular crypt string (`$2a$`, `$2b$`, `$2y$`) is the hash of the password. Of a longer password the first 72 bytes count, as where such hashes were made.',
  params: [
    password,
    bytes('hash', 'What `hash` made, here or elsewhere. A cost beyond the bounds of `hash` is refused.'),
  ],
  returns: ['boolean?', 'Error?'],
  fails: {
    Invalid: `the password is too long, or the text is no hash of bcrypt or asks for more than the bounds`,
  },
  run: (call, password, hash) =>
    asked(call, () => {
      checkKey(password, checkPassword);
      checkBcrypt(hash);
      return { type: 'crypto.bcrypt_verify', password: keyData(password), hash };
    }),
});

export const argon2 = members(argon2Hash, argon2Verify, argon2Derive);
export const bcrypt = members(bcryptHash, bcryptVerify);
