// Processes as this node offers them: its own running instances, and workflows over Temporal.
// S1: a PID whose host is `functions` is an instance of this node; any other host is a worker entry or a task queue,
//     and its id a workflow's.
// S2: messages of one sender to one workflow arrive in the order in which they were sent: each send is awaited.
// S3: a call to Temporal ends with the instance that makes it: one that is under way when the connection closes ends the process.
// S4: a monitor tells the end once, and ends with the instance that asked.
import { dataObject } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import { formatPid, tryPid } from '../core/ids.js';
import { EVENTS_TOPIC } from '../lua/instance/messages.js';
import type { Outcome } from '../lua/step.js';
import type {
  AskRequest,
  ProcessService,
  SendRequest,
  SpawnRequest,
  StartRequest,
} from '../modules/process/host.js';
import type { RegistryService } from '../registry/model/registry.js';
import { errorToData } from '../temporal/failures.js';
import { INBOX_SIGNAL } from '../temporal/names.js';
import { manyListeners } from './abortable.js';
import { workflowWishes } from './call-options.js';
import { CallError, EntryIdleError, EntryKindError, EntryUnknownError, NotBuiltError } from './errors.js';
import { FUNCTION_HOST } from './function-pool.js';
import { nearest } from './nearest.js';
import { clientOfQueue, queueNamed } from './temporal-access.js';
import type { TemporalAccess } from './temporal-access.js';
import { ProcessUnknownError } from './topology.js';
import type { SecretGuard } from './secret-guard.js';
import type { Topology } from './topology.js';

export interface ProcessesOptions {
  readonly topology: Topology;
  readonly registry: RegistryService;
  readonly temporal: TemporalAccess;
  readonly guard: SecretGuard;
  readonly toErrorData: (error: unknown) => ErrorData;
  readonly failed: (error: unknown) => void;
}

interface WorkflowTarget {
  /** The host part of its PID. */
  readonly host: string;
  readonly workflowId: string;
  readonly client: string | undefined;
}

const LOCAL_SCOPE = 0;

export class Processes implements ProcessService {
  readonly #options: ProcessesOptions;
  /** Watches by `<watcher>\n<target>`. */
  readonly #watches = new Map<string, AbortController>();
  /** Sequence of the last message to a target, by `<sender>\n<target>`. */
  readonly #sent = new Map<string, number>();

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  async send({ to, topic, payloads }: SendRequest, context: CommandContext): Promise<void> {
    const target = this.#target(to);
    if (target === undefined) {
      this.#options.topology.send(to, { topic, from: context.pid, payloads });
      return;
    }
    this.#checkContext(context, `a message to '${to}'`);
    this.#options.guard.check([...payloads], `a message to '${to}'`);
    const { signalRun } = await import('../temporal/client.js');
    const client = await this.#options.temporal.client(target.client);
    await client.withAbortSignal(context.signal, () =>
      signalRun(client, { workflowId: target.workflowId }, topic, payloads, headersOf(context)),
    );
  }

  async query(request: AskRequest, context: CommandContext): Promise<readonly Data[]> {
    const { queryRun } = await import('../temporal/client.js');
    return this.#ask(request, 'query', context, (client, workflowId) =>
      queryRun(client, { workflowId }, request.name, request.args, headersOf(context)),
    );
  }

  /** A workflow's update has the key of its call: tried again it is the same update. */
  async update(request: AskRequest, context: CommandContext): Promise<readonly Data[]> {
    const { updateRun } = await import('../temporal/client.js');
    const { idempotencyKey } = context;
    return this.#ask(request, 'update', context, (client, workflowId) =>
      updateRun(client, { workflowId }, request.name, request.args, {
        headers: headersOf(context),
        ...(idempotencyKey === undefined ? {} : { updateId: idempotencyKey }),
      }),
    );
  }

  async #ask(
    { to, name, args }: AskRequest,
    verb: 'query' | 'update',
    context: CommandContext,
    ask: (client: import('@temporalio/client').Client, workflowId: string) => Promise<readonly Data[]>,
  ): Promise<readonly Data[]> {
    const target = this.#target(to);
    if (target === undefined) throw new NotBuiltError(`a ${verb} of a process in memory; send it a message`);
    this.#checkContext(context, `the ${verb} '${name}'`);
    this.#options.guard.check([...args], `an argument of the ${verb} '${name}'`);
    const client = await this.#options.temporal.client(target.client);
    return client.withAbortSignal(context.signal, () => ask(client, target.workflowId));
  }

  async spawn(request: SpawnRequest, context: CommandContext): Promise<string> {
    if (request.linked) throw new NotBuiltError('links to a workflow from a function; monitor it instead');
    const started = await this.#start(request, context);
    const pid = formatPid({ host: started.target.host, id: started.target.workflowId });
    if (request.monitored && context.pid !== undefined) this.#watchWorkflow(context.pid, pid, started.target);
    return pid;
  }

  async exec(request: StartRequest, context: CommandContext): Promise<readonly Data[]> {
    const { target, runId } = await this.#start(request, context);
    const { resultOf } = await import('../temporal/client.js');
    const client = await this.#options.temporal.client(target.client);
    const giveUp = (): void => {
      // The caller waits no longer: so should what was started for its sake.
      client.workflow.getHandle(target.workflowId, runId).cancel().catch(this.#options.failed);
    };
    context.signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await client.withAbortSignal(context.signal, () =>
        resultOf(client, { workflowId: target.workflowId, runId }),
      );
    } finally {
      context.signal.removeEventListener('abort', giveUp);
    }
  }

  async terminate(to: string): Promise<void> {
    const target = this.#target(to);
    if (target === undefined)
      this.#options.topology.terminate(to, { kind: 'Canceled', message: 'terminated', retryable: false });
    else await this.#onWorkflow(target, (handle) => handle.terminate('process.terminate'));
  }

  async cancel(to: string, reason: string): Promise<void> {
    const target = this.#target(to);
    if (target === undefined) this.#options.topology.cancel(to, reason);
    else await this.#onWorkflow(target, (handle) => handle.cancel());
  }

  async monitor(to: string, context: CommandContext): Promise<void> {
    const watcher = context.pid;
    if (watcher === undefined) throw new NotBuiltError('a monitor without a process that hears of the end');
    const target = this.#target(to);
    if (target !== undefined) {
      await this.#onWorkflow(target, (handle) => handle.describe());
      this.#watchWorkflow(watcher, to, target);
      return;
    }
    const runner = this.#options.topology.find(to);
    if (runner === undefined) throw new ProcessUnknownError(to);
    const watch = this.#watch(watcher, runner.pid);
    void runner.ended.then((outcome) => this.#tellEnd(watcher, runner.pid, outcome, watch));
  }

  unmonitor(to: string, context: CommandContext): void {
    const pid = this.#options.topology.find(to)?.pid ?? to;
    const key = `${context.pid ?? ''}\n${pid}`;
    this.#watches.get(key)?.abort();
    this.#watches.delete(key);
  }

  register(name: string, pid: string, scope: number): void {
    needLocal(scope);
    this.#options.topology.register(name, pid);
  }

  lookup(name: string): string | undefined {
    return this.#options.topology.lookup(name);
  }

  unregister(name: string, scope: number): boolean {
    needLocal(scope);
    return this.#options.topology.unregister(name);
  }

  /** The workflow that a destination means; undefined: something of this node (S1). */
  #target(to: string): WorkflowTarget | undefined {
    const { topology, temporal } = this.#options;
    const pid = tryPid(to);
    if (pid === undefined) {
      // A name: of this node, or a workflow's own id.
      if (topology.find(to) !== undefined || !temporal.inUse) return undefined;
      return { host: '', workflowId: to, client: undefined };
    }
    if (pid.host === FUNCTION_HOST) return undefined;
    return { host: pid.host, workflowId: pid.id, client: this.#queueOf(pid.host).client };
  }

  async #onWorkflow(
    target: WorkflowTarget,
    act: (handle: import('@temporalio/client').WorkflowHandle) => Promise<unknown>,
  ): Promise<void> {
    const { asRunError } = await import('../temporal/client.js');
    const client = await this.#options.temporal.client(target.client);
    try {
      await act(client.workflow.getHandle(target.workflowId));
    } catch (error) {
      throw asRunError(error);
    }
  }

  /** The task queue that a host name means: that of a worker entry, or the queue of that name. */
  #queueOf(host: string): { readonly taskQueue: string; readonly client: string | undefined } {
    const { temporal, registry } = this.#options;
    const routes = temporal.routes();
    const taskQueue = routes.queueOfWorker.get(host);
    if (taskQueue !== undefined) return { taskQueue, client: clientOfQueue(routes, taskQueue) };
    const entry = host.includes(':') ? registry.current.get(host) : undefined;
    if (entry !== undefined) {
      if (entry.kind === 'process.host' || entry.kind === 'terminal.host')
        throw new EntryIdleError(host, entry.kind);
      throw new EntryKindError(host, entry.kind, 'a host is a temporal.worker or the name of a task queue');
    }
    return { taskQueue: host, client: clientOfQueue(routes, host) };
  }

  async #start(
    request: StartRequest,
    context: CommandContext,
  ): Promise<{ readonly target: WorkflowTarget; readonly runId: string }> {
    const { temporal } = this.#options;
    const type = this.#workflowType(request.target);
    const wishes = workflowWishes(request.options);
    if (wishes.namespace !== undefined)
      throw new NotBuiltError(
        "'temporal.workflow.namespace'; give the worker a temporal.client of that namespace",
      );
    this.#checkStart(request);
    const queue = this.#queueOf(request.host);
    const taskQueue =
      wishes.taskQueue === undefined
        ? queue.taskQueue
        : queueNamed(this.#options.temporal.routes(), wishes.taskQueue);
    const explicit = wishes.workflowId ?? request.name;
    const [{ startRun }, { startWithAttributes }] = await Promise.all([
      import('../temporal/client.js'),
      import('../temporal/search-attributes.js'),
    ]);
    const workflowId = explicit ?? `${type}-${globalThis.crypto.randomUUID()}`;
    const target = { host: request.host, workflowId, client: queue.client };
    const client = await temporal.client(queue.client);
    const headers = { ...headersOf(context), values: request.values };
    // A start that may find a run already there delivers its messages to that one too: they go as a signal.
    const joins = explicit !== undefined && wishes.conflict === 'USE_EXISTING' && request.messages.length > 0;
    const start = request.messages.length === 0 ? {} : { start: { messages: request.messages } };
    const begin = async (options: typeof wishes.options): Promise<string> => {
      if (joins)
        return this.#signalWithStart(client, {
          type,
          taskQueue,
          request,
          options,
          target,
          headers,
          context,
        });
      const { runId } = await client.withAbortSignal(context.signal, () =>
        startRun(client, {
          type,
          taskQueue,
          args: request.args,
          workflowId,
          headers: { ...headers, ...start },
          options,
        }),
      );
      return runId;
    };
    const told = (advice: string): void => this.#options.failed(new Error(advice));
    return { target, runId: await startWithAttributes(client, wishes.options, begin, told) };
  }

  /** Context travels in headers, which are recorded. */
  #checkContext({ values }: CommandContext, what: string): void {
    this.#options.guard.check(values, `the context of ${what}`);
  }

  /** Everything of a start is recorded. */
  #checkStart({ target, args, values, messages, options, name }: StartRequest): void {
    const { guard } = this.#options;
    guard.check(options, `an option of '${target}'`); // id, memo, search attributes
    guard.check(name ?? null, `the name of '${target}'`);
    guard.check([...args], `an argument of '${target}'`);
    guard.check(values, `the context of '${target}'`);
    for (const { body } of messages) guard.check([...body], `a first message to '${target}'`);
  }

  async #signalWithStart(
    client: import('@temporalio/client').Client,
    start: {
      readonly type: string;
      readonly taskQueue: string;
      readonly request: StartRequest;
      readonly options: ReturnType<typeof workflowWishes>['options'];
      readonly target: WorkflowTarget;
      readonly headers: import('../temporal/client.js').CallHeaders;
      readonly context: CommandContext;
    },
  ): Promise<string> {
    const { asRunError, withCallHeaders } = await import('../temporal/client.js');
    const { type, taskQueue, request, options, target, headers, context } = start;
    const from = context.pid ?? `{${FUNCTION_HOST}|${globalThis.crypto.randomUUID()}}`;
    const key = `${from}\n${target.workflowId}`;
    let seq = this.#sent.get(key) ?? 0;
    const batch: Data[] = request.messages.map(({ topic, body }) =>
      dataObject({ from, seq: (seq += 1), topic, body: [...body] }),
    );
    this.#sent.set(key, seq);
    const runner = this.#options.topology.find(from);
    void runner?.ended.then(() => this.#sent.delete(key));
    try {
      const handle = await client.withAbortSignal(context.signal, () =>
        withCallHeaders(headers, () =>
          client.workflow.signalWithStart(type, {
            ...options,
            args: [...request.args],
            taskQueue,
            workflowId: target.workflowId,
            signal: INBOX_SIGNAL,
            signalArgs: [batch],
          }),
        ),
      );
      return handle.signaledRunId;
    } catch (error) {
      throw asRunError(error);
    }
  }

  /** The workflow type of a start's target. */
  #workflowType(id: string): string {
    const view = this.#options.registry.current;
    const entry = view.get(id);
    if (entry === undefined) {
      const runnable = [...view.ofKind('workflow.lua'), ...view.ofKind('process.lua')];
      throw new EntryUnknownError(
        id,
        nearest(
          id,
          runnable.map((one) => one.id),
        ),
      );
    }
    if (entry.kind === 'function.lua')
      throw new EntryKindError(id, entry.kind, 'call it with funcs.call; a workflow.lua can be spawned');
    if (entry.kind !== 'workflow.lua' && entry.kind !== 'process.lua')
      throw new EntryKindError(id, entry.kind, 'a workflow.lua can be spawned');
    const temporal = entry.meta['temporal'] as DataObject | undefined;
    const name = (temporal?.['workflow'] as DataObject | undefined)?.['name'];
    return typeof name === 'string' ? name : id;
  }

  #watch(watcher: string, target: string): AbortController {
    const key = `${watcher}\n${target}`;
    this.#watches.get(key)?.abort();
    const watch = manyListeners();
    this.#watches.set(key, watch);
    void this.#options.topology.find(watcher)?.ended.then(() => {
      watch.abort();
      if (this.#watches.get(key) === watch) this.#watches.delete(key);
    });
    return watch;
  }

  #watchWorkflow(watcher: string, pid: string, target: WorkflowTarget): void {
    const watch = this.#watch(watcher, pid);
    const wait = async (): Promise<void> => {
      const { resultOf } = await import('../temporal/client.js');
      const client = await this.#options.temporal.client(target.client);
      let outcome: Outcome;
      try {
        const result = client.withAbortSignal(watch.signal, () =>
          resultOf(client, { workflowId: target.workflowId }),
        );
        outcome = { ok: true, values: await result };
      } catch (error) {
        if (watch.signal.aborted) return;
        outcome = { ok: false, error: this.#options.toErrorData(error) };
      }
      this.#tellEnd(watcher, pid, outcome, watch);
    };
    wait().catch(this.#options.failed);
  }

  #tellEnd(watcher: string, pid: string, outcome: Outcome, watch: AbortController): void {
    if (watch.signal.aborted) return;
    this.#watches.delete(`${watcher}\n${pid}`);
    const result: DataObject = outcome.ok
      ? dataObject({ value: outcome.values[0] ?? null })
      : dataObject({ error: errorToData(outcome.error) });
    this.#options.topology.find(watcher)?.deliver({
      topic: EVENTS_TOPIC,
      from: pid,
      payloads: [dataObject({ kind: 'EXIT', from: pid, result })],
    });
  }
}

/** What a call of a running instance carries to Temporal. */
const headersOf = (context: CommandContext): { values: Readonly<DataObject>; from?: string } => ({
  values: context.values,
  ...(context.pid === undefined ? {} : { from: context.pid }),
});

function needLocal(scope: number): void {
  if (scope !== LOCAL_SCOPE) throw new NotBuiltError('names beyond this node; use the LOCAL scope');
}

/** The error of a call as TypeScript's callers and Lua get it. */
export const throwOutcome = (outcome: Outcome): readonly Data[] => {
  if (outcome.ok) return outcome.values;
  throw new CallError(outcome.error);
};
