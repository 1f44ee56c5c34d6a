import { nameSecrets } from '../../src/core/secret.js';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import type { CommandContext } from '../../src/core/handler.js';
import { envHandlers } from '../../src/modules/env/host.js';
import { envSpec } from '../../src/modules/env/spec.js';
import { funcsSpec } from '../../src/modules/funcs/spec.js';
import { Environment } from '../../src/services/env/environment.js';
import { fillPlaceholders } from '../../src/services/env/placeholders.js';
import { evaluate, openListed } from './evaluate.js';
import { entryOf } from '../support/examples.js';

const entries = [
  entryOf('app:os', 'env.storage.os', {}),
  entryOf('app:file', 'env.storage.file', { file_path: '/nowhere/moontide.env' }),
  entryOf('app:port', 'env.variable', { variable: 'PORT', storage: 'os', default: 8080 }),
  entryOf('app:name', 'env.variable', { variable: 'APP_NAME', storage: 'app:os' }),
  entryOf('app:home', 'env.variable', { variable: 'HOME_CITY' }),
  entryOf('app:api', 'env.variable', { variable: 'API_KEY', storage: 'app:os' }),
  entryOf('app:public', 'env.variable', { variable: 'PUBLIC_KEY', storage: 'app:os', secret: false }),
  entryOf('app:pin', 'env.variable', { variable: 'PIN', storage: 'app:os', secret: true }),
  entryOf('app:PRIVATE', 'env.variable', { storage: 'app:os', readonly: true }),
  entryOf('app:lost', 'env.variable', { variable: 'LOST', storage: 'app:nowhere' }),
  entryOf('app:hidden', 'env.variable', { variable: 'HIDDEN', default: 'policy' }),
  entryOf('app:filed', 'env.variable', { variable: 'FILED', storage: 'app:file' }),
];
const os = {
  APP_NAME: 'café',
  API_KEY: 'sk-123456',
  PUBLIC_KEY: 'pk-1',
  PIN: '4711',
  PRIVATE: 'mine',
  UNDECLARED: 'canary',
};

function environment(secrets: string[] = [], some = entries): Environment {
  return new Environment({
    os,
    entries: () => ({
      get: (id) => some.find((entry) => entry.id === id),
      ofKind: (kind) => some.filter((entry) => entry.kind === kind),
    }),
    onSecret: (value) => void secrets.push(value),
  });
}

const handlers = envHandlers(environment(), () => true);
const context = { entry: 'app:main' } as CommandContext;
const options = (place: 'node' | 'workflow') => ({
  modules: [envSpec, funcsSpec],
  host: { place },
  answers: {
    '*': async (command: { readonly type: string }) =>
      (await handlers[command.type]?.(command, context)) ?? null,
  },
});
const lua = (text: string) => evaluate(text, options('node'));

describe('env', () => {
  it('gives declared variables by public name or entry id, with their defaults', async () => {
    expect(
      await lua(
        'return env.get("PORT"), env.get("APP_NAME"), env.get("app:name"), env.get("app:PRIVATE"), env.get("API_KEY")',
      ),
    ).toEqual(['8080', 'caf\xc3\xa9', 'caf\xc3\xa9', 'mine', 'sk-123456']);
  });

  it.each([
    ['""', 'Invalid', 'the key is empty'],
    ['12', 'Invalid', 'got number'],
    ['"UNDECLARED"', 'NotFound', "no env.variable declares 'UNDECLARED'"],
    ['"APP_NAM"', 'NotFound', "did you mean 'APP_NAME'?"],
    ['"PRIVATE"', 'NotFound', "no env.variable declares 'PRIVATE'"],
    ['"HOME_CITY"', 'NotFound', 'has no value'],
    ['"app:os"', 'NotFound', "no env.variable declares 'app:os'"],
    ['"LOST"', 'NotFound', "the storage 'app:nowhere'"],
    [
      '"FILED"',
      'NotFound',
      "the file of 'app:file', '/nowhere/moontide.env', is not there; make it, or set auto_create",
    ],
  ])('refuses get(%s)', async (key, kind, message) => {
    const values = await lua(`local v, err = env.get(${key}) return v, err:kind(), err:message()`);
    expect(values.slice(0, 2)).toEqual(['<nil>', kind]);
    expect(values[2]).toContain(message);
  });

  it('refuses to set what is kept in the environment of the process', async () => {
    expect(await lua('local ok, err = env.set("PORT", "1") return ok, err:kind()')).toEqual([
      '<nil>',
      'PermissionDenied',
    ]);
    expect(
      await lua('local ok, err = env.set("app:PRIVATE", "1") return ok, err:kind(), err:message()'),
    ).toEqual(['<nil>', 'PermissionDenied', "the variable 'app:PRIVATE' is read-only"]);
    for (const [key, value] of [
      ['""', '"x"'],
      ['"PORT"', '1'],
      ['1', '"x"'],
    ])
      expect(await lua(`local ok, err = env.set(${key}, ${value}) return ok, err:kind()`)).toEqual([
        '<nil>',
        'Invalid',
      ]);
    expect(await lua('local ok, err = env.set("NOPE", "1") return ok, err:kind()')).toEqual([
      '<nil>',
      'NotFound',
    ]);
  });

  it('gives all public variables that have a value', async () => {
    const some = entries.filter(({ id }) => id !== 'app:lost' && id !== 'app:filed');
    const own = envHandlers(environment([], some), (_context, _action, name) => name !== 'HIDDEN');
    expect(
      await evaluate(
        'local all = env.get_all() local n = 0 for _ in pairs(all) do n = n + 1 end return n, all.PORT, all.PIN, all.PRIVATE',
        {
          modules: [envSpec],
          answers: { 'env.get_all': (command) => own['env.get_all']?.(command, context) },
        },
      ),
    ).toEqual([5, '8080', '4711', '<nil>']);
  });
});

describe('secrets in a workflow', () => {
  const inside = (text: string) => evaluate(text, options('workflow'));

  it('are handles, plain variables are text', async () => {
    expect(
      await inside(
        `return type(env.get("API_KEY")), type(env.get("PIN")), env.get("PUBLIC_KEY"), env.get("PORT"),
          env.get("API_KEY") == env.get("app:api")`,
      ),
    ).toEqual(['userdata', 'userdata', 'pk-1', '8080', true]);
  });

  it.each(['tostring(k)', '"x" .. k', '#k', 'string.len(k)', 'string.format("%s", k)'])(
    'never become text: %s',
    async (use) => {
      const [ok, message] = await inside(
        `local k = env.get("API_KEY") local ok, err = pcall(function() return ${use} end)
         return ok, type(err) == "userdata" and err:message() or err`,
      );
      expect(ok).toBe(false);
      expect(message).not.toContain('sk-123456');
    },
  );

  it('travel in calls as references, which a node fills in', () => {
    const { session } = openListed('funcs.call("app:f", {key = env.get("API_KEY")})', options('workflow'));
    session.answer('env.get', dataObject({ $secret: 'app:api' }));
    const { data, places } = nameSecrets(session.commands[1]?.['args'] ?? null);
    expect(data).toEqual([dataObject({ key: dataObject({ $secret: 'app:api' }) })]);
    expect(places).toEqual([[0, 'key']]);
    const secrets: string[] = [];
    expect(environment(secrets).fillSecrets(data, places)).toEqual([dataObject({ key: 'sk-123456' })]);
    expect(secrets).toEqual(['sk-123456']);
  });

  it('are filled in at their places only, not where somebody wrote a name into a table', () => {
    const data = [
      dataObject({ $secret: 'app:api' }),
      dataObject({ a: [dataObject({ $secret: 'app:api' })] }),
    ];
    expect(environment().fillSecrets(data, [])).toBe(data);
    expect(environment().fillSecrets(data, [[1, 'a', 0]])).toEqual([
      dataObject({ $secret: 'app:api' }),
      dataObject({ a: ['sk-123456'] }),
    ]);
    for (const place of [
      ['x'],
      [7],
      [0, '$secret'],
      [0, '__proto__'],
      [0, 'toString'],
      [1, 'a', 'length'],
      [],
    ])
      expect(environment().fillSecrets(data, [place])).toEqual(data);
  });

  it('tell their value to those who redact, each time one is given out', () => {
    const secrets: string[] = [];
    const own = environment(secrets);
    own.get('API_KEY');
    own.get('PORT');
    own.value('PIN');
    expect(secrets).toEqual(['sk-123456', '4711']);
  });
});

describe('placeholders', () => {
  const fill = (text: string) => fillPlaceholders(text, (name) => ({ A: '1', 'app:b': '2' })[name]);

  it.each([
    ['x${env:A}y${env:app:b}', 'x1y2'],
    ['${env:NO|def ault}', 'def ault'],
    ['${env:NO|}', ''],
    ['${A|9}${NO_PE|9}', '19'],
    ['$${env:A} ${shell} ${a|b} $A', '${env:A} ${shell} ${a|b} $A'],
  ])('fills %s', (text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  it('refuses a variable without value and default', () => {
    expect(() => fill('${env:NO}')).toThrow("the variable 'NO' has no value");
  });
});
