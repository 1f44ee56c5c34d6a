// Where variables are kept, with real files.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import type { CommandContext } from '../../src/core/handler.js';
import { envHandlers } from '../../src/modules/env/host.js';
import { envSpec } from '../../src/modules/env/spec.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { withValue } from '../../src/services/env/env-file.js';
import { Environment } from '../../src/services/env/environment.js';
import { entryOf } from '../support/examples.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-env-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const variable = (name: string, storage: string, data: Record<string, Data> = {}) =>
  entryOf(`app:${name.toLowerCase()}`, 'env.variable', { variable: name, storage, ...data });

function environmentOf(entries: Entry[], secrets: string[] = []): Environment {
  return new Environment({
    os: { OS_NAME: 'linux', CITY: 'os' },
    appFolder: folder,
    entries: () => ({
      get: (id) => entries.find((entry) => entry.id === id),
      ofKind: (kind) => entries.filter((entry) => entry.kind === kind),
    }),
    onSecret: (value) => void secrets.push(value),
  });
}

const lua = (text: string, environment: Environment, allow = true) =>
  evaluate(text, {
    modules: [envSpec],
    answers: nodeAnswers(
      envHandlers(environment, () => allow),
      { entry: 'app:main' } satisfies Partial<CommandContext>,
    ),
  });
const problem = (call: string, environment: Environment, allow = true) =>
  lua(`local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`, environment, allow);
const file = (name = 'app.env') => readFileSync(join(folder, name), 'utf8');
const filed = (data: Record<string, Data> = {}) => [
  entryOf('app:file', 'env.storage.file', { file_path: 'app.env', ...data }),
  variable('CITY', 'file', { default: 'Rome' }),
  variable('PORT', 'app:file'),
];

describe('env.storage.memory', () => {
  it('keeps what is set until the node or the entry ends', async () => {
    const entries = [entryOf('app:mem', 'env.storage.memory'), variable('CITY', 'mem', { default: 'Rome' })];
    const environment = environmentOf(entries);
    expect(
      await lua(
        'local before = env.get("CITY") return before, env.set("CITY", "Oslo"), env.get("CITY"), env.get("app:city")',
        environment,
      ),
    ).toEqual(['Rome', true, 'Oslo', 'Oslo']);
    expect(await lua('return env.set("CITY", ""), env.get("CITY")', environment)).toEqual([true, '']);
    const [memory] = entries.splice(0, 1);
    expect((await problem('env.get("CITY")', environment))[1]).toBe('NotFound');
    if (memory !== undefined) entries.push(memory);
    expect(await lua('return env.get("CITY")', environment)).toEqual(['Rome']);
  });

  it('refuses to set what its entry says is read-only, and tells secrets to those who redact', async () => {
    const secrets: string[] = [];
    const environment = environmentOf(
      [
        entryOf('app:mem', 'env.storage.memory'),
        variable('FIXED', 'mem', { readonly: true, default: 'x' }),
        variable('API_TOKEN', 'mem'),
      ],
      secrets,
    );
    expect((await problem('env.set("FIXED", "y")', environment)).slice(1)).toEqual([
      'PermissionDenied',
      "the variable 'FIXED' is read-only",
      false,
    ]);
    expect(await lua('return env.set("API_TOKEN", "t-1")', environment)).toEqual([true]);
    expect(secrets).toEqual(['t-1']);
  });
});

describe('env.storage.static', () => {
  it('gives what stands in its entry, for reading', async () => {
    const environment = environmentOf([
      entryOf('app:fix', 'env.storage.static', {
        values: { HOST: 'api.example.com', PORT: 8080, DEBUG: true },
      }),
      variable('HOST', 'fix'),
      variable('PORT', 'fix'),
      variable('DEBUG', 'fix'),
      variable('toString', 'fix'),
    ]);
    expect(await lua('return env.get("HOST"), env.get("PORT"), env.get("DEBUG")', environment)).toEqual([
      'api.example.com',
      '8080',
      'true',
    ]);
    expect((await problem('env.set("HOST", "x")', environment)).slice(1)).toEqual([
      'PermissionDenied',
      "the variable cannot be set: 'app:fix' holds values that stand in its entry, which is read-only",
      false,
    ]);
    expect((await problem('env.get("toString")', environment))[1]).toBe('NotFound');
  });
});

describe('env.storage.router', () => {
  it('reads from the first storage that has a value, and writes to the first', async () => {
    const environment = environmentOf([
      entryOf('app:mem', 'env.storage.memory'),
      entryOf('app:os', 'env.storage.os'),
      entryOf('app:fix', 'env.storage.static', { values: { CITY: 'static', ONLY: 'here' } }),
      entryOf('app:all', 'env.storage.router', { storages: ['mem', 'app:os', 'fix'] }),
      variable('CITY', 'all'),
      variable('ONLY', 'all'),
      variable('NONE', 'all', { default: 'default' }),
    ]);
    expect(
      await lua(
        'return env.get("CITY"), env.get("ONLY"), env.get("NONE"), env.set("CITY", "set"), env.get("CITY")',
        environment,
      ),
    ).toEqual(['os', 'here', 'default', true, 'set']);
  });

  it('refuses to write where its first storage is for reading, and to lead back to itself', async () => {
    const environment = environmentOf([
      entryOf('app:os', 'env.storage.os'),
      entryOf('app:first', 'env.storage.router', { storages: ['os'] }),
      entryOf('app:a', 'env.storage.router', { storages: ['b'] }),
      entryOf('app:b', 'env.storage.router', { storages: ['a'] }),
      variable('CITY', 'first'),
      variable('ROUND', 'a'),
    ]);
    expect((await problem('env.set("CITY", "x")', environment))[1]).toBe('PermissionDenied');
    expect((await problem('env.get("ROUND")', environment)).slice(1, 3)).toEqual([
      'Invalid',
      "the storage 'app:a' leads back to itself: app:a -> app:b -> app:a",
    ]);
  });
});

describe('env.storage.file', () => {
  it('reads names, comments and quotes, and what another program changes', async () => {
    writeFileSync(join(folder, 'app.env'), '# city\nCITY="New York" # big\nexport PORT=8080\nOTHER=x\n');
    const environment = environmentOf(filed());
    expect(await lua('return env.get("CITY"), env.get("PORT")', environment)).toEqual(['New York', '8080']);
    writeFileSync(join(folder, 'app.env'), 'PORT=9090\n');
    expect(await lua('return env.get("CITY"), env.get("PORT")', environment)).toEqual(['Rome', '9090']);
  });

  it('sets a value in its place, and keeps comments, order and permissions', async () => {
    writeFileSync(join(folder, 'app.env'), "# city\nCITY=Oslo # here\n\nOTHER='a\nCITY=no'\n", {
      mode: 0o600,
    });
    chmodSync(join(folder, 'app.env'), 0o600);
    const environment = environmentOf(filed());
    expect(
      await lua('return env.set("CITY", "New York"), env.set("PORT", "1"), env.get("CITY")', environment),
    ).toEqual([true, true, 'New York']);
    expect(parseEnv(file())).toEqual({ CITY: 'New York', OTHER: 'a\nCITY=no', PORT: '1' });
    expect(file()).toMatch(/^# city\n/);
    expect(statSync(join(folder, 'app.env')).mode & 0o777).toBe(0o600);
    expect(await lua('return env.get("CITY")', environmentOf(filed()))).toEqual(['New York']);
  });

  it('is made with its folders and permissions where auto_create says so', async () => {
    const made = filed({
      file_path: 'deep/er/app.env',
      auto_create: true,
      file_mode: 0o600,
      dir_mode: 0o700,
    });
    expect(await lua('return env.get("CITY"), env.set("PORT", "1")', environmentOf(made))).toEqual([
      'Rome',
      true,
    ]);
    expect(file('deep/er/app.env')).toBe('PORT=1\n');
    expect(statSync(join(folder, 'deep/er/app.env')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
    expect((await problem('env.get("CITY")', environmentOf(filed()))).slice(1)).toEqual([
      'NotFound',
      `the file of 'app:file', '${join(folder, 'app.env')}', is not there; make it, or set auto_create`,
      false,
    ]);
    expect(existsSync(join(folder, 'app.env'))).toBe(false);
  });

  it('tells what the operating system refuses', async () => {
    mkdirSync(join(folder, 'app.env'));
    expect((await problem('env.get("CITY")', environmentOf(filed()))).slice(1, 3)).toEqual([
      'Unavailable',
      `the file of 'app:file', '${join(folder, 'app.env')}', cannot be read: EISDIR`,
    ]);
  });

  it('takes variables into its path, and none that it keeps itself', async () => {
    const environment = environmentOf([
      entryOf('app:os', 'env.storage.os'),
      variable('OS_NAME', 'os'),
      ...filed({ file_path: '${env:OS_NAME}.env', auto_create: true }),
    ]);
    expect(await lua('return env.set("PORT", "1")', environment)).toEqual([true]);
    expect(file('linux.env')).toBe('PORT=1\n');
    const round = environmentOf(filed({ file_path: '${env:PORT}.env' }));
    expect((await problem('env.get("PORT")', round)).slice(1, 3)).toEqual([
      'Invalid',
      "the storage 'app:file' leads back to itself: app:file -> app:file",
    ]);
  });

  it('gives back any value that it takes, and leaves every other name alone', () => {
    const text = fc.stringMatching(/^[\w '"`#=\\\n$.é-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('A', 'AB', 'CITY', 'PORT'), text), { maxLength: 6 }),
        (sets) => {
          let content = "# head\nAB='1'\nCITY=x # tail\n";
          for (const [key, value] of sets) {
            const values = parseEnv(content) as Record<string, string>;
            const changed = withValue(content, values, key, value);
            if (changed === undefined) continue;
            expect({ ...parseEnv(changed) }).toEqual({ ...values, [key]: value });
            expect(changed.startsWith('# head\n')).toBe(true);
            content = changed;
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(withValue('', {}, 'A', '\'"`')).toBeUndefined();
    expect(withValue('A=1\nB=2', { A: '1', B: '2' }, 'A', 'x y')).toBe("A='x y'\nB=2");
  });
});

describe('policies', () => {
  it('are asked for the public name, and take variables out of get_all', async () => {
    const environment = environmentOf([
      entryOf('app:mem', 'env.storage.memory'),
      variable('CITY', 'mem', { default: 'x' }),
    ]);
    const denied = (action: string) => [
      'PermissionDenied',
      `'app:main' may not do '${action}' on 'CITY'; allow it with a policy of its scope`,
    ];
    expect((await problem('env.get("app:city")', environment, false)).slice(1, 3)).toEqual(denied('env.get'));
    expect((await problem('env.set("CITY", "y")', environment, false)).slice(1, 3)).toEqual(
      denied('env.set'),
    );
    expect(await lua('return next(env.get_all())', environment, false)).toEqual(['<nil>']);
  });
});
