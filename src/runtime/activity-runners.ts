// What activities use of this node: functions and commands asked for by workflows and by other nodes.
import type { Command } from '../core/command.js';
import type { Data } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type {
  CallOutcome,
  CommandCallContext,
  CommandRunner,
  FunctionCall,
  FunctionRunner,
} from '../temporal/contracts.js';
import { Holdings, NodeContext, outermost } from './command-context.js';
import type { Dispatcher } from './dispatcher.js';
import { NodeStoppedError } from './errors.js';
import type { FunctionPool } from './function-pool.js';
import type { Resources } from './resources.js';

/** Puts the values of secrets where a workflow could only name them. */
export type FillSecrets = (data: Data) => Data;

/** Takes the values of secrets out of an error: it goes into a history. */
export type RedactError = (error: ErrorData) => ErrorData;

export class NodeFunctionRunner implements FunctionRunner {
  readonly #functions: FunctionPool;
  readonly #fillSecrets: FillSecrets;
  readonly #redact: RedactError;

  constructor(functions: FunctionPool, fillSecrets: FillSecrets, redact: RedactError) {
    this.#functions = functions;
    this.#fillSecrets = fillSecrets;
    this.#redact = redact;
  }

  async run(call: FunctionCall): Promise<CallOutcome> {
    const outcome = await this.#functions.call({
      entry: call.entry,
      args: call.args.map(this.#fillSecrets),
      values: call.values,
      signal: call.signal,
    });
    return outcome.ok ? outcome : { ok: false, error: this.#redact(outcome.error) };
  }
}

export class NodeCommandRunner implements CommandRunner {
  readonly #dispatcher: Dispatcher;
  readonly #resources: Resources;
  readonly #fillSecrets: FillSecrets;
  readonly #failed: (error: unknown) => void;

  constructor(
    dispatcher: Dispatcher,
    resources: Resources,
    fillSecrets: FillSecrets,
    failed: (error: unknown) => void,
  ) {
    this.#dispatcher = dispatcher;
    this.#resources = resources;
    this.#fillSecrets = fillSecrets;
    this.#failed = failed;
  }

  async run(command: Command, call: CommandCallContext): Promise<Data> {
    if (call.signal.aborted) throw new NodeStoppedError(`cannot run '${command.type}'`);
    // A handle cannot outlive the activity: what the handler opened is closed with its answer.
    await using holdings = new Holdings(this.#resources, this.#failed);
    const context = new NodeContext({
      // A workflow's command has a key instead (core/handler.ts).
      pid: undefined,
      entry: call.entry,
      values: call.values,
      idempotencyKey: call.idempotencyKey,
      holdings,
      frame: outermost,
    });
    const abort = (): void => context.abort();
    call.signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#dispatcher.dispatch(this.#fill(command), context);
    } finally {
      call.signal.removeEventListener('abort', abort);
    }
  }

  #fill(command: Command): Command {
    const fields = Object.entries(command).map(([name, value]) => [
      name,
      value === undefined ? value : this.#fillSecrets(value),
    ]);
    return Object.fromEntries(fields) as Command;
  }
}
