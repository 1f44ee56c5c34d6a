// Where an app's registry is kept: Postgres where DATABASE_URL or moontide.yaml name one, else a SQLite file.
// P1: `registry.store: sqlite` means SQLite whatever the environment says; DATABASE_URL goes before `registry.url`.
// P2: the password is never shown, and is redacted in logs.
import { isAbsolute, join } from 'node:path';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import type { RegistryStore } from '../registry/store/registry-store.js';
import { openSqliteStore } from '../registry/store/sqlite-store.js';
import { fillPlaceholders } from '../services/env/placeholders.js';
import type { PreparedApp } from './prepare-app.js';

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

type AppPlace = Pick<PreparedApp, 'folder' | 'config'>;

export function registryPlace(
  { folder, config }: AppPlace,
  stateFolder: string,
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
    if (path === undefined) return { engine: 'sqlite', path: join(stateFolder, 'registry.db'), own: true };
    return { engine: 'sqlite', path: isAbsolute(path) ? path : join(folder, path), own: false };
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

/** Opens the store of an app. The file in its state folder is its own; elsewhere the app's name guards it. */
export async function openPlace(place: RegistryPlace, app: string): Promise<RegistryStore> {
  if (place.engine === 'sqlite') return openSqliteStore({ path: place.path, ...(place.own ? {} : { app }) });
  const { openPostgresStore } = await import('../registry/store/postgres-store.js');
  return openPostgresStore({ url: place.url, schema: place.schema, app });
}
