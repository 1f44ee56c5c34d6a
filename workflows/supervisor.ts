// The supervisor of an app: which services are meant to run, in which order they start and stop, and who runs what. Sealed,
// replay-safe.
// V1: it holds what is wanted and the order; each service's restarts are its own run's (service.ts).
// V2: a service starts when everything it requires runs, and stops when nothing that runs requires it; what has no order between
//     it goes at the same time.
// V3: an every_node service has a run for each node that serves, a one_node service one run while any node serves.
// V4: what a service tells counts by its number (service-contracts.ts, C3).
// V5: it goes on as new when the history is long and nothing is being sent; then it asks every service where it is.
// V6: runs are begun some at a time, so that the server has time for the app; what is for one waits until it has begun.
// V7: nodes hear of the states of groups, which no node has (supervision/group-news.ts).
import {
  ApplicationFailure,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  patched,
  proxyActivities,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { isNodeBegan, isNodeTold, isServiceTold, onSignal } from './supervision/signals.js';
import { toTextLossy } from '../src/core/text.js';
import {
  GROUPS_ACTIVITY,
  LIFECYCLE_WORKFLOW,
  NODE_BEGAN,
  NODE_TOLD,
  RENEW_SIGNAL,
  SERVICE_ATTRIBUTES,
  SERVICE_COMMAND,
  SERVICE_TOLD,
  SERVICE_WORKFLOW,
  SUPERVISOR_QUERIES,
  SUPERVISOR_UPDATES,
  lifecycleWorkflowId,
  serviceQueue,
  serviceWorkflowId,
} from '../src/temporal/names.js';
import type {
  GroupsTold,
  NodeJoin,
  NodeJoined,
  NodeLeave,
  NodeView,
  ServiceCommand,
  ServiceRun,
  ServiceView,
  ServicesDeclared,
  SupervisorRun,
} from '../src/temporal/service-contracts.js';
import { setCurrentDetailsLazily } from '../src/temporal/sdk-internals.js';
import { GROUP_NEWS } from './changes.js';
import { supervisorDetails } from './supervision/details.js';
import { GroupNews } from './supervision/group-news.js';
import { ServiceTable } from './supervision/table.js';
import type { Order, RunKey, TableData } from './supervision/table-state.js';

/** Events; a longer run goes on as new. */
const LONG = 8000;
/** How long `start`, `stop` and `restart` wait for what they have asked for, on top of the services' own times. Milliseconds. */
const SETTLE_MS = 60_000;

export async function supervisor(input: SupervisorRun): Promise<void> {
  const table = new ServiceTable(input.carried as TableData | undefined, Date.now());
  const supervision = new Supervision(input.app, table);
  const known = table.keys(); // a node that joins in this very step adds what has no run yet
  supervision.declare();
  await supervision.run(known);
  await continueAsNew<typeof supervisor>({ app: input.app, carried: table.data() });
}

/** How often it is tried to watch a node that is not watched any more, and the time between two tries. Milliseconds. */
const WATCH_TRIES = 5;
const WATCH_AGAIN_MS = 1000;

/** Runs that are begun at the same time. */
const STARTS = 25;

/** A node that is there hears what it is told within this time. Milliseconds. */
const HEAR_MS = 5000;

type NewRun = Omit<ServiceRun, 'app' | 'queue'> & { readonly queue?: string };

class Supervision {
  readonly #app: string;
  readonly #table: ServiceTable;
  #changed = true;
  #sending = 0;
  /** Runs that are being begun (V6). */
  #starting = 0;
  readonly #beginning = new Map<RunKey, Promise<void>>();
  readonly #news = new GroupNews((queue, told) => this.#tellNode(queue, told));
  #renew = false;

  constructor(app: string, table: ServiceTable) {
    this.#app = app;
    this.#table = table;
  }

  declare(): void {
    const table = this.#table;
    const { join, declare, start, stop, restart, drain, leave } = SUPERVISOR_UPDATES;
    onSignal(SERVICE_TOLD, isServiceTold, (told) => {
      if (table.told(told, Date.now())) this.#changed = true;
    });
    onSignal(NODE_TOLD, isNodeTold, (told) => {
      const orders = table.nodes.told(told, Date.now());
      if (orders === undefined) return;
      for (const order of orders) this.#give(order);
      this.#changed = true;
    });
    onSignal(NODE_BEGAN, isNodeBegan, (began) => {
      for (const order of table.began(began, Date.now())) this.#give(order);
      this.#changed = true;
    });
    setHandler(defineSignal(RENEW_SIGNAL), () => {
      this.#renew = true;
    });
    setHandler(defineQuery<ServiceView[]>(SUPERVISOR_QUERIES.services), () => table.views.services(), {
      description: 'Every service: its state, why, and when it is tried next.',
    });
    setHandler(defineQuery<NodeView[]>(SUPERVISOR_QUERIES.nodes), () => table.views.nodes(), {
      description: 'Every node that has joined.',
    });
    setCurrentDetailsLazily(() => supervisorDetails(table.views.services(), table.views.nodes()));
    setHandler(
      defineUpdate<NodeJoined, [NodeJoin]>(join),
      (node) => {
        const { watch, grants, orders } = table.join(node, Date.now());
        for (const order of orders) this.#give(order);
        if (watch) this.#watchNode(node);
        this.#changed = true;
        return { grants };
      },
      { description: 'A node of the app is up.' },
    );
    setHandler(
      defineUpdate<null, [ServicesDeclared]>(declare),
      (declared) => {
        for (const { key, command } of table.declare(declared, Date.now())) this.#send(key, command);
        this.#changed = true;
        return null;
      },
      { description: 'The registry has other services.' },
    );
    const known = (id: string): void => {
      const problem = table.views.problemWith(id);
      if (problem !== undefined)
        throw ApplicationFailure.create({ type: 'NotFound', message: problem, nonRetryable: true });
    };
    const knownNode = (node: string): void => {
      if (!table.nodes.hasNode(node))
        throw ApplicationFailure.create({
          type: 'NotFound',
          message: `no node '${toTextLossy(node)}' has joined; \`moontide nodes\` lists them`,
          nonRetryable: true,
        });
    };
    setHandler(
      defineUpdate<ServiceView[], [string]>(start),
      (id) => this.#asked(table.start(id, Date.now()), () => table.isUp(id) || table.isGivenUp(id)),
      { validator: known, description: 'Starts a service, and what it requires.' },
    );
    setHandler(
      defineUpdate<ServiceView[], [string]>(stop),
      (id) => this.#asked(table.stop(id, Date.now()), () => table.isDown(id)),
      { validator: known, description: 'Stops a service, after what requires it.' },
    );
    setHandler(
      defineUpdate<ServiceView[], [string]>(restart),
      async (id) => {
        const again = table.running(id);
        await this.#asked(table.stop(id, Date.now()), () => table.isDown(id));
        const begun = (again.length === 0 ? [id] : again).flatMap((each) => table.start(each, Date.now()));
        const all = again.length === 0 ? [id] : again;
        return this.#asked(begun, () => all.every((each) => table.isUp(each) || table.isGivenUp(each)));
      },
      { validator: known, description: 'Stops a service and what requires it, and starts them again.' },
    );
    setHandler(
      defineUpdate<NodeLeave, [string]>(leave),
      async (node: string) => {
        const stops = table.nodes.leave(node, Date.now());
        this.#changed = true;
        if (!stops) await condition(() => table.nodes.isDrained(node));
        return { stops };
      },
      { validator: knownNode, description: 'A node goes: its services are handed over, or it stops them.' },
    );
    setHandler(
      defineUpdate<null, [string]>(drain),
      async (node: string) => {
        table.nodes.drain(node, Date.now());
        this.#changed = true;
        await condition(() => table.nodes.isDrained(node));
        return null;
      },
      {
        validator: knownNode,
        description:
          'Takes the services of a node away: handed over where another node serves, else stopped in order.',
      },
    );
  }

  /** Until the run is to go on as new (V5). */
  async run(known: readonly RunKey[]): Promise<void> {
    for (const key of known) this.#send(key, { verb: 'report' });
    for (;;) {
      if (this.#changed) {
        this.#changed = false;
        for (const order of this.#table.orders(Date.now())) this.#give(order);
        this.#tellOfGroups();
        continue;
      }
      const { historyLength, continueAsNewSuggested } = workflowInfo();
      const long = this.#renew || continueAsNewSuggested || historyLength > LONG;
      if (long && this.#sending === 0 && allHandlersFinished()) return;
      const goesOn = (): boolean =>
        this.#changed || (this.#renew && this.#sending === 0 && allHandlersFinished());
      const dueAt = this.#table.nextDue();
      if (dueAt === undefined) await condition(goesOn);
      else if (!(await condition(goesOn, Math.max(1, dueAt - Date.now())))) {
        this.#table.due(Date.now());
        this.#changed = true;
      }
    }
  }

  /** V7. */
  #tellOfGroups(): void {
    const groups = this.#table.views.groups();
    if (groups.length > 0 && patched(GROUP_NEWS))
      this.#news.update(this.#table.nodes.servingQueues(), groups);
  }

  async #tellNode(queue: string, told: GroupsTold): Promise<void> {
    this.#sending += 1;
    try {
      await proxyActivities<Record<string, (told: GroupsTold) => Promise<unknown>>>({
        taskQueue: toTextLossy(queue),
        scheduleToCloseTimeout: HEAR_MS,
        retry: { maximumAttempts: 1 },
        summary: told.groups
          .map(({ id, state }) => `${toTextLossy(id)} ${state}`)
          .join(', ')
          .slice(0, 200),
      })[GROUPS_ACTIVITY]!(told);
    } finally {
      this.#sending -= 1;
    }
  }

  async #asked(orders: readonly Order[], settled: () => boolean): Promise<ServiceView[]> {
    for (const order of orders) this.#give(order);
    this.#changed = true;
    // Not before its orders are out: what is there now is what was there before.
    await condition(() => !this.#changed);
    await condition(settled, SETTLE_MS + this.#table.views.longestMs());
    return this.#table.views.services();
  }

  #give(order: Order): void {
    if (order.type === 'send') this.#send(order.key, order.command);
    else this.#begin(order.key, order.run);
  }

  #send(key: RunKey, command: ServiceCommand): void {
    void this.#sendTo(key, command);
  }

  async #sendTo(key: RunKey, command: ServiceCommand): Promise<void> {
    const { id, node } = this.#table.partsOf(key);
    this.#sending += 1;
    try {
      await this.#beginning.get(key); // V6
      const handle = getExternalWorkflowHandle(toTextLossy(serviceWorkflowId(this.#app, id, node)));
      await handle.signal(SERVICE_COMMAND, command);
    } catch {
      this.#table.isGone(key); // it has no run: one is begun where it is wanted
      this.#changed = true;
    } finally {
      this.#sending -= 1;
    }
  }

  #begin(key: RunKey, run: NewRun): void {
    const begun = this.#beginRun(key, run).finally(() => {
      if (this.#beginning.get(key) === begun) this.#beginning.delete(key);
    });
    this.#beginning.set(key, begun);
  }

  /** Begins a run that starts its service at once, or takes up the life that is there. */
  async #beginRun(key: RunKey, run: NewRun): Promise<void> {
    const { id, node } = this.#table.partsOf(key);
    const input: ServiceRun = { ...run, app: this.#app, queue: run.queue ?? serviceQueue(this.#app) };
    this.#sending += 1;
    while (this.#starting >= STARTS) await condition(() => this.#starting < STARTS); // V6
    if (run.granted !== undefined && !this.#table.isAlive(key, run.granted.token)) {
      this.#table.isGone(key); // it is over before its run begins
      this.#sending -= 1;
      return;
    }
    this.#starting += 1;
    try {
      await startChild(SERVICE_WORKFLOW, {
        workflowId: toTextLossy(serviceWorkflowId(this.#app, id, node)),
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        staticSummary: toTextLossy(id),
        ...(run.attributes
          ? {
              searchAttributes: {
                [SERVICE_ATTRIBUTES.service]: [id],
                [SERVICE_ATTRIBUTES.state]: [run.granted?.state ?? 'Starting'],
                ...(node === undefined ? {} : { [SERVICE_ATTRIBUTES.node]: [node] }),
              },
            }
          : {}),
      });
    } catch {
      // One of an earlier supervisor is there: it goes on, as it is wanted now.
      this.#send(key, { verb: 'settings', spec: run.spec });
      this.#send(key, run.granted === undefined ? { verb: 'start' } : { verb: 'granted', life: run.granted });
      this.#send(key, { verb: 'report' });
    } finally {
      this.#sending -= 1;
      this.#starting -= 1;
    }
  }

  #watchNode({ node, queue, again }: NodeJoin): void {
    void this.#watch(node, queue, again === true ? WATCH_TRIES : 1);
  }

  /** The run that has lost sight of a node may take a while to end: until then there is no other. */
  async #watch(node: string, queue: string, tries: number): Promise<void> {
    this.#sending += 1;
    for (let left = tries; left > 0 && this.#table.nodes.isServing(node); left -= 1)
      try {
        await startChild(LIFECYCLE_WORKFLOW, {
          workflowId: toTextLossy(lifecycleWorkflowId(this.#app, node)),
          args: [{ app: this.#app, node, queue }],
          parentClosePolicy: ParentClosePolicy.ABANDON,
          cancellationType: ChildWorkflowCancellationType.ABANDON,
          staticSummary: toTextLossy(node),
        });
        break;
      } catch {
        if (left > 1) await sleep(WATCH_AGAIN_MS); // else it is watched already
      }
    this.#sending -= 1;
  }
}
