// Runs of workflows as HTTP routes start and ask them. A run's id is its entry and a key: `orders:order/4711`.
// R1: a start with a key that was used finds the run of that key, whichever node started it, and however that has ended since.
// R2: a call ends with its signal; the run goes on.
import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Data } from '../../core/data.js';
import { encodeWire } from '../../core/wire.js';
import { clientOfQueue } from '../../runtime/temporal-access.js';
import type { TemporalAccess } from '../../runtime/temporal-access.js';
import type { SecretGuard } from '../../runtime/secret-guard.js';
import {
  asRunError,
  queryRun,
  resultOf,
  RunError,
  signalOnce,
  signalRun,
  startRun,
  updateRun,
} from '../../temporal/client.js';
import { MEMO } from '../../temporal/names.js';

/** What of a route names a run's workflow. */
export interface WorkflowOfRun {
  /** Entry id. */
  readonly entry: string;
  /** As Temporal calls it. */
  readonly type: string;
}

export interface WorkflowRunsOptions {
  readonly temporal: TemporalAccess;
  readonly guard: SecretGuard;
}

export interface RunStatus {
  /** Temporal's words in lower case: `running`, `completed`, `failed`, `cancelled`, `terminated`, `timed_out`. */
  readonly status: string;
  readonly startedAt: Date;
  readonly closedAt: Date | undefined;
}

/** 'same': there was a run of this request; 'other': of another request with its key. */
export type Started = 'new' | 'same' | 'other';

export class WorkflowRuns {
  readonly #options: WorkflowRunsOptions;

  constructor(options: WorkflowRunsOptions) {
    this.#options = options;
  }

  /** R1. Rejects with a RunError. */
  async start(
    workflow: WorkflowOfRun,
    key: string,
    args: readonly Data[],
    signal: AbortSignal,
  ): Promise<Started> {
    this.#options.guard.check([...args], `the request for '${workflow.entry}'`);
    const request = digestOf(args);
    return this.#with(workflow, signal, async (client, taskQueue) => {
      const workflowId = idOf(workflow, key);
      try {
        await startRun(client, {
          type: workflow.type,
          taskQueue,
          args,
          workflowId,
          options: {
            workflowIdConflictPolicy: 'FAIL',
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            memo: { [MEMO.request]: request },
          },
        });
        return 'new';
      } catch (error) {
        if (!(error instanceof RunError) || error.kind !== 'AlreadyExists') throw error;
      }
      const { memo } = await described(client, workflowId);
      return memo?.[MEMO.request] === request ? 'same' : 'other';
    });
  }

  /** What the run ends with, through all that it goes on as. Rejects with a RunError. */
  result(workflow: WorkflowOfRun, key: string, signal: AbortSignal): Promise<readonly Data[]> {
    return this.#with(workflow, signal, (client) => resultOf(client, { workflowId: idOf(workflow, key) }));
  }

  status(workflow: WorkflowOfRun, key: string, signal: AbortSignal): Promise<RunStatus> {
    return this.#with(workflow, signal, async (client) => {
      const { status, startTime, closeTime } = await described(client, idOf(workflow, key));
      return { status: status.name.toLowerCase(), startedAt: startTime, closedAt: closeTime };
    });
  }

  /** `requestKey`: the run takes it once. */
  signal(
    workflow: WorkflowOfRun,
    key: string,
    name: string,
    args: readonly Data[],
    requestKey: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    this.#options.guard.check([...args], `the request for '${workflow.entry}'`);
    const run = { workflowId: idOf(workflow, key) };
    return this.#with(workflow, signal, (client) =>
      requestKey === undefined
        ? signalRun(client, run, name, args)
        : signalOnce(client, run, name, args, `${name}/${requestKey}`),
    );
  }

  query(
    workflow: WorkflowOfRun,
    key: string,
    name: string,
    args: readonly Data[],
    signal: AbortSignal,
  ): Promise<readonly Data[]> {
    return this.#with(workflow, signal, (client) =>
      queryRun(client, { workflowId: idOf(workflow, key) }, name, args),
    );
  }

  /** With a `requestKey` an update that was answered gives its answer again, also when the run has ended since. */
  update(
    workflow: WorkflowOfRun,
    key: string,
    name: string,
    args: readonly Data[],
    requestKey: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Data[]> {
    this.#options.guard.check([...args], `the request for '${workflow.entry}'`);
    const options = requestKey === undefined ? {} : { updateId: `${name}/${requestKey}` };
    return this.#with(workflow, signal, (client) =>
      updateRun(client, { workflowId: idOf(workflow, key) }, name, args, options),
    );
  }

  cancel(workflow: WorkflowOfRun, key: string, signal: AbortSignal): Promise<void> {
    return this.#with(workflow, signal, async (client) => {
      try {
        await client.workflow.getHandle(idOf(workflow, key)).cancel();
      } catch (error) {
        throw asRunError(error);
      }
    });
  }

  /** For what reads histories itself. */
  async client(workflow: WorkflowOfRun): Promise<Client> {
    const { temporal } = this.#options;
    return temporal.client(clientOfQueue(temporal.routes(), this.#queueOf(workflow)));
  }

  #queueOf({ entry }: WorkflowOfRun): string {
    return this.#options.temporal.routes().queueOf.get(entry) ?? '';
  }

  /** R2 */
  async #with<T>(
    workflow: WorkflowOfRun,
    signal: AbortSignal,
    call: (client: Client, taskQueue: string) => Promise<T>,
  ): Promise<T> {
    const client = await this.client(workflow);
    return client.withAbortSignal(signal, () => call(client, this.#queueOf(workflow)));
  }
}

export const idOf = ({ entry }: WorkflowOfRun, key: string): string => `${entry}/${key}`;

const digestOf = (args: readonly Data[]): string =>
  createHash('sha256')
    .update(encodeWire([...args], { sorted: true }), 'utf8')
    .digest('hex');

async function described(
  client: Client,
  workflowId: string,
): Promise<Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    throw asRunError(error);
  }
}
