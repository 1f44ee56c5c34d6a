// What this node serves over Temporal: its workers, with the activities and the program directory behind them.
import { RegistryDirectory } from '../../../activities/registry.js';
import type { IdentitySeal } from '../../core/identity-host.js';
import type { Logger } from '../../core/logger.js';
import { sidesOf, type Change } from '../../registry/model/changes.js';
import type { RegistryService } from '../../registry/model/registry.js';
import type { CommandRunner, FunctionRunner } from '../../temporal/contracts.js';
import type { ProgramCache } from '../../runtime/program-cache.js';
import type { SupervisorClient } from '../../runtime/supervisor-client.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import type { CreateWorkerOptions } from '../../temporal/worker.js';
import type { TemporalPlatform } from './platform.js';
import type { Schedules } from './schedules.js';
import { sdkLogger } from './sdk-log.js';
import type { WorkerPlan } from './worker-plan.js';
import { Workers } from './workers.js';

export interface ServingOptions {
  readonly platform: TemporalPlatform;
  readonly registry: RegistryService;
  readonly plan: () => WorkerPlan;
  readonly supervisor: SupervisorClient;
  readonly programs: ProgramCache;
  readonly functions: FunctionRunner;
  readonly commands: CommandRunner;
  readonly logger: Logger;
  /** Name of the engine that this node compiles with. */
  readonly engine: string;
  readonly costModel: number;
  /** Of whom runs act for. */
  readonly seal: IdentitySeal;
  /** Milliseconds. */
  readonly drainMs: number;
  /** The app's schedules; absent: those of the server stay as they are. */
  readonly schedules?: Schedules | undefined;
  /** Refuses what must not be served here. */
  /** The app's name. */
  readonly app: string;
  readonly admit?: (connection: TemporalConnection) => Promise<void>;
}

export class Serving {
  readonly #options: ServingOptions;
  #workers: Workers | undefined;
  #started: Promise<void> | undefined;
  /** Search attributes that were asked for, by connection and name. */
  readonly #declared = new Set<string>();
  /** Endpoints that were made or found, by connection, name and queue. */
  readonly #endpoints = new Map<string, { readonly client: string | undefined; readonly endpoint: string }>();

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  get serving(): boolean {
    return this.#workers !== undefined;
  }

  /** Starts the workers of the plan, once; called again it waits for the same start. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** The registry changed: queues that are new get their worker, schedules are made, changed and taken away. */
  async replan(changes: readonly Change[]): Promise<void> {
    if (this.#workers === undefined) return;
    const { plan, supervisor, schedules, registry } = this.#options;
    await this.#declareAttributes();
    await this.#makeEndpoints();
    const added = this.#workers.add(plan());
    if (added.length > 0) await supervisor.start();
    if (changes.some(concernsSchedules)) await schedules?.reconcile(registry.current);
  }

  async #start(): Promise<void> {
    const { platform, logger, supervisor, programs, drainMs, plan } = this.#options;
    const [connection, { installRuntime }, { ensureProgramAttribute }] = await Promise.all([
      platform.connection(undefined),
      import('../../temporal/worker.js'),
      import('../../temporal/search-attributes.js'),
    ]);
    await this.#options.admit?.(connection);
    installOnce(() => installRuntime(sdkLogger(logger)));
    const attribute = await ensureProgramAttribute(connection);
    if (attribute.missing.length > 0)
      logger.warn('the search attribute that counts runs by program is missing; runs go on without it', {
        missing: attribute.missing.join(', '),
        ...(attribute.advice === undefined ? {} : { advice: attribute.advice }),
      });
    await this.#declareAttributes();
    await this.#makeEndpoints();
    const activities = await this.#activities(connection, attribute.missing.length === 0);
    this.#workers = new Workers({
      platform,
      supervisor,
      artifacts: programs,
      activities: () => activities,
      nexus: async ({ client, taskQueue, services }) => {
        const { nexusServices } = await import('../../../activities/nexus.js');
        return nexusServices(services, {
          functions: this.#options.functions,
          find: (service, operation) =>
            plan()
              .workers.find((worker) => worker.client === client && worker.taskQueue === taskQueue)
              ?.services.find((known) => known.service === service)
              ?.operations.get(operation),
        });
      },
      logger,
      drainMs,
    });
    this.#workers.add(plan());
    await supervisor.start();
    void this.#options.schedules?.reconcile(this.#options.registry.current); // nothing waits for it
  }

  /** Registers what workflows declare; where that is refused, runs do without, and we say what adds them. */
  async #declareAttributes(): Promise<void> {
    const { platform, plan, logger } = this.#options;
    for (const [client, wanted] of plan().searchAttributes) {
      const names = Object.keys(wanted).filter((name) => !this.#declared.has(`${client ?? ''}\n${name}`));
      if (names.length === 0) continue;
      const [connection, { ensureSearchAttributes }] = await Promise.all([
        platform.connection(client),
        import('../../temporal/search-attributes.js'),
      ]);
      for (const name of names) {
        this.#declared.add(`${client ?? ''}\n${name}`);
        const { missing, advice, refused } = await ensureSearchAttributes(connection, {
          wanted: { [name]: wanted[name] ?? 'Keyword' },
        });
        const why = refused ?? (missing.length > 0 ? advice : undefined);
        if (why !== undefined)
          logger.warn('a search attribute cannot be registered; runs go on without it', {
            attribute: name,
            advice: why,
          });
      }
    }
  }

  /** Makes the endpoints that services name; where that is refused, callers wait, and we say what makes them. */
  async #makeEndpoints(): Promise<void> {
    const { platform, plan, logger, app } = this.#options;
    for (const { client, taskQueue, services, autoStart } of plan().workers)
      for (const { entry, endpoint, description } of services) {
        if (endpoint === undefined || !autoStart) continue;
        const key = `${client ?? ''}\n${endpoint}\n${taskQueue}`;
        if (this.#endpoints.has(key)) continue;
        const [connection, { ensureEndpoint }] = await Promise.all([
          platform.connection(client),
          import('./nexus-endpoints.js'),
        ]);
        if (this.#endpoints.size === 0 && plan().endpointOf.size > 0)
          this.#options.supervisor.add({
            name: 'moontide.endpoints',
            requires: [],
            start: () => Promise.resolve(),
            stop: () => this.#dropEndpoints(),
          });
        this.#endpoints.set(key, { client, endpoint });
        const advice = await ensureEndpoint(connection, { name: endpoint, taskQueue, description, app });
        if (advice !== undefined)
          logger.warn('a Nexus endpoint does not lead here; its callers wait', {
            service: entry,
            endpoint,
            advice,
          });
      }
  }

  /** Takes away the endpoints of queues that are this process's own. */
  async #dropEndpoints(): Promise<void> {
    const { platform, plan, logger } = this.#options;
    const own = new Set(plan().endpointOf.values());
    for (const { client, endpoint } of this.#endpoints.values()) {
      if (!own.has(endpoint)) continue;
      try {
        const { dropEndpoint } = await import('./nexus-endpoints.js');
        await dropEndpoint(await platform.connection(client), endpoint);
      } catch (error) {
        logger.debug('a Nexus endpoint of this process stays on the server', { endpoint, error });
      }
    }
  }

  async #activities(
    connection: TemporalConnection,
    attributeThere: boolean,
  ): Promise<NonNullable<CreateWorkerOptions['activities']>> {
    const { registry, plan, engine, costModel, seal, functions, commands } = this.#options;
    const [{ createActivities }, { hostVersion }, { ensureSearchAttributes }] = await Promise.all([
      import('../../../activities/index.js'),
      import('../../temporal/bundle.js'),
      import('../../temporal/search-attributes.js'),
    ]);
    const directory = new RegistryDirectory({
      registry,
      plan,
      engine,
      hostVersion: await hostVersion(),
      costModel,
      searchAttribute: () => attributeThere,
      attributes: (request) => ensureSearchAttributes(connection, request),
      seal,
    });
    return createActivities({ functions, commands, directory });
  }
}

/** Whether a change may make another schedule: of one, of a workflow, or of where workflows run. */
const concernsSchedules = (change: Change): boolean => {
  const { before, after } = sidesOf(change);
  return [before, after].some(
    (side) =>
      side !== undefined && (side.entry.kind.startsWith('temporal.') || side.entry.kind === 'workflow.lua'),
  );
};

let installed = false;

/** The SDK's runtime belongs to the process, not to a node. */
function installOnce(install: () => void): void {
  if (installed) return;
  installed = true;
  install();
}
