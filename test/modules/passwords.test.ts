import fc from 'fast-check';
import { argon2d, argon2i, argon2id } from '@noble/hashes/argon2.js';
import { describe, expect, it } from 'vitest';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { atMost } from '../../src/modules/crypto/password-host.js';
import { cryptoSpec } from '../../src/modules/crypto/spec.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import type { Command } from '../../src/core/command.js';
import type { CommandContext } from '../../src/core/handler.js';
import { nodeAnswers, runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [cryptoSpec];
const handlers = cryptoHandlers(nativeSupport);
const answers = nodeAnswers(handlers);
const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args, answers });
const problem = async (call: string, ...args: string[]) =>
  lua(`local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`, ...args);
const hexOf = (bytes: unknown): string => Buffer.from(bytes as string, 'latin1').toString('hex');

const REFERENCES = { argon2d, argon2i, argon2id };

describe('argon2', () => {
  // RFC 9106, 5: its vectors have associated data, which Lua does not give; so the chain is: this library gives them, and ours gives
  // what this library does.
  it.each([
    ['argon2d', '512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb'],
    ['argon2i', 'c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8'],
    ['argon2id', '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'],
  ] as const)(
    '%s gives the tag of RFC 9106, through the library that the next test compares with',
    (name, tag) => {
      const made = REFERENCES[name](new Uint8Array(32).fill(1), new Uint8Array(16).fill(2), {
        t: 3,
        m: 32,
        p: 4,
        dkLen: 32,
        key: new Uint8Array(8).fill(3),
        personalization: new Uint8Array(12).fill(4),
      });
      expect(Buffer.from(made).toString('hex')).toBe(tag);
    },
  );

  it('derives what that library does, of every variant, size and byte', async () => {
    const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          variant: fc.constantFrom('argon2d', 'argon2i', 'argon2id'),
          password: bytes(1, 100),
          salt: bytes(8, 64),
          secret: bytes(1, 40),
          memory: fc.integer({ min: 32, max: 100 }),
          iterations: fc.integer({ min: 1, max: 3 }),
          parallelism: fc.integer({ min: 1, max: 4 }),
          length: fc.integer({ min: 4, max: 130 }),
        }),
        async ({ variant, password, salt, secret, memory, iterations, parallelism, length }) => {
          const [made] = await lua(
            `local password, salt, secret = ...
            return crypto.argon2.derive(password, salt, {variant = "${variant}", secret = secret, memory = ${memory}, iterations = ${iterations}, parallelism = ${parallelism}, length = ${length}})`,
            ...[password, salt, secret].map((one) => Buffer.from(one).toString('latin1')),
          );
          const wanted = REFERENCES[variant](password, salt, {
            t: iterations,
            m: memory,
            p: parallelism,
            dkLen: length,
            key: secret,
          });
          expect(hexOf(made)).toBe(Buffer.from(wanted).toString('hex'));
        },
      ),
      { numRuns: 25 },
    );
  });

  // The tests of the reference implementation.
  it.each([
    ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['password', '$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg'],
    ['password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
    ['password', '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
    ['password', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
    ['password', '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ'],
  ])('knows %s by %s', async (password, phc) => {
    expect(
      await lua(
        'local p, h = ... return crypto.argon2.verify(p, h), crypto.argon2.verify(p .. "x", h)',
        password,
        phc,
      ),
    ).toEqual([true, false]);
  });

  it('hashes with a salt of its own each time, and takes any bytes', async () => {
    expect(
      await lua(`local small = {memory = 64, iterations = 1}
        local a, b = crypto.argon2.hash("\\xff\\0\\xfe", small), crypto.argon2.hash("\\xff\\0\\xfe", small)
        return a ~= b, crypto.argon2.verify("\\xff\\0\\xfe", a), crypto.argon2.verify("\\xff", a), crypto.argon2.verify("", a),
          crypto.argon2.verify(("x"):rep(4096), crypto.argon2.hash(("x"):rep(4096), small))`),
    ).toEqual([true, true, false, false, true]);
  });

  it('uses the usual costs where none are given', async () => {
    const [phc] = await lua('return crypto.argon2.hash("password")');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  it('needs the secret that a hash was made with', async () => {
    expect(
      await lua(`local phc = crypto.argon2.hash("p", {memory = 64, secret = "pepper"})
        return crypto.argon2.verify("p", phc), crypto.argon2.verify("p", phc, {secret = "pepper"}), crypto.argon2.verify("p", phc, {secret = "salt"})`),
    ).toEqual([false, true, false]);
  });

  it.each([
    ['hash("")', 'the password is empty'],
    ['hash(("x"):rep(4097))', 'the password has 4097 bytes; at most 4096 are taken'],
    ['hash(1)', "bad argument #1 to 'hash' (string expected, got number)"],
    ['hash("p", {memory = 7})', 'memory must be between 8 and 262144, got 7'],
    ['hash("p", {memory = 262145})', 'memory must be between 8 and 262144, got 262145'],
    ['hash("p", {memory = 8.5})', 'memory is a whole number, got 8.5'],
    ['hash("p", {memory = 0/0})', 'memory is a whole number, got NaN'],
    ['hash("p", {memory = 2^53 + 1})', 'memory is a whole number, got 9007199254740992'],
    ['hash("p", {memory = "lots"})', 'memory is a whole number, got string'],
    ['hash("p", {iterations = 0})', 'iterations must be between 1 and 64, got 0'],
    [
      'hash("p", {memory = 65536, iterations = 17})',
      'memory times iterations must be at most 1048576, got 1114112',
    ],
    ['hash("p", {memory = 16, parallelism = 4})', 'memory must be at least 32, 8 KiB a lane, got 16'],
    ['hash("p", {parallelism = 17})', 'parallelism must be between 1 and 16, got 17'],
    ['hash("p", {length = 3})', 'length must be between 4 and 1024, got 3'],
    ['hash("p", {variant = "argon2x"})', "unknown variant 'argon2x'; there are argon2d, argon2i, argon2id"],
    ['hash("p", {memroy = 64})', "there is no option 'memroy'; did you mean 'memory'?"],
    [
      'hash("p", {1})',
      "there is no option 'number'; there are variant, memory, iterations, parallelism, length, secret",
    ],
    ['hash("p", {secret = ""})', 'secret is bytes, got string'],
    ['derive("p", "short")', 'the salt must have 8 to 64 bytes, got 5'],
    ['derive("p", ("s"):rep(65))', 'the salt must have 8 to 64 bytes, got 65'],
  ])('refuses %s', async (call, message) => {
    expect(await problem(`crypto.argon2.${call}`)).toEqual(['<nil>', 'Invalid', message, false]);
  });

  const SALT = 'c29tZXNhbHQ';
  const NONE =
    "the hash is no argon2 hash: '$argon2id$v=19$m=...,t=...,p=...$salt$hash' in base64 is expected";
  const MUCH = 'the hash asks for too much or too little: ';
  it.each([
    ['', NONE],
    ['x'.repeat(2049), NONE],
    [`$argon2id$v=19$m=64,t=1,p=1$${SALT}`, NONE],
    [`$argon2id$v=19$m=064,t=1,p=1$${SALT}$AAAAAA`, NONE],
    [`$argon2id$v=19$m=64,t=1,p=1,keyid=a$${SALT}$AAAAAA`, NONE],
    [`$argon2id$v=19$m=64,t=1,p=1$${SALT}$AAAAAB`, NONE],
    [`$argon2id$v=19$m=64,t=1,p=1$${SALT}=$AAAAAA`, NONE],
    [`$argon2id$v=19$m=64,t=1,p=1$${SALT}$AAAAAA\n`, NONE],
    [`$argon2x$v=19$m=64,t=1,p=1$${SALT}$AAAAAA`, NONE],
    [`$argon2id$v=18$m=64,t=1,p=1$${SALT}$AAAAAA`, 'the hash is of an unknown version of argon2, 18'],
    [
      `$argon2id$v=19$m=4294967295,t=1,p=1$${SALT}$AAAAAA`,
      `${MUCH}memory must be between 8 and 262144, got 4294967295`,
    ],
    [
      `$argon2id$v=19$m=64,t=4294967295,p=1$${SALT}$AAAAAA`,
      `${MUCH}iterations must be between 1 and 64, got 4294967295`,
    ],
    [
      `$argon2id$v=19$m=262144,t=5,p=1$${SALT}$AAAAAA`,
      `${MUCH}memory times iterations must be at most 1048576, got 1310720`,
    ],
    [`$argon2id$v=19$m=64,t=1,p=255$${SALT}$AAAAAA`, `${MUCH}parallelism must be between 1 and 16, got 255`],
    [`$argon2id$v=19$m=64,t=1,p=1$${SALT}$AAAA`, `${MUCH}length must be between 4 and 1024, got 3`],
    [`$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAAAA`, 'the salt must have 8 to 64 bytes, got 3'],
  ])('does no work for the hash %j', async (phc, message) => {
    const run = await runLua(
      'local v, err = crypto.argon2.verify("p", ...) return v == nil and err:kind() .. ": " .. err:message()',
      {
        modules,
        args: [phc],
      },
    );
    expect(run.values).toEqual([`Invalid: ${message}`]);
    expect(run.commands).toEqual([]);
  });
});

describe('bcrypt', () => {
  // The tests of crypt_blowfish; of 2y and invalid UTF-8 too.
  it.each([
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
    ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
    ['\xff\xff\xa3', '$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e'],
    [
      '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
      '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
    ],
  ])('knows %j by %s', async (password, hash) => {
    expect(
      await lua(
        'local p, h = ... return crypto.bcrypt.verify(p, h), crypto.bcrypt.verify("x" .. p, h)',
        password,
        hash,
      ),
    ).toEqual([true, false]);
  });

  it('hashes with a salt of its own each time', async () => {
    expect(
      await lua(`local a, b = crypto.bcrypt.hash("p", {cost = 4}), crypto.bcrypt.hash("p", {cost = 4})
        local long = ("x"):rep(72)
        return a ~= b, crypto.bcrypt.verify("p", a), crypto.bcrypt.verify("q", a), crypto.bcrypt.verify(long, crypto.bcrypt.hash(long, {cost = 4})),
          crypto.bcrypt.hash("p"):sub(1, 7)`),
    ).toEqual([true, true, false, true, '$2b$10$']);
  });

  it.each([
    ['hash("")', 'the password is empty'],
    ['hash(("x"):rep(73))', 'the password has 73 bytes, and bcrypt reads 72; use crypto.argon2'],
    [
      'hash("a\\0b")',
      'the password holds a NUL, where other implementations of bcrypt end; use crypto.argon2',
    ],
    ['hash("p", {cost = 3})', 'cost must be between 4 and 14, got 3'],
    ['hash("p", {cost = 31})', 'cost must be between 4 and 14, got 31'],
    ['hash("p", {rounds = 10})', "there is no option 'rounds'; there are cost"],
    ['verify("p", "")', "the hash is no bcrypt hash: '$2b$10$' (or 2a, 2y) and 53 characters are expected"],
    [
      `verify("p", "$2x$05$${'.'.repeat(53)}")`,
      "the hash is no bcrypt hash: '$2b$10$' (or 2a, 2y) and 53 characters are expected",
    ],
    [
      `verify("p", "$2b$31$${'.'.repeat(53)}")`,
      'the hash asks for too much or too little: cost must be between 4 and 14, got 31',
    ],
  ])('refuses %s', async (call, message) => {
    expect(await problem(`crypto.bcrypt.${call}`)).toEqual(['<nil>', 'Invalid', message, false]);
  });
});

describe('hashes of passwords on a node', () => {
  const ask = async (type: string, fields: Omit<Command, 'type'>) =>
    handlers[type]?.({ type, ...fields }, {} as CommandContext);
  const cost = { variant: 'argon2id', memory: 64, iterations: 1, parallelism: 1, length: 32 };

  it.each([
    [
      'crypto.argon2_hash',
      { ...cost, password: 'p', memory: 10_000_000 },
      'memory must be between 8 and 262144',
    ],
    ['crypto.argon2_hash', { ...cost, password: '' }, 'the password is empty'],
    ['crypto.argon2_derive', { ...cost, password: 'p', salt: 's' }, 'the salt must have 8 to 64 bytes'],
    ['crypto.argon2_verify', { password: 'p', hash: 'x' }, 'the hash is no argon2 hash'],
    ['crypto.argon2_verify', { hash: 'x' }, "'crypto.argon2_verify' needs a string as password"],
    ['crypto.bcrypt_hash', { password: 'p', cost: 31 }, 'cost must be between 4 and 14'],
    ['crypto.bcrypt_hash', { password: 'x'.repeat(73), cost: 4 }, 'bcrypt reads 72'],
    [
      'crypto.bcrypt_verify',
      { password: 'p', hash: `$2b$31$${'.'.repeat(53)}` },
      'cost must be between 4 and 14',
    ],
  ])('do not trust a %s that comes over the network', async (type, fields, message) => {
    await expect(ask(type, fields)).rejects.toThrow(message);
  });

  it('run two at once, the others in the order they come', async () => {
    const inTurn = atMost(2);
    const ends: (() => void)[] = [];
    const begun: number[] = [];
    const all = [0, 1, 2, 3].map((index) =>
      inTurn(async () => {
        begun.push(index);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (index === 1) throw new Error('broken');
        return index;
      }),
    );
    const settled = Promise.allSettled(all);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await turn();
    expect(begun).toEqual([0, 1]);
    ends[1]?.();
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[2]?.();
    ends[3]?.();
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });
});

describe('a password in a workflow', () => {
  it('may be a secret, which only the node reads', async () => {
    const { envSpec } = await import('../../src/modules/env/spec.js');
    const run = await runLua(
      'local p = env.get("KEY") return crypto.argon2.hash(p, {secret = p}), crypto.bcrypt.verify(p, ...)',
      {
        modules: [cryptoSpec, envSpec],
        args: [`$2b$04$${'.'.repeat(53)}`],
        host: { place: 'workflow' },
        answers: {
          'env.get': () => ({ $secret: 'app:key' }),
          'crypto.argon2_hash': () => 'done',
          'crypto.bcrypt_verify': () => false,
        },
      },
    );
    expect(run.values).toEqual(['done', false]);
    expect(run.commands[1]).toMatchObject({ password: { id: 'app:key' }, secret: { id: 'app:key' } });
    expect(run.commands[2]).toMatchObject({ password: { id: 'app:key' } });
  });
});
