// The directory behind `moontide.resolve` and `moontide.route`: from workflow types and function ids to programs and queues.
// R1: an unknown type or program is an answer with the reason, never an error: the run's host fails its task and it heals.
// R2: a run learns the routes of what its program's text names; ids that are made at run time are asked one by one.
import { dataObject } from '../src/core/data.js';
import type { Data, DataObject } from '../src/core/data.js';
import { IdentityForgedError } from '../src/core/identity-host.js';
import type { IdentitySeal } from '../src/core/identity-host.js';
import { identityToData } from '../src/core/identity.js';
import { ACTIVITY_OPTIONS, readOptions } from '../src/core/options.js';
import type { Program } from '../src/core/program.js';
import { bytesDataToText, textDataToBytes, toBytes, toTextLossy } from '../src/core/text.js';
import type { Entry } from '../src/registry/model/entry.js';
import type { RegistryService, RegistryView } from '../src/registry/model/registry.js';
import type {
  AttributesRequest,
  AttributesResult,
  Declares,
  OpenLimits,
  ProgramDirectory,
  ResolveRequest,
  ResolveResult,
  Route,
  RouteRequest,
  RouteResult,
} from '../src/temporal/contracts.js';
import { toDataOrThrow, ResolvedProgram } from '../src/temporal/payload-converter.js';

/** What entries go to which task queue; made from the registry by the node. */
export interface QueuePlan {
  /** Function and workflow entries that some worker of the app serves. */
  readonly queueOf: ReadonlyMap<string, string>;
  /** temporal.worker entries. */
  readonly queueOfWorker: ReadonlyMap<string, string>;
  /** Nexus endpoints that go by another name here; absent: none does. */
  readonly endpointOf?: ReadonlyMap<string, string>;
  readonly workers: readonly {
    readonly taskQueue: string;
    readonly workers: readonly string[];
    /** Workflow type -> entry id. */
    readonly workflows: ReadonlyMap<string, string>;
  }[];
}

export interface RegistryDependencies {
  readonly registry: RegistryService;
  /** The plan of the registry's current version. */
  readonly plan: () => QueuePlan;
  /** The engine that this node compiles for. */
  readonly engine: string;
  readonly hostVersion: string;
  readonly costModel: number;
  /** What the server takes of one run at once. Default: what it takes where nobody has set it otherwise. */
  readonly openLimits?: OpenLimits;
  /** Whether the search attribute MoontideProgram is registered. */
  readonly searchAttribute: () => boolean;
  /** ensureSearchAttributes of the node's connection. */
  readonly attributes: (request: AttributesRequest) => Promise<AttributesResult>;
  readonly seal: Pick<IdentitySeal, 'open'>;
}

interface Named {
  readonly routes: Readonly<Record<string, Route>>;
  readonly declares: Declares;
}

/** The server's `limit.numPending*.error` and `component.nexusoperations.limit.operation.concurrency`. */
const OPEN_LIMITS: OpenLimits = {
  activities: 2000,
  children: 2000,
  signals: 2000,
  cancels: 2000,
  operations: 30,
};

const RUNNABLE: ReadonlySet<string> = new Set(['function.lua', 'workflow.lua', 'process.lua']);

const missing = (reason: string): { readonly missing: string } => ({ missing: toBytes(reason) });

export class RegistryDirectory implements ProgramDirectory {
  readonly #dependencies: RegistryDependencies;
  /** What the texts of programs name, by hash; of the registry version below. */
  #named = new Map<string, Named>();
  #namedVersion = -1;

  constructor(dependencies: RegistryDependencies) {
    this.#dependencies = dependencies;
  }

  async resolve(request: ResolveRequest): Promise<ResolveResult> {
    const type = toTextLossy(request.type);
    const taskQueue = toTextLossy(request.taskQueue);
    const { registry, engine, hostVersion, costModel, searchAttribute, openLimits } = this.#dependencies;
    const view = registry.current;
    const plan = this.#dependencies.plan();
    const entry = findEntry(view, plan, type, taskQueue);
    if (entry === undefined)
      return missing(
        `no workflow '${type}' for the task queue '${taskQueue}' in registry version ${view.version.number}; publish it, or stop the run`,
      );
    const hash = request.program ?? view.programHash(entry.id);
    if (hash === undefined) return missing(`'${entry.id}' is a ${entry.kind}, which is no program`);
    const pinned = await registry.program(hash);
    if (pinned === undefined) return missing(`program ${hash} of '${entry.id}' is not stored`);
    return {
      entry: entry.id,
      program: hash,
      registry_version: view.version.number,
      engine,
      host_version: hostVersion,
      cost_model: costModel,
      host: toBytes(hostOf(plan, taskQueue)),
      workers: Object.fromEntries([...plan.queueOfWorker].map(([id, queue]) => [id, toBytes(queue)])),
      ...(plan.endpointOf === undefined || plan.endpointOf.size === 0
        ? {}
        : { endpoints: Object.fromEntries(plan.endpointOf) }),
      ...this.#namedBy(hash, pinned.program, view, plan),
      search_attribute: searchAttribute(),
      open_limits: openLimits ?? OPEN_LIMITS,
      ...(request.identity === undefined ? {} : { identity: this.#opened(request.identity) }),
    };
  }

  #opened(identity: string): DataObject | false {
    try {
      return identityToData(this.#dependencies.seal.open(identity));
    } catch (error) {
      if (error instanceof IdentityForgedError) return false;
      throw error;
    }
  }

  route({ id }: RouteRequest): Promise<RouteResult> {
    const route = routeOf(this.#dependencies.registry.current, this.#dependencies.plan(), id);
    return Promise.resolve(route ?? missing(`there is no function or workflow '${toTextLossy(id)}'`));
  }

  attributes(request: AttributesRequest): Promise<AttributesResult> {
    return this.#dependencies.attributes(request);
  }

  /** Texts are searched once for each program, not for each run. */
  #namedBy(hash: string, program: Program, view: RegistryView, plan: QueuePlan): Named {
    if (view.version.number !== this.#namedVersion) {
      this.#named = new Map();
      this.#namedVersion = view.version.number;
    }
    let named = this.#named.get(hash);
    if (named === undefined) {
      named = { routes: scanRoutes(program, view, plan), declares: declaresOf(program) };
      this.#named.set(hash, named);
    }
    return named;
  }
}

/** The routes of every id that the program's text names (R2). */
function scanRoutes(program: Program, view: RegistryView, plan: QueuePlan): Readonly<Record<string, Route>> {
  const sources = Object.values(program.units).map(({ source }) => source);
  const routes: Record<string, Route> = {};
  for (const id of plan.queueOf.keys()) {
    if (!sources.some((source) => source.includes(id))) continue;
    const route = routeOf(view, plan, id);
    if (route !== undefined) routes[id] = route;
  }
  return routes;
}

const DECLARATION = /\.(query|update)\s*\(\s*(["'])([^"'\\\n]+)\2/g;

/** The queries and updates that the program's text declares by a literal name. */
function declaresOf(program: Program): Declares {
  const names = { query: new Set<string>(), update: new Set<string>() };
  for (const { source } of Object.values(program.units))
    for (const [, verb, , name = ''] of source.matchAll(DECLARATION))
      names[verb as 'query' | 'update'].add(name);
  return { query: [...names.query], update: [...names.update] };
}

function routeOf(view: RegistryView, plan: QueuePlan, id: string): Route | undefined {
  const entry = view.get(id);
  if (entry === undefined || !RUNNABLE.has(entry.kind)) return undefined;
  const queue = plan.queueOf.get(id); // absent for actors, which run where they are spawned
  const { activity, workflow } = temporalMeta(entry);
  const type = workflow['name'];
  const summary = firstLine(entry.meta['title']) ?? firstLine(entry.meta['comment']);
  return {
    ...(queue === undefined ? {} : { queue: toBytes(queue) }),
    ...(activity['local'] === true ? { local: true } : {}),
    ...(typeof type === 'string' && type !== id ? { type: toBytes(type) } : {}),
    ...(entry.kind === 'function.lua' ? { function: true } : {}),
    ...(summary === undefined ? {} : { summary: toBytes(summary) }),
    ...activityOptions(activity),
  };
}

/** Options of the entry, as a call would give them. */
function activityOptions(activity: DataObject): { readonly options?: DataObject } {
  const given = Object.entries(activity)
    .map(([name, value]): [string, Data] => [`activity.${name}`, value])
    .filter(([name]) => Object.hasOwn(ACTIVITY_OPTIONS, name));
  if (given.length === 0) return {};
  const read = readOptions(textDataToBytes(dataObject(Object.fromEntries(given))), ACTIVITY_OPTIONS);
  return read.ok ? { options: read.options } : {};
}

const LONGEST_SUMMARY = 60;

function firstLine(value: Data | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const line = (value.split('\n')[0] ?? '').trim();
  if (line === '') return undefined;
  return line.length > LONGEST_SUMMARY ? `${line.slice(0, LONGEST_SUMMARY - 3)}...` : line;
}

/** A run's type is the name of a workflow on its queue, or the id of a workflow or actor. */
function findEntry(view: RegistryView, plan: QueuePlan, type: string, taskQueue: string): Entry | undefined {
  const named = plan.workers.find((worker) => worker.taskQueue === taskQueue)?.workflows.get(type);
  const entry = view.get(named ?? type);
  return entry?.kind === 'workflow.lua' || entry?.kind === 'process.lua' ? entry : undefined;
}

/** The host part of a run's PID: the worker entry of its queue, else the queue. */
function hostOf(plan: QueuePlan, taskQueue: string): string {
  return plan.workers.find((worker) => worker.taskQueue === taskQueue)?.workers[0] ?? taskQueue;
}

function temporalMeta(entry: Entry): { readonly activity: DataObject; readonly workflow: DataObject } {
  const temporal = objectOf(entry.meta['temporal']);
  return { activity: objectOf(temporal['activity']), workflow: objectOf(temporal['workflow']) };
}

const objectOf = (value: Data | undefined): DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as DataObject) : dataObject();

export interface DirectoryDependencies {
  readonly directory: ProgramDirectory;
}

/** `moontide.resolve`. */
export const resolveActivity =
  ({ directory }: DirectoryDependencies) =>
  async (argument: unknown): Promise<ResolvedProgram | { readonly missing: string }> => {
    const result = await directory.resolve(toDataOrThrow(argument) as unknown as ResolveRequest);
    return 'missing' in result ? result : new ResolvedProgram(result);
  };

/** `moontide.route`. */
export const routeActivity =
  ({ directory }: DirectoryDependencies) =>
  (argument: unknown): Promise<RouteResult> =>
    directory.route(toDataOrThrow(argument) as unknown as RouteRequest);

/** `moontide.attributes`: of the server's names, which are text. */
export const attributesActivity =
  ({ directory }: DirectoryDependencies) =>
  async (argument: unknown): Promise<Data> => {
    const request = bytesDataToText(toDataOrThrow(argument)) as unknown as AttributesRequest;
    return textDataToBytes((await directory.attributes(request)) as unknown as Data);
  };
