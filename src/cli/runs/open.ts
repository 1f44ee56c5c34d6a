// What the commands about runs work with: the app's registry, its programs, and where its runs are. Nothing is started.
// O1: what replays need is loaded by the first one: most commands only ask.
// O2: the server is asked for at first use: a history in a file needs none.
import type { Client } from '@temporalio/client';
import { RegistryDirectory } from '../../../activities/registry.js';
import { EventBus } from '../../core/event-bus.js';
import { identityFromData } from '../../core/identity.js';
import { silentLogger } from '../../core/logger.js';
import type { Registry } from '../../registry/service.js';
import { openRegistry } from '../../registry/service.js';
import type { WorkerPlan } from '../../services/temporal/worker-plan.js';
import { readWorkflowBundle } from '../../temporal/bundle.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import type { ProgramReference } from '../../temporal/contracts.js';
import { referenceInstead } from '../../temporal/replay.js';
import type { Instead, ReplayOptions } from '../../temporal/replay.js';
import { connectApp } from '../connect-app.js';
import type { Globals } from '../globals.js';
import { commandLogger, openStoreOf } from '../registry/open.js';

export interface AppRuns {
  readonly registry: Registry;
  /** By the registry's newest version. */
  readonly plan: WorkerPlan;
  connection(): Promise<TemporalConnection>;
  client(): Promise<Client>;
  /** What replays of recorded runs need. */
  replaying(): Promise<ReplayOptions>;
  /** The newest program of a run's entry, to replay it on. */
  newest(recorded: ProgramReference): Promise<Instead>;
}

/** Runs `work` over the app's runs and closes everything. */
export async function withRuns<T>(globals: Globals, work: (runs: AppRuns) => Promise<T>): Promise<T> {
  const { store, config } = await openStoreOf(globals);
  const log = commandLogger(globals);
  await using registry = await openRegistry({ store, log, bus: new EventBus(), follow: false });
  await using app = await connectApp(globals);
  const plan = app.planFor(registry.current.all());
  const connection = (): Promise<TemporalConnection> => app.temporal.connection(undefined);
  return await work({
    registry,
    plan,
    connection,
    client: async () => (await connection()).client,
    replaying: async () => {
      const [{ prepareLua }, { chooseEngine, engineNamed }, { ProgramCache }] = await Promise.all([
        import('../lua-support.js'),
        import('../../lua/engines.js'),
        import('../../runtime/program-cache.js'),
      ]);
      prepareLua(process.env);
      await installOnce(globals);
      const artifacts = new ProgramCache({
        engine: engineNamed(chooseEngine(config.lua.engine)),
        engineNamed,
        load: (hash) => registry.program(hash),
      });
      return { bundle: await readWorkflowBundle(), artifacts };
    },
    newest: (recorded) => onNewest(registry, plan, recorded),
  });
}

async function onNewest(registry: Registry, plan: WorkerPlan, recorded: ProgramReference): Promise<Instead> {
  const { engine, host_version: hostVersion, cost_model: costModel, search_attribute: isCounted } = recorded;
  const directory = new RegistryDirectory({
    registry,
    plan: () => plan,
    engine,
    hostVersion,
    costModel,
    searchAttribute: () => isCounted,
    attributes: () => Promise.resolve({ missing: [] }),
    seal: { open: () => identityFromData(undefined) }, // a replay has what was recorded
  });
  const found = await directory.resolve({ type: recorded.entry, taskQueue: recorded.host });
  if ('missing' in found) throw new Error(found.missing); // looked at before: see missingProgram
  const units = Object.values((await registry.program(found.program))?.program.units ?? {});
  return {
    reference: referenceInstead(recorded, found),
    asksForVersions: units.some(({ source }) => /\bversion\b/.test(source)),
  };
}

let installed = false;

/** What a replay comes to is told by us: the SDK's own lines would say it again. */
async function installOnce(globals: Globals): Promise<void> {
  if (installed) return;
  installed = true;
  const { installRuntime } = await import('../../temporal/worker.js');
  installRuntime(globals.logLevel === 'debug' ? commandLogger(globals) : silentLogger);
}
