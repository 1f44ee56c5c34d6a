// The process hosts of this node: who runs on which, and what they refuse.
// H1: a start takes the newest program; what runs keeps its own until it upgrades.
// H2: a host runs `max_processes` at most, and lets so many wait to start as its queues hold; what is full says whose limit it is.
//     Where `on_full` is `wait` a spawn waits for its place, in the order in which they came; a host that may run no more refuses.
// H3: bonds, name and first messages of a start are there before the process runs.
// H4: a host with one worker runs its processes in the main thread, one with more in threads of its own (threads/).
// H5: a terminal.host runs one process at a time; TERMINAL_HOST is one that every app has (`moontide run COMMAND`).
// H6: who asked for OUTDATED hears of each version that brings its entry another program, with what of it has changed.
import { mapIn } from '../core/data-values.js';
import { dataObject } from '../core/data.js';
import type { Data } from '../core/data.js';
import { entryMilliseconds } from '../core/durations.js';
import { PlatformError } from '../core/errors.js';
import type { EventBus } from '../core/event-bus.js';
import type { CommandContext } from '../core/handler.js';
import type { LoadedProgram } from '../lua/engine.js';
import type { SpawnRequest, StartRequest } from '../modules/process/host.js';
import type { Outcome } from '../lua/step.js';
import { changedId } from '../registry/model/changes.js';
import type { Change } from '../registry/model/changes.js';
import type { Entry } from '../registry/model/entry.js';
import type { RegistryService, RegistryView } from '../registry/model/registry.js';
import { outdatedMessage } from './bond-events.js';
import { outermostFor } from './command-context.js';
import { CallError, EntryIdleError, EntryKindError, EntryUnknownError, NodeStoppedError } from './errors.js';
import type { Factory } from './factory.js';
import { DEFAULT_INBOX_SIZE } from './inbox.js';
import type { InboxLimit } from './inbox.js';
import type { InstanceRunner, Instantiate, RunnerWatcher } from './instance-runner.js';
import { nearest } from './nearest.js';
import type { ProgramCache } from './program-cache.js';
import type { Router } from './router.js';
import { LuaThreads } from './threads/lua-threads.js';
import type { ThreadSurroundings } from './threads/lua-threads.js';
import type { Asked } from './tier.js';
import type { Actor } from './topology.js';

class HostFullError extends PlatformError {
  override readonly name = 'HostFullError';
  readonly code = 'HOST_FULL';
  override readonly kind = 'RateLimited' as const;
  override readonly retryable = true;
  constructor(host: string, what: string) {
    super(`host '${host}' ${what}`);
  }
}

export interface HostSettings {
  readonly workers: number;
  /** Processes that may wait to start, in all. */
  readonly queue: number;
  /** Of those: at each thread. */
  readonly localQueue: number;
  readonly waits: boolean;
  readonly maxProcesses: number;
  /** Messages that one of its processes may have and not have received. */
  readonly inboxSize: number;
  /** How long its processes may go on when the node stops. Milliseconds. */
  readonly stopMs: number;
}

/** What a host says in its entry. Everything was checked with its schema. */
export function hostSettings(entry: Entry): HostSettings {
  const host = mapIn(entry.data['host']);
  const lifecycle = mapIn(entry.data['lifecycle']);
  const number = (value: Data | undefined, otherwise: number): number =>
    typeof value === 'number' || typeof value === 'bigint' ? Number(value) : otherwise;
  const workers = number(host['workers'], 1);
  const localQueue = number(host['local_queue_size'], 256);
  return {
    workers,
    queue: number(host['queue_size'], 1024) + workers * localQueue,
    localQueue,
    waits: host['on_full'] !== 'refuse',
    inboxSize: number(host['inbox_size'], DEFAULT_INBOX_SIZE),
    maxProcesses: entry.kind === 'terminal.host' ? 1 : number(entry.data['max_processes'], 200_000), // H5
    stopMs: entryMilliseconds(lifecycle['stop_timeout']) ?? 10_000,
  };
}

/** An event about a process. */
type TellProcess = (kind: 'started' | 'stopped', pid: string, data: Record<string, string | boolean>) => void;

/** One host: what runs on it and what waits. */
class ProcessHost implements RunnerWatcher {
  readonly entry: Entry;
  readonly settings: HostSettings;
  readonly inbox: InboxLimit;
  readonly running = new Set<InstanceRunner>();
  readonly #tell: TellProcess;
  /** Not begun yet. */
  #starting = new Set<InstanceRunner>();
  #waiting: (() => void)[] = [];
  /** Places that spawns have waited for and will take next. */
  #kept = 0;
  /** Undefined: its processes run in the main thread. */
  readonly threads: LuaThreads | undefined;

  constructor(entry: Entry, tell: TellProcess, surroundings: ThreadSurroundings, before?: ProcessHost) {
    this.entry = entry;
    this.#tell = tell;
    this.settings = hostSettings(entry);
    const { inboxSize: most, waits } = this.settings;
    this.inbox = { host: entry.id, most, waits };
    const { workers, localQueue } = this.settings;
    if (before?.settings.workers === workers && before.settings.localQueue === localQueue)
      this.threads = before.threads;
    else {
      before?.threads?.retire();
      if (workers > 1) this.threads = new LuaThreads({ host: entry.id, workers, localQueue }, surroundings);
    }
    if (before === undefined) return;
    this.running = before.running;
    this.#starting = before.#starting;
    this.#waiting = before.#waiting;
  }

  /** Throws when nothing more may start; false: the spawn is to wait. */
  hasRoom(): boolean {
    const { maxProcesses, queue, waits } = this.settings;
    const { id } = this.entry;
    if (this.running.size >= maxProcesses)
      throw new HostFullError(
        id,
        this.entry.kind === 'terminal.host'
          ? 'has a process, and a terminal runs one at a time; wait until it ends'
          : `runs ${this.running.size} processes, all that its max_processes allows; raise it, or wait until some end`,
      );
    if (this.#starting.size + this.#kept < queue && this.#waiting.length === 0) return true;
    if (waits) return false;
    throw new HostFullError(
      id,
      `has ${this.#starting.size} processes that wait to start, all that its host.queue_size and host.local_queue_size allow; raise them, or spawn more slowly`,
    );
  }

  /** Resolves when there is a place, which is kept for whoever waited; rejects when it gave up. */
  waitForRoom(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(place), 1);
        reject(new CallError({ kind: 'Canceled', message: 'the spawn was given up', retryable: false }));
      };
      const place = (): void => {
        signal.removeEventListener('abort', giveUp);
        this.#kept += 1;
        resolve();
      };
      this.#waiting.push(place);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Starts that wait: for their turn, or for a place in the queue. */
  get queued(): number {
    return this.#starting.size + this.#waiting.length;
  }

  /** The place that was kept is taken, or given back. */
  takeKept(): void {
    this.#kept -= 1;
  }

  add(runner: InstanceRunner): void {
    this.running.add(runner);
    this.#starting.add(runner);
    this.#tell('started', runner.pid, { entry: runner.entry, host: this.entry.id });
  }

  began(runner: InstanceRunner): void {
    if (this.#starting.delete(runner)) this.#waiting.shift()?.();
  }

  left(runner: InstanceRunner, outcome: Outcome): void {
    this.running.delete(runner);
    this.began(runner);
    const how = outcome.ok ? { ok: true } : { ok: false, error: outcome.error.kind };
    this.#tell('stopped', runner.pid, { entry: runner.entry, host: this.entry.id, ...how });
  }
}

/** Who asks for a start, and until when. */
export interface Asking extends Pick<CommandContext, 'asker' | 'signal' | 'identity'> {
  /** InstanceRunner.mayRun. */
  readonly mayRun?: (() => boolean) | undefined;
}

export interface ProcessHostsOptions {
  readonly registry: RegistryService;
  readonly programs: ProgramCache;
  readonly factory: Factory;
  readonly router: Router;
  /** For hosts with threads. */
  readonly threads: ThreadSurroundings;
  readonly bus: Pick<EventBus, 'publish'>;
}

export class ProcessHosts {
  readonly #options: ProcessHostsOptions;
  readonly #hosts = new Map<string, ProcessHost>();
  readonly #hashes = new WeakMap<LoadedProgram, string>();
  #stopping = false;

  constructor(options: ProcessHostsOptions) {
    this.#options = options;
  }

  /** The hosts of the node, also those that nothing has run on. */
  facts(): {
    readonly id: string;
    readonly workers: number;
    readonly processes: number;
    readonly queued: number;
  }[] {
    return this.#options.registry.current.ofKind('process.host').map((entry) => {
      const host = this.#hosts.get(entry.id);
      return {
        id: entry.id,
        workers: hostSettings(entry).workers,
        processes: host?.running.size ?? 0,
        queued: host?.queued ?? 0,
      };
    });
  }

  /** What runs on a host; undefined: there is no such host. */
  runningOn(host: string): readonly InstanceRunner[] | undefined {
    return this.has(host) ? [...(this.#hosts.get(host)?.running ?? [])] : undefined;
  }

  /** Whether processes of this host are in this node's memory. */
  has(host: string): boolean {
    return isHostHere(this.#options.registry.current, host);
  }

  /** The PID's text. */
  spawn(request: SpawnRequest, context: CommandContext): Asked<string> {
    const loaded = this.#prepare(request);
    if (loaded instanceof Promise) return loaded.then((ready) => this.#spawnWith(ready, request, context));
    return this.#spawnWith(loaded, request, context);
  }

  #spawnWith(loaded: LoadedProgram, request: SpawnRequest, context: CommandContext): Asked<string> {
    const host = this.#host(request.host);
    if (host.hasRoom()) return this.#begin(host, loaded, request, context).pid;
    return this.#whenRoom(host, request, context, () => this.#begin(host, loaded, request, context).pid);
  }

  /** The process itself, for what keeps it running. `signal` gives up the wait for a place. */
  async start(request: StartRequest, asking: Asking): Promise<InstanceRunner> {
    const loaded = await this.#prepare(request);
    const host = this.#host(request.host);
    const started = { ...request, monitored: false, linked: false };
    const begin = (): InstanceRunner => this.#begin(host, loaded, started, asking);
    return host.hasRoom() ? begin() : this.#whenRoom(host, request, asking, begin);
  }

  /** Gives all returned values; throws the error. Ends with its caller. */
  async exec(request: StartRequest, context: CommandContext): Promise<readonly Data[]> {
    const host = this.#host(request.host);
    const runner = await this.start(request, context);
    const giveUp = (): void =>
      runner.withdraw(
        { kind: 'Canceled', message: `the caller of '${request.target}' gave up`, retryable: false },
        host.settings.stopMs,
      );
    context.signal.addEventListener('abort', giveUp, { once: true });
    const outcome = await runner.ended;
    context.signal.removeEventListener('abort', giveUp);
    if (outcome.ok) return outcome.values;
    throw new CallError(outcome.error);
  }

  async #whenRoom<T>(
    host: ProcessHost,
    { target }: StartRequest,
    { signal }: Asking,
    begin: () => T,
  ): Promise<T> {
    await host.waitForRoom(signal);
    host.takeKept();
    if (this.#stopping) throw new NodeStoppedError(`cannot start '${target}'`);
    return begin();
  }

  /** Asks all to end, waits for each as long as its host says (and `mostMs` at most), then ends them. */
  async stop(mostMs: number): Promise<void> {
    this.#stopping = true;
    const ends: Promise<unknown>[] = [];
    for (const { running, settings } of this.#hosts.values())
      for (const runner of running) {
        ends.push(runner.ended);
        runner.withdraw(
          { kind: 'Canceled', message: 'the node is stopping', retryable: true },
          Math.min(settings.stopMs, mostMs),
        );
      }
    await Promise.all(ends);
    for (const { threads } of this.#hosts.values()) await threads?.[Symbol.asyncDispose]();
  }

  #begin(host: ProcessHost, loaded: LoadedProgram, request: SpawnRequest, asking: Asking): InstanceRunner {
    const { asker } = asking;
    const { factory, router } = this.#options;
    const { name, monitored, linked, messages } = request;
    if (name !== undefined) router.local.nameMustBeFree(name);
    const runner = factory.create({
      loaded,
      entry: request.target,
      host: request.host,
      values: request.values,
      frame: outermostFor(asking.identity),
      watcher: host,
      instantiate: this.#placeIn(host),
    });
    runner.mayRun = asking.mayRun;
    host.add(runner);
    if (name !== undefined) router.local.register(name, runner.pid);
    if (asker !== undefined && monitored) void router.bind('monitor', asker, runner.pid);
    if (asker !== undefined && linked) void router.bind('link', asker, runner.pid);
    runner.start(request.args);
    for (const { topic, body } of messages) runner.deliver({ topic, from: asker, payloads: body });
    return runner;
  }

  /** Where instances of a host are made; undefined: in this thread. */
  #placeIn({ threads }: ProcessHost): Instantiate | undefined {
    if (threads === undefined) return undefined;
    return (program, runner) => threads.instance(program, runner);
  }

  /** What is to run (H1). Throws what is wrong with the request. */
  #prepare({ target, host }: StartRequest): LoadedProgram | Promise<LoadedProgram> {
    if (this.#stopping) throw new NodeStoppedError(`cannot start '${target}'`);
    this.#host(host);
    return this.program(target);
  }

  /** The newest program of a process. */
  program(target: string): LoadedProgram | Promise<LoadedProgram> {
    const { registry, programs } = this.#options;
    const view = registry.current;
    const entry = view.get(target);
    if (entry === undefined) {
      const known = view.ofKind('process.lua').map(({ id }) => id);
      throw new EntryUnknownError(target, nearest(target, known));
    }
    if (entry.kind !== 'process.lua') throw new EntryKindError(target, entry.kind, spawnHint(entry.kind));
    const hash = view.programHash(target);
    if (hash === undefined) throw new EntryIdleError(target, entry.kind);
    const loaded = programs.get(hash, target);
    if (loaded instanceof Promise) return loaded.then((ready) => this.#know(ready, hash));
    return this.#know(loaded, hash);
  }

  #know(loaded: LoadedProgram, hash: string): LoadedProgram {
    this.#hashes.set(loaded, hash);
    return loaded;
  }

  /** Has a process go on as the newest program of an entry, by default its own. Throws as a start would. */
  async upgrade(
    actor: Actor,
    target: string | undefined,
    args: readonly Data[],
    { signal }: Pick<CommandContext, 'signal'>,
  ): Promise<void> {
    const entry = target ?? actor.entry;
    const loaded = await this.program(entry);
    if (!signal.aborted) actor.upgrade(loaded, entry, args); // else another of its coroutines was before
  }

  /** Tells those that want to know that a version has changed their programs (H6). */
  changed(changes: readonly Change[]): void {
    const view = this.#options.registry.current;
    const changed = new Set<string>(changes.map(changedId));
    for (const { running } of this.#hosts.values())
      for (const runner of running) {
        if (!runner.isUpgradable) continue;
        const { entry, program } = runner;
        if (view.programHash(entry) === this.#hashes.get(program)) continue;
        const sources = Object.keys(program.program.units).filter((id) => changed.has(id));
        // The next version may change something else of the app.
        if (sources.length > 0)
          runner.deliver(outdatedMessage([...new Set<string>([entry, ...sources])].sort()));
      }
  }

  #host(id: string): ProcessHost {
    const entry = hostEntry(this.#options.registry.current, id);
    const known = this.#hosts.get(id);
    if (known !== undefined && known.entry === entry) return known;
    if (entry === undefined || !isProcessHost(entry))
      throw entry === undefined
        ? new EntryUnknownError(id)
        : new EntryKindError(id, entry.kind, 'processes run on a process.host');
    const tell: TellProcess = (kind, pid, data) =>
      this.#options.bus.publish('process', kind, pid, dataObject(data));
    const host = new ProcessHost(entry, tell, this.#options.threads, known);
    this.#hosts.set(id, host);
    return host;
  }
}

/** The terminal of an app that has no terminal.host of its own. */
export const TERMINAL_HOST = 'moontide:terminal';
const TERMINAL: Entry = {
  id: TERMINAL_HOST,
  kind: 'terminal.host',
  meta: dataObject({}),
  data: dataObject({}),
} as unknown as Entry;

const hostEntry = (view: Pick<RegistryView, 'get'>, id: string): Entry | undefined =>
  id === TERMINAL_HOST ? TERMINAL : view.get(id);

const isProcessHost = (entry: Entry | undefined): boolean =>
  entry?.kind === 'process.host' || entry?.kind === 'terminal.host';

/** Whether processes of this host are in this node's memory. */
export const isHostHere = (view: Pick<RegistryView, 'get'>, id: string): boolean =>
  isProcessHost(hostEntry(view, id));

const spawnHint = (kind: string): string =>
  kind === 'workflow.lua'
    ? 'a workflow runs on a temporal.worker; a process.host runs a process.lua'
    : kind === 'function.lua'
      ? 'call it with funcs.call; a process.host runs a process.lua'
      : 'a process.host runs a process.lua';
