// Which workers a node runs: one per (connection, namespace, task queue), from the entries of the registry.
// W1: every runnable entry has exactly one task queue: that of the worker it names, else the app's default queue.
// W2: worker entries that name the same queue share one worker, and must agree in their options; else the start is refused and names both.
// W3: two entries that answer the same workflow type on one queue are refused.
// W4: with a suffix every queue of the plan is this process's own; who names a queue as the app calls it means the private one.
import type { NexusOperationPlan, NexusServicePlan } from '../../../activities/nexus.js';
import { mapIn } from '../../core/data-values.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import type { Entry } from '../../registry/model/entry.js';
import type { AttributeType } from '../../temporal/contracts.js';
import { defaultQueue } from '../../temporal/names.js';

export interface PlannedWorker {
  /** The temporal.client entry; undefined: the platform's connection. */
  readonly client: string | undefined;
  readonly taskQueue: string;
  /** `worker_options` of the entries that name it. */
  readonly options: Readonly<DataObject>;
  /** temporal.worker entries that name it. */
  readonly workers: readonly string[];
  /** False: every entry that names it says `lifecycle.auto_start: false`; nobody polls it on this node. */
  readonly autoStart: boolean;
  /** Workflow type -> entry id. */
  readonly workflows: ReadonlyMap<string, string>;
  /** Entry ids of functions that run here as activities by their own wish or because they name no worker. */
  readonly functions: readonly string[];
  /** Nexus services that are served here. */
  readonly services: readonly PlannedService[];
}

export interface PlannedService extends NexusServicePlan {
  /** The nexus.service entry. */
  readonly entry: string;
  /** Absent: others make the endpoint. */
  readonly endpoint: string | undefined;
  readonly description: string | undefined;
}

export interface WorkerPlan {
  readonly workers: readonly PlannedWorker[];
  /** Task queue of every temporal.worker entry, and of every queue that goes by another name here (W4). */
  readonly queueOfWorker: ReadonlyMap<string, string>;
  /** Where a workflow type or a function goes, by entry id. */
  readonly queueOf: ReadonlyMap<string, string>;
  readonly defaultQueue: string;
  /** Endpoints that go by another name here (W4). */
  readonly endpointOf: ReadonlyMap<string, string>;
  /** Search attributes that workflows declare, by the connection they run on (undefined: the platform's): name -> type. */
  readonly searchAttributes: ReadonlyMap<string | undefined, Readonly<Record<string, AttributeType>>>;
  readonly diagnostics: readonly Diagnostic[];
}

export interface PlanInput {
  readonly app: string;
  readonly entries: Iterable<Entry>;
  /** Whether a temporal.client entry stands for the platform's own connection. */
  readonly isPlatform: (client: string) => boolean;
  /** Fills the placeholders of a text (`${env:NAME}`). */
  readonly fill: (text: string) => string;
  /** Ends the names of all queues. Default: none (W4). */
  readonly suffix?: string | undefined;
  /** The place of an entry's field, for diagnostics. */
  readonly placeOf: (entry: Entry, pointer: string) => Place;
}

interface Draft {
  readonly client: string | undefined;
  readonly taskQueue: string;
  options: Readonly<DataObject>;
  /** The first worker entry that names the queue. */
  owner: Entry | undefined;
  autoStart: boolean;
  readonly workers: string[];
  readonly workflows: Map<string, string>;
  readonly functions: string[];
  readonly services: PlannedService[];
}

export function planWorkers({ app, entries, isPlatform, fill, suffix = '', placeOf }: PlanInput): WorkerPlan {
  const all = [...entries];
  const byId = new Map(all.map((entry) => [entry.id as string, entry]));
  const diagnostics: Diagnostic[] = [];
  const drafts = new Map<string, Draft>();
  const queueOfWorker = new Map<string, string>();
  const queueOf = new Map<string, string>();

  const named = (queue: string): string => {
    if (suffix === '') return queue;
    queueOfWorker.set(queue, queue + suffix);
    return queue + suffix;
  };
  const appQueue = named(defaultQueue(app));

  const draft = (client: string | undefined, taskQueue: string, owner?: Entry): Draft => {
    const key = `${client ?? ''}\n${taskQueue}`;
    const found: Draft = drafts.get(key) ?? {
      client,
      taskQueue,
      options: dataObject(),
      owner: undefined,
      autoStart: false,
      workers: [],
      workflows: new Map(),
      functions: [],
      services: [],
    };
    drafts.set(key, found);
    found.autoStart ||= owner === undefined || mapIn(owner.data['lifecycle'])['auto_start'] !== false;
    if (owner === undefined) return found;
    const options = filled(mapIn(owner.data['worker_options']), fill);
    if (found.owner === undefined) Object.assign(found, { owner, options });
    else if (!sameData(found.options, options))
      diagnostics.push({
        severity: 'error',
        place: placeOf(owner, '/task_queue'),
        message: `workers '${found.owner.id}' and '${owner.id}' share the task queue '${taskQueue}' but differ in their worker_options`,
        fix: 'give them the same options or different queues',
      });
    found.workers.push(owner.id);
    return found;
  };

  const searchAttributes = new Map<string | undefined, Record<string, AttributeType>>();
  const draftOfWorker = new Map<string, string>();
  for (const entry of all) {
    if (entry.kind !== 'temporal.worker') continue;
    const client = qualify(textOf(entry.data['client']), entry);
    const prefix = client === undefined ? '' : (textOf(byId.get(client)?.data['tq_prefix']) ?? '');
    const taskQueue = named(fill(prefix) + fill(textOf(entry.data['task_queue']) ?? ''));
    const connection = client === undefined || isPlatform(client) ? undefined : client;
    draft(connection, taskQueue, entry);
    draftOfWorker.set(entry.id, `${connection ?? ''}\n${taskQueue}`);
    queueOfWorker.set(entry.id, taskQueue);
  }

  for (const entry of all) {
    const part =
      entry.kind === 'workflow.lua'
        ? 'workflow'
        : entry.kind === 'function.lua' || entry.kind === 'process.lua'
          ? 'activity'
          : undefined;
    if (part === undefined) continue;
    const meta = mapIn(mapIn(entry.meta['temporal'])[part]);
    const worker = qualify(textOf(meta['worker']), entry);
    // An actor runs on a node unless it says that it is an activity.
    if (entry.kind === 'process.lua' && worker === undefined) continue;
    const key = worker === undefined ? undefined : draftOfWorker.get(worker);
    const target = (key === undefined ? undefined : drafts.get(key)) ?? draft(undefined, appQueue);
    queueOf.set(entry.id, target.taskQueue);
    if (part === 'activity') {
      target.functions.push(entry.id);
      continue;
    }
    const declared = searchAttributes.get(target.client) ?? {};
    for (const [name, is] of Object.entries(
      mapIn(meta['search_attributes']) as Record<string, AttributeType>,
    )) {
      searchAttributes.set(target.client, declared);
      if (Object.hasOwn(declared, name) && declared[name] !== is)
        diagnostics.push({
          severity: 'error',
          place: placeOf(entry, `/meta/temporal/workflow/search_attributes/${name}`),
          message: `search attribute '${name}' is ${is} here and ${String(declared[name])} in another workflow`,
          fix: 'give it one type, or two names',
        });
      else declared[name] = is;
    }
    const type = textOf(meta['name']) ?? entry.id;
    const other = target.workflows.get(type);
    if (other === undefined) target.workflows.set(type, entry.id);
    else
      diagnostics.push({
        severity: 'error',
        place: placeOf(entry, '/meta/temporal/workflow/name'),
        message: `workflows '${other}' and '${entry.id}' are both of type '${type}' on the task queue '${target.taskQueue}'`,
        fix: 'give one of them another name or queue',
      });
  }

  const endpointOf = new Map<string, string>();
  planServices({
    entries: all,
    suffix,
    typeOf: (id) => textOf(mapIn(mapIn(byId.get(id)?.meta['temporal'])['workflow'])['name']) ?? id,
    draftOf: (worker) => {
      const key = worker === undefined ? undefined : draftOfWorker.get(worker);
      return (key === undefined ? undefined : drafts.get(key)) ?? draft(undefined, appQueue);
    },
    draftOfWorkflow: (id) =>
      [...drafts.values()].find(({ workflows }) => [...workflows.values()].includes(id)),
    endpointOf,
    problem: (entry, pointer, message, fix) =>
      diagnostics.push({ severity: 'error', place: placeOf(entry, pointer), message, fix }),
  });

  return {
    workers: [...drafts.values()].map(({ owner: _owner, ...worker }) => worker),
    queueOfWorker,
    queueOf,
    defaultQueue: appQueue,
    endpointOf,
    searchAttributes,
    diagnostics,
  };
}

interface ServicePlanning {
  readonly entries: readonly Entry[];
  readonly suffix: string;
  readonly typeOf: (workflow: string) => string;
  readonly draftOf: (worker: string | undefined) => Draft;
  readonly draftOfWorkflow: (workflow: string) => Draft | undefined;
  readonly endpointOf: Map<string, string>;
  readonly problem: (entry: Entry, pointer: string, message: string, fix: string) => void;
}

/** W5: a service has one queue; two of one name on one queue, and two queues behind one endpoint, are refused. */
function planServices(planning: ServicePlanning): void {
  const { suffix, typeOf, draftOf, draftOfWorkflow, endpointOf, problem } = planning;
  const targets = new Map<string, { readonly draft: Draft; readonly entry: string }>();
  for (const entry of planning.entries) {
    if (entry.kind !== 'nexus.service') continue;
    const draft = draftOf(qualify(textOf(entry.data['worker']), entry));
    const service = textOf(entry.data['service']) ?? entry.id.slice(entry.id.indexOf(':') + 1);
    const other = draft.services.find((known) => known.service === service);
    if (other !== undefined)
      problem(
        entry,
        '/service',
        `services '${other.entry}' and '${entry.id}' are both named '${service}' on the task queue '${draft.taskQueue}'`,
        'give one of them another name or worker',
      );
    const endpoint = textOf(entry.data['endpoint']);
    const target = endpoint === undefined ? undefined : targets.get(endpoint);
    if (endpoint !== undefined && target === undefined) targets.set(endpoint, { draft, entry: entry.id });
    else if (target !== undefined && target.draft !== draft)
      problem(
        entry,
        '/endpoint',
        `the endpoint '${String(endpoint)}' of '${entry.id}' leads to the task queue of '${target.entry}'`,
        'give the two the same worker, or two endpoints',
      );
    if (suffix !== '' && endpoint !== undefined)
      endpointOf.set(endpoint, endpoint + suffix.replaceAll('.', '-'));
    const operations = new Map<string, NexusOperationPlan>();
    for (const [name, value] of Object.entries(mapIn(entry.data['operations']))) {
      const { function: called, workflow, workflow_id: id } = mapIn(value);
      const run = qualify(textOf(workflow), entry);
      if (run === undefined) {
        operations.set(name, { function: qualify(textOf(called), entry) ?? '' });
        continue;
      }
      const runs = draftOfWorkflow(run);
      if (runs !== undefined && runs.client !== draft.client)
        problem(
          entry,
          `/operations/${name}/workflow`,
          `'${run}' runs on another Temporal connection than the service`,
          'give the service the worker of its workflows',
        );
      operations.set(name, {
        workflow: run,
        type: typeOf(run),
        taskQueue: runs?.taskQueue ?? draft.taskQueue,
        workflowId: textOf(id),
      });
    }
    draft.services.push({
      entry: entry.id,
      service,
      endpoint: endpoint === undefined ? undefined : (endpointOf.get(endpoint) ?? endpoint),
      description: textOf(entry.data['description']),
      operations,
    });
  }
}

/** True when there is something that only Temporal can run: a workflow, a service, or a worker that somebody declared. */
export function needsTemporal(plan: WorkerPlan): boolean {
  return plan.workers.some(
    ({ workflows, workers, services }) => workflows.size > 0 || workers.length > 0 || services.length > 0,
  );
}

const textOf = (value: Data | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const filled = (options: Readonly<DataObject>, fill: (text: string) => string): DataObject =>
  dataObject(
    Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, typeof value === 'string' ? fill(value) : value]),
    ),
  );

/** A bare name means the entry's own namespace. */
function qualify(id: string | undefined, entry: Entry): string | undefined {
  if (id === undefined || id.includes(':')) return id;
  return `${entry.id.slice(0, entry.id.indexOf(':'))}:${id}`;
}

function sameData(a: Data, b: Data): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameData(value as Data, right.get(key) as Data))
  );
}
