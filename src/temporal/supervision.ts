// What nodes and the command line ask of an app's supervisor. Host only.
// A1: the supervisor is started by whoever joins first, with its fixed id; everybody else finds that one.
import { ServiceError, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { PlatformError } from '../core/errors.js';
import { toBytes } from '../core/text.js';
import { asRunError } from './client.js';
import {
  NODE_BEGAN,
  NODE_TOLD,
  SERVICE_NEWS,
  SUPERVISOR_QUERIES,
  SUPERVISOR_UPDATES,
  SUPERVISOR_WORKFLOW,
  supervisorWorkflowId,
  systemQueue,
} from './names.js';
import type {
  NodeBegan,
  NodeJoin,
  NodeJoined,
  NodeLeave,
  NodeTold,
  NodeView,
  ServiceNews,
  ServiceView,
  ServicesDeclared,
  SupervisorRun,
} from './service-contracts.js';

export class SupervisorAwayError extends PlatformError {
  override readonly name = 'SupervisorAwayError';
  readonly code = 'SUPERVISOR_AWAY';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable = true;
  override readonly exitCode = 3 as const;
  constructor(app: string, why: string, options?: ErrorOptions) {
    super(
      `the supervisor of '${app}' does not answer: ${why}; start a node with \`moontide dev\` or \`moontide run\``,
      options,
    );
  }
}

/** How long an answer may take. Milliseconds. */
const ANSWER_MS = 10_000;
/** How long a service's start or stop may take that somebody waits for. Milliseconds. */
const SETTLE_MS = 300_000;

export async function joinSupervisor(client: Client, app: string, join: NodeJoin): Promise<NodeJoined> {
  const input: SupervisorRun = { app: toBytes(app) };
  const operation = new WithStartWorkflowOperation(SUPERVISOR_WORKFLOW, {
    workflowId: supervisorWorkflowId(app),
    taskQueue: systemQueue(app),
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
    staticSummary: `supervisor of ${app}`,
  });
  const joined: unknown = await client.workflow.executeUpdateWithStart(SUPERVISOR_UPDATES.join, {
    args: [join],
    startWorkflowOperation: operation,
  });
  return joined as NodeJoined;
}

export class Supervisor {
  readonly #client: Client;
  readonly #app: string;

  constructor(client: Client, app: string) {
    this.#client = client;
    this.#app = app;
  }

  async declare(declared: ServicesDeclared): Promise<void> {
    await this.#update(SUPERVISOR_UPDATES.declare, declared, ANSWER_MS);
  }

  /** Resolves when the server has taken it. */
  async began(began: NodeBegan): Promise<void> {
    await this.#signal(NODE_BEGAN, began);
  }

  /** Resolves when the node has no service any more, or is to stop what it has itself. */
  async leave(node: string, timeoutMs: number): Promise<NodeLeave> {
    return (await this.#update(SUPERVISOR_UPDATES.leave, toBytes(node), timeoutMs)) as NodeLeave;
  }

  /** Resolves when the server has taken it. */
  async left(told: NodeTold): Promise<void> {
    await this.#signal(NODE_TOLD, told);
  }

  /** Resolves when the node has no service any more. */
  async drain(node: string, timeoutMs: number): Promise<void> {
    await this.#update(SUPERVISOR_UPDATES.drain, toBytes(node), timeoutMs);
  }

  /** Gives all services, once what was asked for has come about, or cannot. */
  async change(verb: 'start' | 'stop' | 'restart', service: string): Promise<readonly ServiceView[]> {
    return (await this.#update(
      SUPERVISOR_UPDATES[verb],
      toBytes(service),
      SETTLE_MS,
    )) as readonly ServiceView[];
  }

  /** Undefined: there is no supervisor, nobody has joined yet. */
  services(): Promise<readonly ServiceView[] | undefined> {
    return this.#query<readonly ServiceView[]>(SUPERVISOR_QUERIES.services);
  }

  nodes(): Promise<readonly NodeView[] | undefined> {
    return this.#query<readonly NodeView[]>(SUPERVISOR_QUERIES.nodes);
  }

  async #signal(name: string, argument: unknown): Promise<void> {
    const handle = this.#client.workflow.getHandle(supervisorWorkflowId(this.#app));
    await this.#within(ANSWER_MS, () => handle.signal(name, argument));
  }

  async #update(name: string, argument: unknown, timeoutMs: number): Promise<unknown> {
    const handle = this.#client.workflow.getHandle(supervisorWorkflowId(this.#app));
    return this.#within(timeoutMs, () => handle.executeUpdate(name, { args: [argument] }));
  }

  async #query<T>(name: string): Promise<T | undefined> {
    const handle = this.#client.workflow.getHandle(supervisorWorkflowId(this.#app));
    try {
      return await this.#within(ANSWER_MS, () => handle.query<T>(name));
    } catch (error) {
      if (error instanceof SupervisorAwayError && error.cause instanceof WorkflowNotFoundError)
        return undefined;
      throw error;
    }
  }

  async #within<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
    try {
      return await this.#client.withDeadline(Date.now() + timeoutMs, call);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError)
        throw new SupervisorAwayError(this.#app, 'no node with services has run', { cause: error });
      if (
        error instanceof ServiceError ||
        (error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError')
      )
        throw new SupervisorAwayError(this.#app, 'no node of it runs', { cause: error });
      throw asRunError(error);
    }
  }
}

/** What the host of a life tells its run. */
export async function tellService(
  client: Client,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
  news: ServiceNews,
): Promise<void> {
  await client.workflow.getHandle(workflowId, runId).signal(SERVICE_NEWS, news);
}
