// For commands that only talk to Temporal: the app's entries and a connection to where it runs; nothing is started.
import { join } from 'node:path';
import { createHostLogger } from '../core/logger-host.js';
import type { Entry } from '../registry/model/entry.js';
import type { TemporalPlatform } from '../services/temporal/platform.js';
import type { WorkerPlan } from '../services/temporal/worker-plan.js';
import type { Globals } from './globals.js';
import { makeEnvironment } from './node-parts.js';
import { prepareAppFolder } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';
import { registryIdentity, registryPlace } from './registry-place.js';
import { STATE_FOLDER } from './state-folder.js';
import { assertNamed, planOf, platformFor, settingsOf } from './temporal-parts.js';

export interface ConnectedApp extends AsyncDisposable {
  readonly app: PreparedApp;
  readonly plan: WorkerPlan;
  /** The plan for other entries of the same app. Throws AppErrors. */
  readonly planFor: (entries: Iterable<Entry>) => WorkerPlan;
  readonly temporal: TemporalPlatform;
}

/** The connection itself is made at first use. */
export async function connectApp(globals: Globals): Promise<ConnectedApp> {
  const app = await prepareAppFolder({
    folder: globals.app,
    overrides: globals.overrides,
  });
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
  return { app, plan, planFor, temporal, [Symbol.asyncDispose]: () => temporal[Symbol.asyncDispose]() };
}
