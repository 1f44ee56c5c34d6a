// For commands that only talk to Temporal: the app's entries and a connection to where it runs; nothing is started.
import { join } from 'node:path';
import { createHostLogger } from '../core/logger-host.js';
import type { Entry } from '../registry/model/entry.js';
import { StoreUnavailableError } from '../registry/store/registry-store.js';
import type { TemporalPlatform } from '../services/temporal/platform.js';
import type { WorkerPlan } from '../services/temporal/worker-plan.js';
import type { Globals } from './globals.js';
import { makeEnvironment } from './app-environment.js';
import { prepareAppFolder } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';
import { NoRegistryError, withRegistry } from './registry/open.js';
import { registryIdentity, registryPlace } from './registry-place.js';
import { STATE_FOLDER } from './state-folder.js';
import { assertNamed, planOf, platformFor, settingsOf } from './temporal-parts.js';

/** What a connection to an app's Temporal needs of the app. */
type Connectable = Pick<PreparedApp, 'name' | 'unnamed' | 'folder' | 'config' | 'entries'>;

export interface Connected extends AsyncDisposable {
  readonly plan: WorkerPlan;
  /** The plan for other entries of the same app. Throws AppErrors. */
  readonly planFor: (entries: Iterable<Entry>) => WorkerPlan;
  readonly temporal: TemporalPlatform;
}
export interface ConnectedApp extends Connected {
  readonly app: PreparedApp;
}

/**
 * The connection itself is made at first use. With `runtime` the entries are those that a node has: the folder's, and those that
 * were made or changed at run time.
 */
export async function connectApp(globals: Globals, { runtime = false } = {}): Promise<ConnectedApp> {
  const folder = await prepareAppFolder({ folder: globals.app, overrides: globals.overrides });
  const app = runtime ? { ...folder, entries: await withRuntimeEntries(globals, folder.entries) } : folder;
  return { app, ...connectTo(globals, app) };
}

/** Where an app runs whose entries are known. */
export function connectTo(globals: Globals, app: Connectable): Connected {
  const environment = process.env;
  const variables = makeEnvironment(
    app,
    environment,
    () => undefined,
    () => undefined,
  );
  const wishes = { ...globals, environment, lookup: (name: string) => variables.value(name) };
  const settings = settingsOf(app, wishes);
  assertNamed(app, settings);
  const plan = planOf(app.name, app.entries, settings, wishes);
  const level = globals.logLevel === 'silent' || globals.logLevel === undefined ? 'warn' : globals.logLevel;
  const stateFolder = join(app.folder, STATE_FOLDER);
  const temporal = platformFor(app, {
    registry: registryIdentity(registryPlace(app, { path: stateFolder }, environment)),
    settings,
    stateFolder,
    logger: createHostLogger({ level, format: globals.logFormat === 'json' ? 'json' : 'console' }),
    embedded: 'join',
    plan: () => plan,
  });
  const planFor = (entries: Iterable<Entry>): WorkerPlan => planOf(app.name, entries, settings, wishes);
  return { plan, planFor, temporal, [Symbol.asyncDispose]: () => temporal[Symbol.asyncDispose]() };
}

/** A registry that is not there or cannot be reached has nothing to add. */
async function withRuntimeEntries(globals: Globals, entries: readonly Entry[]): Promise<readonly Entry[]> {
  try {
    return await withRegistry(globals, (registry) => {
      const all = new Map(entries.map((entry) => [entry.id, entry]));
      for (const { entry, origin } of registry.current.state.held())
        if (origin === 'runtime') all.set(entry.id, entry);
      return Promise.resolve([...all.values()]);
    });
  } catch (error) {
    if (error instanceof NoRegistryError || error instanceof StoreUnavailableError) return entries;
    throw error;
  }
}
