// What activities use of this node: functions and commands asked for by workflows and by other nodes.
import type { Command } from '../core/command.js';
import { dataObject, LuaFloat } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import type { ActivityAccess } from '../core/handler.js';
import type { IdentitySeal } from '../core/identity-host.js';
import type { DataPath } from '../core/secret.js';
import { toBytes } from '../core/text.js';
import type {
  ActivityFacts,
  CallOutcome,
  CommandCallContext,
  CommandRunner,
  FunctionCall,
  FunctionRunner,
} from '../temporal/contracts.js';
import { Holdings, NodeContext, outermostFor } from './command-context.js';
import type { CallFrame } from './command-context.js';
import type { Dispatcher } from './dispatcher.js';
import { CallError, NodeStoppedError } from './errors.js';
import { errorToErrorData } from '../temporal/failures.js';
import type { FunctionPool } from './function-pool.js';
import type { Resources } from './resources.js';
import type { SecretGuard } from './secret-guard.js';

/** Puts the values of secrets where a workflow could only name them. */
export type FillSecrets = (data: Data, places: readonly DataPath[]) => Data;

const RESULT_ADVICE = 'return what the secret was used for';

export class NodeFunctionRunner implements FunctionRunner {
  readonly #functions: FunctionPool;
  readonly #fillSecrets: FillSecrets;
  readonly #guard: SecretGuard;
  readonly #seal: IdentitySeal;

  constructor(functions: FunctionPool, fillSecrets: FillSecrets, guard: SecretGuard, seal: IdentitySeal) {
    this.#functions = functions;
    this.#fillSecrets = fillSecrets;
    this.#guard = guard;
    this.#seal = seal;
  }

  async run(call: FunctionCall): Promise<CallOutcome> {
    const outcome = await this.#functions.call({
      entry: call.entry,
      args: this.#fillSecrets([...call.args], call.secrets) as Data[],
      values: call.values,
      signal: call.signal,
      frame: { ...frameOf(call, this.#seal), activity: this.#access(call) },
    });
    if (!outcome.ok) return { ok: false, error: this.#guard.redact(outcome.error) };
    this.#guard.check([...outcome.values], `the result of '${call.entry}'`, RESULT_ADVICE);
    return outcome;
  }

  #access({ activity, workflow, idempotencyKey, heartbeat }: FunctionCall): ActivityAccess {
    return {
      info: () => activityInfo(activity, workflow, idempotencyKey),
      heartbeat: (details) => {
        this.#guard.check(details, 'a heartbeat');
        heartbeat(details);
      },
    };
  }
}

/** Throws IdentityForgedError. */
const frameOf = ({ identity }: { readonly identity: string | undefined }, seal: IdentitySeal): CallFrame =>
  outermostFor(identity === undefined ? undefined : seal.open(identity));

/** What Lua gets by `activity.info()`. */
function activityInfo(
  { id, type, attempt, taskQueue, local, heartbeatDetails, scheduledAt, deadline }: ActivityFacts,
  workflow: FunctionCall['workflow'],
  key: string | undefined,
): DataObject {
  const seconds = (milliseconds: number): LuaFloat => new LuaFloat(milliseconds / 1000);
  return dataObject({
    id: toBytes(id),
    type: toBytes(type),
    attempt,
    task_queue: toBytes(taskQueue),
    local,
    key: key ?? toBytes(id),
    heartbeat: heartbeatDetails,
    scheduled_at: seconds(scheduledAt),
    ...(deadline === undefined ? {} : { deadline: seconds(deadline) }),
    ...(workflow === undefined
      ? {}
      : {
          workflow_id: toBytes(workflow.id),
          run_id: workflow.runId,
          workflow_type: toBytes(workflow.type),
        }),
  });
}

export interface CommandRunnerOptions {
  readonly dispatcher: Dispatcher;
  readonly resources: Resources;
  readonly fillSecrets: FillSecrets;
  readonly guard: SecretGuard;
  readonly seal: IdentitySeal;
  /** Hears of what fails when nobody waits for it. */
  readonly failed: (error: unknown) => void;
}

export class NodeCommandRunner implements CommandRunner {
  readonly #dispatcher: Dispatcher;
  readonly #resources: Resources;
  readonly #fillSecrets: FillSecrets;
  readonly #guard: SecretGuard;
  readonly #seal: IdentitySeal;
  readonly #failed: (error: unknown) => void;

  constructor(options: CommandRunnerOptions) {
    this.#dispatcher = options.dispatcher;
    this.#resources = options.resources;
    this.#fillSecrets = options.fillSecrets;
    this.#guard = options.guard;
    this.#seal = options.seal;
    this.#failed = options.failed;
  }

  async run(command: Command, call: CommandCallContext): Promise<Data> {
    try {
      const result = await this.#run(command, call);
      this.#guard.check(result, `the result of '${command.type}'`, RESULT_ADVICE);
      return result;
    } catch (error) {
      throw new CallError(this.#guard.redact(errorToErrorData(error)));
    }
  }

  async #run(command: Command, call: CommandCallContext): Promise<Data> {
    if (call.signal.aborted) throw new NodeStoppedError(`cannot run '${command.type}'`);
    // A handle cannot outlive the activity: what the handler opened is closed with its answer.
    await using holdings = new Holdings(this.#resources, this.#failed);
    const context = new NodeContext({
      // A workflow's command has a key instead (core/handler.ts).
      pid: undefined,
      asker: call.pid,
      entry: call.entry,
      values: call.values,
      idempotencyKey: call.idempotencyKey,
      holdings,
      frame: frameOf(call, this.#seal),
    });
    const abort = (): void => context.abort();
    call.signal.addEventListener('abort', abort, { once: true });
    try {
      const filled = this.#fillSecrets(dataObject(command as Record<string, Data>), call.secrets);
      return await this.#dispatcher.dispatch(filled as unknown as Command, context);
    } finally {
      call.signal.removeEventListener('abort', abort);
    }
  }
}
