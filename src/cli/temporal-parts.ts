// Temporal's settings and the plan of workers for a prepared app; used by nodes and by commands that only talk to Temporal.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Logger } from '../core/logger.js';
import { locate } from '../registry/load/located-entry.js';
import type { Entry } from '../registry/model/entry.js';
import { fillPlaceholders } from '../services/env/placeholders.js';
import { TemporalPlatform } from '../services/temporal/platform.js';
import type { PlatformOptions } from '../services/temporal/platform.js';
import { TemporalSettingsError, resolveSettings, standsForPlatform } from '../services/temporal/settings.js';
import type { ResolvedSettings } from '../services/temporal/settings.js';
import { planWorkers } from '../services/temporal/worker-plan.js';
import type { WorkerPlan } from '../services/temporal/worker-plan.js';
import { AppErrors } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';
import type { RegistryPlace } from './registry-place.js';

export interface TemporalWishes {
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** False: the embedded Temporal is not to be used. */
  readonly embedded?: boolean | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends the names of the app's task queues, which so are this process's own. */
  readonly queueSuffix?: string | undefined;
  /** Value of a declared variable. */
  readonly lookup: (name: string) => string | undefined;
}

const IDENTITY = `moontide@${hostname()}:${process.pid}`;

/** What of an app says where its Temporal is. */
export type AppTemporal = Pick<PreparedApp, 'folder' | 'config' | 'entries'>;

export function settingsOf(app: AppTemporal, wishes: TemporalWishes): ResolvedSettings {
  const { environment, lookup } = wishes;
  return resolveSettings({
    flags: { address: wishes.address, namespace: wishes.namespace },
    environment,
    config: app.config.temporal,
    clients: app.entries.filter(({ kind }) => kind === 'temporal.client'),
    embedded: (wishes.embedded ?? true) && app.config.temporal.embedded !== false,
    lookup: (name) => lookup(name) ?? environment[name] ?? app.config.env[name],
    readFile(path) {
      try {
        return readFileSync(resolve(app.folder, path), 'utf8');
      } catch (cause) {
        throw new TemporalSettingsError(`cannot read '${path}', which Temporal's settings name`, { cause });
      }
    },
    identity: IDENTITY,
  });
}

/** The workers for a set of entries. Throws AppErrors. */
export function planOf(
  app: string,
  entries: Iterable<Entry>,
  settings: ResolvedSettings,
  { lookup, environment, queueSuffix }: TemporalWishes,
): WorkerPlan {
  const plan = planWorkers({
    app,
    entries,
    isPlatform: (client) => standsForPlatform(settings, client),
    fill: (text) => fillPlaceholders(text, (name) => lookup(name) ?? environment[name]),
    suffix: queueSuffix,
    placeOf: (entry, pointer) => locate(entry).placeOf(pointer),
  });
  if (plan.diagnostics.length > 0) throw new AppErrors(plan.diagnostics);
  return plan;
}

/** Throws AppErrors where an app without a name of its own would use a Temporal or a database that others use too. */
export function assertNamed(
  { unnamed }: Pick<PreparedApp, 'unnamed'>,
  { platform, others }: ResolvedSettings,
  registry?: RegistryPlace,
): void {
  const shared = platform.kind === 'server' || others.size > 0 || registry?.engine === 'postgres';
  if (unnamed !== undefined && shared) throw new AppErrors([unnamed]);
}

export function platformFor(
  app: Pick<PreparedApp, 'name' | 'folder'>,
  options: Omit<PlatformOptions, 'app' | 'folder' | 'identity'> & { readonly logger: Logger },
): TemporalPlatform {
  return new TemporalPlatform({ app: app.name, folder: app.folder, identity: IDENTITY, ...options });
}
