// Where an app's registry is kept: Postgres where DATABASE_URL or moontide.yaml name one, else a SQLite file.
// P1: `registry.store: sqlite` means SQLite whatever the environment says; DATABASE_URL goes before `registry.url`.
// P2: a `registry.path` that cannot be a file is told at its place in moontide.yaml, before anything is opened.
// P3: the password is never shown, and is redacted in logs.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { sha256 } from '../registry/views.js';
import type { RegistryStore } from '../registry/store/registry-store.js';
import { openSqliteStore } from '../registry/store/sqlite-store.js';
import { fillPlaceholders } from '../services/env/placeholders.js';
import type { RegistryIdentity } from '../services/temporal/app-record.js';
import { AppErrors } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';
import type { StateFolder } from './state-folder.js';

export type RegistryPlace =
  | {
      readonly engine: 'sqlite';
      readonly path: string;
      /** In the app's own state folder. */ readonly own: boolean;
    }
  | { readonly engine: 'postgres'; readonly url: string; readonly schema: string };

class RegistrySettingsError extends PlatformError {
  override readonly name = 'RegistrySettingsError';
  readonly code = 'REGISTRY_SETTINGS';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
}

/** Where nothing can be kept: the registry of this process alone. */
const MEMORY = ':memory:';
export const isMemory = (place: RegistryPlace): boolean => place.engine === 'sqlite' && place.path === MEMORY;

type AppPlace = Pick<PreparedApp, 'folder' | 'config'>;

export function registryPlace(
  { folder, config }: AppPlace,
  state: StateFolder,
  environment: Readonly<Record<string, string | undefined>>,
): RegistryPlace {
  const { store, path, schema = 'moontide' } = config.registry;
  const fromEnvironment = environment['DATABASE_URL'] ?? '';
  const lookup = (name: string): string | undefined => environment[name] ?? config.env[name];
  const url =
    fromEnvironment !== ''
      ? fromEnvironment
      : config.registry.url === undefined
        ? undefined
        : fillPlaceholders(config.registry.url, lookup);
  if (store === 'sqlite' || (store === undefined && url === undefined)) {
    if (path === undefined) {
      const own = state.problem === undefined ? join(state.path, 'registry.db') : MEMORY;
      return { engine: 'sqlite', path: own, own: true };
    }
    const file = resolve(folder, path);
    const problem = whyNoFile(file);
    if (problem !== undefined)
      throw new AppErrors([
        {
          severity: 'error',
          place: config.placeOf('/registry/path'),
          message: `'registry.path' is '${path}', ${problem.message}`,
          fix: problem.fix,
        },
      ]);
    return { engine: 'sqlite', path: file, own: false };
  }
  const whose = fromEnvironment !== '' ? 'DATABASE_URL' : "'registry.url' of moontide.yaml";
  if (url === undefined)
    throw new RegistrySettingsError(
      "'registry.store: postgres' in moontide.yaml names no database; set DATABASE_URL or 'registry.url'",
    );
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new RegistrySettingsError(
      `${whose} is not a Postgres URL (postgres://user:password@host:port/database); mend it, or set 'registry.store: sqlite' in moontide.yaml`,
    );
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new RegistrySettingsError(
      `'registry.schema' of moontide.yaml is '${schema}'; use small letters, digits and '_', at most 48`,
    );
  return { engine: 'postgres', url, schema };
}

/** What keeps a path from being a file that can be read and written; undefined when nothing is seen. */
function whyNoFile(path: string): { readonly message: string; readonly fix: string } | undefined {
  const folder = dirname(path);
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) {
      if (!statSync(folder).isDirectory()) return whereAFileIs(path);
      accessSync(folder, constants.W_OK);
    } else if (!found.isFile())
      return {
        message: found.isDirectory() ? 'which is a folder' : 'which is not a regular file',
        fix: NAME_A_FILE,
      };
    else accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
        return { message: `and there is no folder '${folder}'`, fix: 'create it' };
      case 'ENOTDIR':
        return whereAFileIs(path);
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return {
          message: 'which cannot be written',
          fix: 'check the permissions of the file and of its folder',
        };
      default:
        throw error;
    }
  }
}

/** Which of the folders of `path` is a file. */
function whereAFileIs(path: string): { readonly message: string; readonly fix: string } {
  let folder = dirname(path);
  // Node 20 throws for a path below a file also where it is asked not to; Node 24 does not.
  while (folder !== dirname(folder) && !existsSync(folder)) folder = dirname(folder);
  return { message: `and '${folder}' is a file`, fix: NAME_A_FILE };
}

const NAME_A_FILE = 'name a file in a folder that is there';

/** What stands for a place on this machine. */
export function registryIdentity(place: RegistryPlace): RegistryIdentity {
  if (place.engine === 'sqlite')
    return isMemory(place)
      ? { key: `memory:${process.pid}` }
      : { key: `sqlite:${place.path}`, file: place.path };
  // A URL that is none is told when it is connected to.
  const { host, pathname } = URL.canParse(place.url) ? new URL(place.url) : { host: '', pathname: '' };
  return { key: `postgres:${host}${pathname}/${place.schema}` };
}

/** Passwords of a place, for the redactor of logs. */
export function secretsOf(place: RegistryPlace): string[] {
  if (place.engine === 'sqlite') return [];
  try {
    const { password } = new URL(place.url);
    return password === '' ? [] : [decodeURIComponent(password)];
  } catch {
    return []; // a URL that is none is told when it is connected to
  }
}

export interface OpenPlaceOptions {
  /** The app's name. */
  readonly app: string;
  /** Where the copy of a shared registry is made; none is kept where nothing can be. */
  readonly state: StateFolder;
  readonly logger: Logger;
}

/**
 * Opens the store of an app. The file in its state folder is its own; elsewhere the app's name guards it. A shared store
 * has a copy in the state folder, which is what is read while it is away.
 */
export async function openPlace(
  place: RegistryPlace,
  { app, state, logger }: OpenPlaceOptions,
): Promise<RegistryStore> {
  if (place.engine === 'sqlite') return openSqliteStore({ path: place.path, ...(place.own ? {} : { app }) });
  const [{ openPostgresStore }, { placeOf }, { openCopyStore }, { RegistryCopy }] = await Promise.all([
    import('../registry/store/postgres-store.js'),
    import('../registry/store/postgres-connection.js'),
    import('../registry/store/copy-store.js'),
    import('../registry/store/registry-copy.js'),
  ]);
  const { url, schema } = place;
  if (state.problem !== undefined) return openPostgresStore({ url, schema, app });
  const description = `${placeOf(url)}, schema '${schema}'`;
  return openCopyStore({
    copy: new RegistryCopy({
      path: join(state.path, 'registry-copy.db'),
      source: description,
      hash: sha256,
    }),
    open: () => openPostgresStore({ url, schema, app }),
    description,
    tell: {
      away: (since, reason, version) =>
        logger.warn(
          `registry: read-only since ${since.toISOString()}; reads go on from the copy of version ${version ?? 0}`,
          {
            reason,
          },
        ),
      back: (awayMs) => logger.info('registry: back', { away: `${(awayMs / 1000).toFixed(1)} s` }),
      failed: (error) =>
        logger.warn('the copy of the registry is not kept, and lacks the newest version', { error }),
    },
  });
}
