// The supervisor of an app: which services are meant to run, in which order they start and stop, and who runs what. Sealed,
// replay-safe.
// V1: it holds what is wanted and the order; each service's restarts are its own run's (service.ts).
// V2: a service starts when everything it requires runs, and stops when nothing that runs requires it; what has no order between
//     it goes at the same time.
// V3: an every_node service has a run for each node that serves, a one_node service one run while any node serves.
// V4: what a service tells counts by its number (service-contracts.ts, C3).
// V5: it goes on as new when the history is long and nothing is being sent; then it asks every service where it is.
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
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { toTextLossy } from '../src/core/text.js';
import {
  LIFECYCLE_WORKFLOW,
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
  NodeJoin,
  NodeTold,
  NodeView,
  ServiceCommand,
  ServiceRun,
  ServiceTold,
  ServiceView,
  ServicesDeclared,
  SupervisorRun,
} from '../src/temporal/service-contracts.js';
import { setCurrentDetailsLazily } from '../src/temporal/sdk-internals.js';
import { supervisorDetails } from './supervision/details.js';
import { ServiceTable } from './supervision/table.js';
import type { Order, RunKey, TableData } from './supervision/table.js';

/** Events; a longer run goes on as new. */
const LONG = 8000;
/** How long `start`, `stop` and `restart` wait for what they have asked for, on top of the services' own times. Milliseconds. */
const SETTLE_MS = 60_000;

export async function supervisor(input: SupervisorRun): Promise<void> {
  const table = new ServiceTable(input.carried as TableData | undefined, Date.now());
  const supervision = new Supervision(input.app, table);
  supervision.declare();
  await supervision.run();
  await continueAsNew<typeof supervisor>({ app: input.app, carried: table.data() });
}

class Supervision {
  readonly #app: string;
  readonly #table: ServiceTable;
  #changed = true;
  #sending = 0;
  #renew = false;

  constructor(app: string, table: ServiceTable) {
    this.#app = app;
    this.#table = table;
  }

  declare(): void {
    const table = this.#table;
    const { join, declare, start, stop, restart, drain } = SUPERVISOR_UPDATES;
    setHandler(defineSignal<[ServiceTold]>(SERVICE_TOLD), (told) => {
      if (table.told(told)) this.#changed = true;
    });
    setHandler(defineSignal<[NodeTold]>(NODE_TOLD), (told) => {
      if (table.nodeTold(told, Date.now())) this.#changed = true;
    });
    setHandler(defineSignal(RENEW_SIGNAL), () => {
      this.#renew = true;
    });
    setHandler(defineQuery<ServiceView[]>(SUPERVISOR_QUERIES.services), () => table.services(), {
      description: 'Every service: its state, why, and when it is tried next.',
    });
    setHandler(defineQuery<NodeView[]>(SUPERVISOR_QUERIES.nodes), () => table.nodes(), {
      description: 'Every node that has joined.',
    });
    setCurrentDetailsLazily(() => supervisorDetails(table.services(), table.nodes()));
    setHandler(
      defineUpdate<null, [NodeJoin]>(join),
      (node) => {
        if (table.join(node, Date.now())) this.#watchNode(node);
        this.#changed = true;
        return null;
      },
      { description: 'A node of the app is up.' },
    );
    setHandler(
      defineUpdate<null, [ServicesDeclared]>(declare),
      (declared) => {
        for (const { key, command } of table.declare(declared)) this.#send(key, command);
        this.#changed = true;
        return null;
      },
      { description: 'The registry has other services.' },
    );
    const known = (id: string): void => {
      const problem = table.problemWith(id);
      if (problem !== undefined)
        throw ApplicationFailure.create({ type: 'NotFound', message: problem, nonRetryable: true });
    };
    setHandler(
      defineUpdate<ServiceView[], [string]>(start),
      (id) => this.#asked(table.start(id), () => table.isUp(id) || table.isGivenUp(id)),
      { validator: known, description: 'Starts a service, and what it requires.' },
    );
    setHandler(
      defineUpdate<ServiceView[], [string]>(stop),
      (id) => this.#asked(table.stop(id), () => table.isDown(id)),
      { validator: known, description: 'Stops a service, after what requires it.' },
    );
    setHandler(
      defineUpdate<ServiceView[], [string]>(restart),
      async (id) => {
        const again = table.running(id);
        await this.#asked(table.stop(id), () => table.isDown(id));
        const begun = again.length === 0 ? table.start(id) : again.flatMap((each) => table.start(each));
        const all = again.length === 0 ? [id] : again;
        return this.#asked(begun, () => all.every((each) => table.isUp(each) || table.isGivenUp(each)));
      },
      { validator: known, description: 'Stops a service and what requires it, and starts them again.' },
    );
    setHandler(
      defineUpdate<null, [string]>(drain),
      async (node: string) => {
        table.drain(node, Date.now());
        this.#changed = true;
        await condition(() => table.isDrained(node));
        return null;
      },
      {
        validator: (node: string) => {
          if (!table.hasNode(node))
            throw ApplicationFailure.create({
              type: 'NotFound',
              message: `no node '${toTextLossy(node)}' has joined; \`moontide nodes\` lists them`,
              nonRetryable: true,
            });
        },
        description:
          'Takes the services of a node away: handed over where another node serves, else stopped in order.',
      },
    );
  }

  /** Until the run is to go on as new (V5). */
  async run(): Promise<void> {
    for (const key of this.#table.keys()) this.#send(key, { verb: 'report' });
    for (;;) {
      if (this.#changed) {
        this.#changed = false;
        for (const order of this.#table.orders(Date.now())) this.#give(order);
        continue;
      }
      const { historyLength, continueAsNewSuggested } = workflowInfo();
      const long = this.#renew || continueAsNewSuggested || historyLength > LONG;
      if (long && this.#sending === 0 && allHandlersFinished()) return;
      await condition(() => this.#changed || (this.#renew && this.#sending === 0 && allHandlersFinished()));
    }
  }

  async #asked(orders: readonly Order[], settled: () => boolean): Promise<ServiceView[]> {
    for (const order of orders) this.#give(order);
    this.#changed = true;
    // Not before its orders are out: what is there now is what was there before.
    await condition(() => !this.#changed);
    await condition(settled, SETTLE_MS + this.#table.longestMs());
    return this.#table.services();
  }

  #give(order: Order): void {
    if (order.type === 'send') this.#send(order.key, order.command);
    else void this.#begin(order.key, order.run);
  }

  #send(key: RunKey, command: ServiceCommand): void {
    void this.#sendTo(key, command);
  }

  async #sendTo(key: RunKey, command: ServiceCommand): Promise<void> {
    const { id, node } = this.#table.partsOf(key);
    this.#sending += 1;
    try {
      const handle = getExternalWorkflowHandle(toTextLossy(serviceWorkflowId(this.#app, id, node)));
      await handle.signal(SERVICE_COMMAND, command);
    } catch {
      this.#table.isGone(key); // it has no run: one is begun where it is wanted
      this.#changed = true;
    } finally {
      this.#sending -= 1;
    }
  }

  /** Begins a run that starts its service at once. */
  async #begin(
    key: RunKey,
    run: Omit<ServiceRun, 'app' | 'queue'> & { readonly queue?: string },
  ): Promise<void> {
    const { id, node } = this.#table.partsOf(key);
    const input: ServiceRun = { ...run, app: this.#app, queue: run.queue ?? serviceQueue(this.#app) };
    this.#sending += 1;
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
                [SERVICE_ATTRIBUTES.state]: ['Starting'],
                ...(node === undefined ? {} : { [SERVICE_ATTRIBUTES.node]: [node] }),
              },
            }
          : {}),
      });
    } catch {
      // One of an earlier supervisor is there: it goes on, as it is wanted now.
      this.#send(key, { verb: 'settings', spec: run.spec });
      this.#send(key, { verb: 'start' });
      this.#send(key, { verb: 'report' });
    } finally {
      this.#sending -= 1;
    }
  }

  #watchNode({ node, queue }: NodeJoin): void {
    void this.#watch(node, queue);
  }

  async #watch(node: string, queue: string): Promise<void> {
    this.#sending += 1;
    try {
      await startChild(LIFECYCLE_WORKFLOW, {
        workflowId: toTextLossy(lifecycleWorkflowId(this.#app, node)),
        args: [{ app: this.#app, node, queue }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        staticSummary: toTextLossy(node),
      });
    } catch {
      // It is watched already.
    } finally {
      this.#sending -= 1;
    }
  }
}
