// The tier of runs on Temporal: what a process of this node may ask of a workflow, and what a workflow hears of this node.
// W1: messages of one sender to one workflow arrive in the order in which they were sent: each send is awaited.
// W2: a call to Temporal ends with the instance that makes it: one that is under way when the connection closes ends the process.
// W3: the end of a workflow is heard by waiting for its result; the abnormal end of a linked process is signalled to the workflow.
import type { Client, WorkflowHandle } from '@temporalio/client';
import { dataObject } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import type { IdentitySeal } from '../core/identity-host.js';
import { formatPid, tryPid } from '../core/ids.js';
import type { Message } from '../lua/instance-context.js';
import type { Outcome } from '../lua/step.js';
import { field } from '../core/optional-field.js';
import type { AskRequest, SpawnRequest, StartRequest, UpdateStartRequest } from '../modules/process/host.js';
import type { RegistryService } from '../registry/model/registry.js';
import { EVENT_SIGNAL, INBOX_SIGNAL } from '../temporal/names.js';
import { manyListeners } from './abortable.js';
import { resultData } from './bond-events.js';
import { workflowWishes } from './call-options.js';
import type { WorkflowWishes } from './call-options.js';
import { refusePlatformRun } from '../core/platform-runs.js';
import { EntryKindError, EntryUnknownError, NotBuiltError } from './errors.js';
import { FUNCTION_HOST } from './function-pool.js';
import { nearest } from './nearest.js';
import type { SecretGuard } from './secret-guard.js';
import { clientOfQueue, queueNamed } from './temporal-access.js';
import type { TemporalAccess } from './temporal-access.js';
import type { Bond, CancelRequest, Ending, Tier } from './tier.js';

export interface WorkflowTierOptions {
  readonly registry: () => RegistryService;
  readonly temporal: TemporalAccess;
  readonly guard: SecretGuard;
  readonly seal: Pick<IdentitySeal, 'seal'>;
  readonly toErrorData: (error: unknown) => ErrorData;
  readonly failed: (error: unknown) => void;
  /** Tells a process that is bound to a workflow of its end. */
  readonly tell: (bond: Bond, watcher: string, ending: Ending) => void;
  /** Calls back when a process of this node ends. */
  readonly whenEnded: (pid: string, then: () => void) => void;
}

interface WorkflowTarget {
  /** The host part of its PID. */
  readonly host: string;
  readonly workflowId: string;
  readonly client: string | undefined;
}

interface PreparedStart {
  readonly type: string;
  readonly taskQueue: string;
  readonly wishes: WorkflowWishes;
  /** Whether somebody chose its id, under which another may run already. */
  readonly isNamed: boolean;
  readonly target: WorkflowTarget;
  readonly client: Client;
  readonly headers: Headers;
}

type Headers = import('../temporal/client.js').CallHeaders;

export class WorkflowTier implements Tier {
  readonly #options: WorkflowTierOptions;
  /** By bond, watcher and target. */
  readonly #watches = new Map<string, AbortController>();
  /** Sequence of the last message of a start to a run that may be there, by `<sender>\n<target>`. */
  readonly #sent = new Map<string, number>();

  constructor(options: WorkflowTierOptions) {
    this.#options = options;
  }

  async send(to: string, { topic, payloads }: Message, context?: CommandContext): Promise<void> {
    const target = this.#reachable(to);
    this.#checkContext(context, `a message to '${to}'`);
    this.#options.guard.check([...payloads], `a message to '${to}'`);
    const { signalRun } = await import('../temporal/client.js');
    const client = await this.#options.temporal.client(target.client);
    await within(client, context, () =>
      signalRun(client, { workflowId: target.workflowId }, topic, payloads, this.#headersOf(context)),
    );
  }

  async query(request: AskRequest, context: CommandContext): Promise<readonly Data[]> {
    const { queryRun } = await import('../temporal/client.js');
    return this.#ask(request, 'query', context, (client, workflowId) =>
      queryRun(client, { workflowId }, request.name, request.args, this.#headersOf(context)),
    );
  }

  /** A workflow's update has the key of its call: tried again it is the same update. */
  async update(request: AskRequest, context: CommandContext): Promise<readonly Data[]> {
    const { updateRun } = await import('../temporal/client.js');
    const { idempotencyKey } = context;
    return this.#ask(request, 'update', context, (client, workflowId) =>
      updateRun(client, { workflowId }, request.name, request.args, {
        headers: this.#headersOf(context),
        ...(idempotencyKey === undefined ? {} : { updateId: idempotencyKey }),
      }),
    );
  }

  async #ask(
    { to, name, args }: AskRequest,
    verb: 'query' | 'update',
    context: CommandContext,
    ask: (client: Client, workflowId: string) => Promise<readonly Data[]>,
  ): Promise<readonly Data[]> {
    const target = this.#reachable(to);
    this.#checkContext(context, `the ${verb} '${name}'`);
    this.#options.guard.check([...args], `an argument of the ${verb} '${name}'`);
    const client = await this.#options.temporal.client(target.client);
    return within(client, context, () => ask(client, target.workflowId));
  }

  async spawn(request: SpawnRequest, context: CommandContext): Promise<string> {
    const { target } = await this.#start(request, context);
    return formatPid({ host: target.host, id: target.workflowId });
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
      return await within(client, context, () => resultOf(client, { workflowId: target.workflowId, runId }));
    } finally {
      context.signal.removeEventListener('abort', giveUp);
    }
  }

  async terminate(to: string): Promise<void> {
    await this.#onWorkflow(this.#reachable(to), (handle) => handle.terminate('process.terminate'));
  }

  async cancel(to: string, { deadlineMs }: CancelRequest): Promise<void> {
    if (deadlineMs !== undefined)
      throw new NotBuiltError(
        'a deadline for the cancellation of a workflow; terminate it when its time is up',
      );
    await this.#onWorkflow(this.#reachable(to), (handle) => handle.cancel());
  }

  async bind(bond: Bond, watcher: string, to: string): Promise<void> {
    const target = this.#target(to);
    await this.#onWorkflow(target, (handle) => handle.describe());
    this.watch(bond, watcher, to);
  }

  unbind(bond: Bond, watcher: string, to: string): void {
    const key = watchKey(bond, watcher, to);
    this.#watches.get(key)?.abort();
    this.#watches.delete(key);
  }

  /** Of a process that ended the workflow hears by a signal; one that is gone need not hear (W3). */
  async tell(bond: Bond, watcher: string, { from, outcome }: Ending): Promise<void> {
    this.unbind(bond, from, watcher);
    if (bond === 'link' && outcome.ok) return;
    const { asRunError, withCallHeaders } = await import('../temporal/client.js');
    const { workflowId, client: entry } = this.#target(watcher);
    const client = await this.#options.temporal.client(entry);
    const kind = bond === 'link' ? 'LINK_DOWN' : 'EXIT';
    const event = dataObject({ kind, from, result: resultData(outcome) });
    try {
      await withCallHeaders({ values: dataObject(), from }, () =>
        client.workflow.getHandle(workflowId).signal(EVENT_SIGNAL, event),
      );
    } catch (error) {
      if (this.#options.toErrorData(asRunError(error)).kind !== 'NotFound') throw error;
    }
  }

  /** Waits for the end of a workflow that is there, and tells the watcher. */
  watch(bond: Bond, watcher: string, pid: string): void {
    const key = watchKey(bond, watcher, pid);
    if (this.#watches.has(key)) return;
    const watch = manyListeners();
    this.#watches.set(key, watch);
    const target = this.#target(pid);
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
        outcome = { ok: false, error: this.#options.toErrorData(error) };
      }
      if (watch.signal.aborted) return;
      this.#watches.delete(key);
      this.#options.tell(bond, watcher, { from: pid, outcome });
    };
    wait().catch(this.#options.failed);
  }

  /** The workflow that a destination means: a PID, or an id. */
  /** Throws PlatformRunError. */
  #reachable(to: string): WorkflowTarget {
    const target = this.#target(to);
    refusePlatformRun(target.workflowId);
    return target;
  }

  #target(to: string): WorkflowTarget {
    const pid = tryPid(to);
    if (pid === undefined) return { host: '', workflowId: to, client: undefined };
    return { host: pid.host, workflowId: pid.id, client: this.#queueOf(pid.host).client };
  }

  async #onWorkflow(
    target: WorkflowTarget,
    act: (handle: WorkflowHandle) => Promise<unknown>,
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
    const view = registry().current;
    const entry = host.includes(':') ? view.get(host) : undefined;
    if (entry !== undefined) {
      throw new EntryKindError(
        host,
        entry.kind,
        'a host is a process.host, a temporal.worker or the name of a task queue',
      );
    }
    const [namespace = ''] = host.split(':');
    // The id of an entry that is not there, unless it cannot be one of this app.
    if (namespace !== host && view.namespace(namespace).length > 0) {
      const hosts = [...view.ofKind('process.host'), ...view.ofKind('temporal.worker')];
      throw new EntryUnknownError(
        host,
        nearest(
          host,
          hosts.map(({ id }) => id),
        ),
      );
    }
    return { taskQueue: host, client: clientOfQueue(routes, host) };
  }

  /** Where a start goes, and as what; its values are checked. */
  async #prepare(request: StartRequest, context: CommandContext): Promise<PreparedStart> {
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
    const workflowId = explicit ?? `${type}-${globalThis.crypto.randomUUID()}`;
    return {
      type,
      taskQueue,
      wishes,
      isNamed: explicit !== undefined,
      target: { host: request.host, workflowId, client: queue.client },
      client: await temporal.client(queue.client),
      headers: { ...this.#headersOf(context), values: request.values },
    };
  }

  async execUpdate(request: UpdateStartRequest, context: CommandContext): Promise<readonly Data[]> {
    const { name, args } = request.update;
    this.#options.guard.check([...args], `an argument of the update '${name}'`);
    const { type, taskQueue, wishes, target, client, headers } = await this.#prepare(request, context);
    const [{ updateWithStart }, { startWithAttributes }] = await Promise.all([
      import('../temporal/client.js'),
      import('../temporal/search-attributes.js'),
    ]);
    const start = { type, taskQueue, args: request.args, workflowId: target.workflowId, headers };
    // As with `update`: tried again it is the same one.
    const update = { name, args, ...field('updateId', context.idempotencyKey) };
    const begin = (options: typeof wishes.options): Promise<readonly Data[]> =>
      within(client, context, () => updateWithStart(client, { ...start, options }, update));
    return startWithAttributes(client, wishes.options, begin, (advice) => this.#advise(advice));
  }

  #advise(advice: string): void {
    this.#options.failed(new Error(advice));
  }

  async #start(
    request: StartRequest,
    context: CommandContext,
  ): Promise<{ readonly target: WorkflowTarget; readonly runId: string }> {
    const { type, taskQueue, wishes, isNamed, target, client, headers } = await this.#prepare(
      request,
      context,
    );
    const { workflowId } = target;
    const [{ startRun }, { startWithAttributes }] = await Promise.all([
      import('../temporal/client.js'),
      import('../temporal/search-attributes.js'),
    ]);
    // A start that may find a run already there delivers its messages to that one too: they go as a signal.
    const joins = isNamed && wishes.conflict === 'USE_EXISTING' && request.messages.length > 0;
    const start = request.messages.length === 0 ? {} : { start: { messages: request.messages } };
    const begin = async (options: typeof wishes.options): Promise<string> => {
      if (joins)
        return this.#signalWithStart(client, { type, taskQueue, request, options, target, headers, context });
      const { runId } = await within(client, context, () =>
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
    return {
      target,
      runId: await startWithAttributes(client, wishes.options, begin, (advice) => this.#advise(advice)),
    };
  }

  /** What a call of a running instance carries to Temporal. */
  #headersOf(context: CommandContext | undefined): Headers & { readonly values: Readonly<DataObject> } {
    const { values = dataObject(), asker, identity } = context ?? {};
    return {
      values,
      ...(asker === undefined ? {} : { from: asker }),
      ...(identity === undefined ? {} : { identity: this.#options.seal.seal(identity) }),
    };
  }

  /** Context travels in headers, which are recorded. */
  #checkContext(context: CommandContext | undefined, what: string): void {
    if (context !== undefined) this.#options.guard.check(context.values, `the context of ${what}`);
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
    client: Client,
    start: {
      readonly type: string;
      readonly taskQueue: string;
      readonly request: StartRequest;
      readonly options: ReturnType<typeof workflowWishes>['options'];
      readonly target: WorkflowTarget;
      readonly headers: Headers;
      readonly context: CommandContext;
    },
  ): Promise<string> {
    const { signalWithStart } = await import('../temporal/client.js');
    const { type, taskQueue, request, options, target, headers, context } = start;
    const from = context.asker ?? `{${FUNCTION_HOST}|${globalThis.crypto.randomUUID()}}`;
    const key = `${from}\n${target.workflowId}`;
    let seq = this.#sent.get(key) ?? 0;
    const batch: Data[] = request.messages.map(({ topic, body }) =>
      dataObject({ from, seq: (seq += 1), topic, body: [...body] }),
    );
    this.#sent.set(key, seq);
    this.#options.whenEnded(from, () => this.#sent.delete(key));
    const { args } = request;
    const { workflowId } = target;
    return within(client, context, () =>
      signalWithStart(client, { type, taskQueue, args, workflowId, headers, options }, INBOX_SIGNAL, [batch]),
    );
  }

  /** The workflow type of a start's target. */
  #workflowType(id: string): string {
    const view = this.#options.registry().current;
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
}

const watchKey = (bond: Bond, watcher: string, target: string): string => `${bond}\n${watcher}\n${target}`;

/** A call that ends with the instance that makes it (W2). */
const within = <T>(
  client: Client,
  context: CommandContext | undefined,
  call: () => Promise<T>,
): Promise<T> => (context === undefined ? call() : client.withAbortSignal(context.signal, call));
