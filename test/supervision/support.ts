// Services over a real Temporal: nodes of the platform's own making, whose services are what a test says.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../src/core/logger.js';
import type { Outcome } from '../../src/lua/step.js';
import { NodeSupervision } from '../../src/services/supervision/node-supervision.js';
import type { ServiceInstance } from '../../src/services/supervision/service-life.js';
import { supervisorWorkflowId } from '../../src/temporal/names.js';
import type {
  GroupSpec,
  ServiceSettings,
  ServiceSpec,
  ServiceState,
  ServiceView,
} from '../../src/temporal/service-contracts.js';
import { Supervisor } from '../../src/temporal/supervision.js';
import { testBundle } from '../support/lua-app.js';
import type { TestTemporal } from '../support/temporal.js';

/** Quick, so that tests are. */
const SETTINGS: ServiceSettings = {
  startTimeoutMs: 5000,
  stopTimeoutMs: 2000,
  stableMs: 60_000,
  initialDelayMs: 100,
  maxDelayMs: 1000,
  backoffFactor: 2,
  jitter: 0.1,
  maxAttempts: 0,
  adoptTimeoutMs: 15_000,
  placement: 'one_node',
  onLostLease: 'stop',
};

export const spec = (
  id: string,
  {
    requires = [],
    autoStart = true,
    group,
    after,
    ...settings
  }: Partial<ServiceSettings> & Partial<Pick<ServiceSpec, 'requires' | 'autoStart' | 'group' | 'after'>> = {},
): ServiceSpec => ({
  id,
  kind: 'test',
  autoStart,
  requires: [...requires].sort(),
  settings: { ...SETTINGS, ...settings },
  ...(group === undefined ? {} : { group }),
  ...(after === undefined ? {} : { after }),
});

/** A group and its children, in their order. */
export function groupOf(
  id: string,
  supervises: GroupSpec,
  { autoStart = true, ...settings }: Partial<ServiceSettings> & { readonly autoStart?: boolean } = {},
): ServiceSpec[] {
  const { children } = supervises;
  const own = { autoStart: false, group: id };
  return [
    { ...spec(id, { autoStart, ...settings }), kind: 'process.supervisor', supervises },
    ...children.map((child, at) =>
      spec(child, at === 0 ? own : { ...own, after: [children[at - 1] as string] }),
    ),
  ];
}

export interface Change {
  readonly node: string;
  readonly id: string;
  readonly state: ServiceState;
  readonly reason: string;
}

/** A life as a node has it. */
export class TestLife implements ServiceInstance {
  readonly id: string;
  readonly node: string;
  readonly fence: number;
  readonly ended: Promise<Outcome>;
  isOver = false;
  /** It does not end when it is told to. */
  isDeaf = false;
  #end: (outcome: Outcome) => void = () => undefined;

  constructor(id: string, node: string, fence: number) {
    this.id = id;
    this.node = node;
    this.fence = fence;
    this.ended = new Promise((end) => {
      this.#end = end;
    });
  }

  end(outcome: Outcome): void {
    this.isOver = true;
    this.#end(outcome);
  }
  fail(message: string, retryable?: boolean): void {
    this.end({
      ok: false,
      error: { kind: 'Internal', message, ...(retryable === undefined ? {} : { retryable }) },
    });
  }
  stop(reason: string): void {
    if (!this.isDeaf) this.end({ ok: false, error: { kind: 'Canceled', message: reason } });
  }
  kill(reason: string): void {
    this.stop(reason); // one that is deaf hangs whatever is done
  }
}

export class TestApp implements AsyncDisposable {
  readonly name = `sv-${randomUUID().slice(0, 8)}`;
  services: readonly ServiceSpec[];
  version = 1;
  /** Every change of state that a node saw, in order. */
  readonly changes: Change[] = [];
  /** Every life that began, in order. */
  readonly lives: TestLife[] = [];
  /** Called in each start. */
  onStart: (id: string, signal: AbortSignal) => Promise<void> | void = () => undefined;
  readonly #temporal: TestTemporal;
  readonly #nodes = new Map<string, NodeSupervision>();

  constructor(temporal: TestTemporal, services: readonly ServiceSpec[]) {
    this.#temporal = temporal;
    this.services = services;
  }

  get client() {
    return this.#temporal.temporal.client;
  }
  get supervisor(): Supervisor {
    return new Supervisor(this.client, this.name);
  }
  get supervisorHandle() {
    return this.client.workflow.getHandle(supervisorWorkflowId(this.name));
  }

  /** `drainMs`: how long it may take to stop; `through`: a way to the server of its own. */
  async node(
    name: string,
    { drainMs = 60_000, through = this.#temporal.temporal } = {},
  ): Promise<NodeSupervision> {
    const temporal = through;
    const node = new NodeSupervision({
      app: this.name,
      node: name,
      platform: {
        client: async () => Promise.resolve(temporal.client),
        connection: async () => Promise.resolve(temporal),
        onMoved: () => () => undefined,
      },
      artifacts: { artifact: () => Promise.resolve(undefined) },
      bundle: async () => ({ code: await testBundle() }),
      starters: new Map([
        [
          'test',
          async (id, fence, signal) => {
            await this.onStart(id, signal);
            const life = new TestLife(id, name, fence);
            this.lives.push(life);
            return life;
          },
        ],
      ]),
      logger: silentLogger,
      current: () => ({ services: this.services, registryVersion: this.version }),
      changed: (id, state, reason) => this.changes.push({ node: name, id, state, reason }),
      drainMs,
    });
    this.#nodes.set(name, node);
    await node.start();
    return node;
  }

  /** The newest life of a service. */
  life(id: string): TestLife {
    const life = this.lives.findLast((each) => each.id === id);
    if (life === undefined) throw new Error(`no life of ${id}`);
    return life;
  }
  livesOf(id: string): TestLife[] {
    return this.lives.filter((each) => each.id === id);
  }

  async view(id: string): Promise<ServiceView> {
    const found = (await this.supervisor.services())?.find((each) => each.id === id);
    if (found === undefined) throw new Error(`the supervisor knows no ${id}`);
    return found;
  }

  /** Waits until the supervisor sees it so. */
  async until(what: string, seen: (services: readonly ServiceView[]) => boolean) {
    let services: readonly ServiceView[] = [];
    for (let tries = 0; tries < 600; tries += 1) {
      services = (await this.supervisor.services().catch(() => undefined)) ?? []; // one that goes on as new may be asked again
      if (seen(services)) return services;
      await sleep(100);
    }
    const nodes = await this.supervisor.nodes();
    throw new Error(
      `never came: ${what}; ${JSON.stringify({ services, nodes, changes: this.changes }, null, 1)}`,
    );
  }

  untilState(id: string, state: ServiceState) {
    return this.until(`${id} ${state}`, (services) =>
      services.some((each) => each.id === id && each.state === state),
    );
  }

  /** Waits until it has failed and is not tried any more. */
  async untilGivenUp(id: string) {
    return this.until(`${id} is given up`, (services) =>
      services.some((each) => each.id === id && each.state === 'Failed' && each.retryAt === undefined),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes.values()) await node.stop();
  }
}

/** Waits for a condition of the test's own. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (holds()) return;
    await sleep(50);
  }
  throw new Error(`never came: ${what}`);
}
