// Who is told of whose end: monitors and links, of this run and by this run. Sealed.
// X1: the end of a monitored process is an EXIT event; the abnormal end of a linked one ends this run with its error.
// X2: the end of a child comes from Temporal itself; other runs are asked by a signal and answer with one before they end.
import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { dataObject } from '../../src/core/data.js';
import { refusePlatformRun } from '../../src/core/platform-runs.js';
import type { Data, DataObject } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import { tryPid } from '../../src/core/ids.js';
import { toTextLossy } from '../../src/core/text.js';
import type { Outcome } from '../../src/lua/step.js';
import type {
  Carried,
  Interest as CarriedInterest,
  EventData,
  WatchData,
} from '../../src/temporal/contracts.js';
import { dataToError, errorToData } from '../../src/temporal/failures.js';
import { EVENT_SIGNAL, WATCH_SIGNAL } from '../../src/temporal/names.js';
import type { Outgoing } from './context.js';
import { asObject } from './options.js';
import type { Routes } from './routes.js';
import { later } from './run.js';
import type { DurableHandler, DurableHandlers, Run, Scoped } from './run.js';

const EVENTS_TOPIC = '@events';

/** What this run wants to know of another. */
type Interest = { -readonly [Key in keyof CarriedInterest]: CarriedInterest[Key] };

interface Child {
  readonly ended: Promise<unknown>;
  /** Whether it outlives this run, and can tell of its end itself. */
  readonly stays: boolean;
}

export interface ExitsOptions {
  readonly run: Run;
  readonly outgoing: Outgoing;
  readonly pid: string;
  /** From the run before this one. */
  readonly carried: Carried | undefined;
}

export class Exits {
  readonly #options: ExitsOptions;
  /** By PID of the other. */
  readonly #interests = new Map<string, Interest>();
  /** PIDs that want to know of our end. */
  readonly #monitors = new Set<string>();
  readonly #links = new Set<string>();
  /** Children whose end Temporal tells us. */
  readonly #children = new Map<string, Child>();

  constructor(options: ExitsOptions) {
    this.#options = options;
    const { carried } = options;
    for (const pid of carried?.monitors ?? []) this.#monitors.add(pid);
    for (const pid of carried?.links ?? []) this.#links.add(pid);
    for (const [pid, interest] of Object.entries(carried?.interests ?? {}))
      this.#interests.set(pid, { ...interest });
  }

  /** For the run after this one. */
  get carried(): Omit<Carried, 'seen' | 'answers'> {
    const interests = [...this.#interests].filter(([, { monitored, linked }]) => monitored || linked);
    return {
      monitors: [...this.#monitors],
      links: [...this.#links],
      interests: Object.fromEntries(interests),
    };
  }

  /** PIDs of children that would end with this run, or whose end the next one could not hear of. */
  get bound(): string[] {
    return [...this.#children].filter(([, { stays }]) => !stays).map(([pid]) => pid);
  }

  /** Asks the children that stay to tell of their ends themselves: the next run is not their parent (X2). */
  async handOver(scoped: Scoped): Promise<void> {
    for (const [pid, { stays, ended }] of [...this.#children]) {
      if (!stays) continue;
      const { monitored, linked } = this.interest(pid);
      try {
        if (monitored) await scoped(() => this.ask(pid, 'monitor'));
        if (linked) await scoped(() => this.ask(pid, 'link'));
        this.#children.delete(pid);
      } catch {
        await ended; // it is no more: Temporal tells how it ended
      }
    }
  }

  /** A child was started: its end is heard from Temporal. */
  child(pid: string, interest: Interest, ended: Promise<Outcome>, stays: boolean): void {
    this.#children.set(pid, { stays, ended });
    this.#interests.set(pid, interest);
    void ended.then((outcome) => {
      this.#children.delete(pid);
      this.#ended(pid, outcome);
    });
  }

  isChild(pid: string): boolean {
    return this.#children.has(pid);
  }

  interest(pid: string): Interest {
    let interest = this.#interests.get(pid);
    if (interest === undefined) this.#interests.set(pid, (interest = { monitored: false, linked: false }));
    return interest;
  }

  /** Whether the abnormal end of a linked process is an event, and not the end of this run. */
  trapsLinks = false;

  /** EVENT_SIGNAL. */
  heard(event: DataObject | undefined): void {
    const from = event?.['from'];
    const result = asObject(event?.['result']);
    if (typeof from !== 'string' || result === undefined) throw new Error('an event has from and result');
    const error = dataToError(result['error']);
    // Of a process in the memory of a node, which knows of the link what this run may not know.
    if (event?.['kind'] === 'LINK_DOWN') {
      this.#interests.delete(from);
      if (error !== undefined) this.#linkDown(from, error);
      return;
    }
    this.#ended(
      from,
      error === undefined ? { ok: true, values: [result['value'] ?? null] } : { ok: false, error },
    );
  }

  /** WATCH_SIGNAL. */
  watch(request: DataObject | undefined): void {
    const { verb, from } = request ?? {};
    if (typeof from !== 'string') throw new Error('a watch has from');
    if (verb === 'monitor') this.#monitors.add(from);
    else if (verb === 'unmonitor') this.#monitors.delete(from);
    else if (verb === 'link') this.#links.add(from);
    else if (verb === 'unlink') this.#links.delete(from);
    else throw new Error('a watch has a verb');
  }

  /** Tells those who watch this run, before it ends. */
  async tell(outcome: Outcome): Promise<void> {
    const watchers = new Set([...this.#monitors, ...(outcome.ok ? [] : this.#links)]);
    await Promise.all(
      [...watchers].map((watcher) => this.#signal(watcher, EVENT_SIGNAL, this.#event(outcome))),
    );
  }

  /** Asks another run to tell of its end, or not to. */
  ask(pid: string, verb: WatchData['verb']): Promise<void> {
    const request: WatchData = { verb, from: this.#options.pid };
    return this.#signal(pid, WATCH_SIGNAL, dataObject({ ...request }), true);
  }

  #event(outcome: Outcome): Data {
    return eventData({ kind: 'EXIT', from: this.#options.pid, result: resultOf(outcome) });
  }

  async #signal(pid: string, name: string, body: Data, must = false): Promise<void> {
    const target = tryPid(pid);
    if (target === undefined) return;
    try {
      refusePlatformRun(toTextLossy(target.id));
      const handle = getExternalWorkflowHandle(toTextLossy(target.id));
      const { outgoing, run } = this.#options;
      await run.open.signals.make(() => outgoing.send(outgoing.headers(), () => handle.signal(name, body)));
    } catch (error) {
      if (must) throw error; // else: who is gone need not be told
    }
  }

  #ended(pid: string, outcome: Outcome): void {
    const { run } = this.#options;
    const interest = this.#interests.get(pid);
    this.#interests.delete(pid);
    if (interest === undefined) return;
    if (interest.monitored)
      run.deliver({
        topic: EVENTS_TOPIC,
        from: undefined,
        payloads: [eventData({ kind: 'EXIT', from: pid, result: resultOf(outcome) })],
      });
    if (interest.linked && !outcome.ok) this.#linkDown(pid, outcome.error);
  }

  #linkDown(pid: string, error: ErrorData): void {
    const { run } = this.#options;
    const outcome: Outcome = { ok: false, error };
    if (!this.trapsLinks) run.fail(linkError(pid, error));
    else
      run.deliver({
        topic: EVENTS_TOPIC,
        from: undefined,
        payloads: [eventData({ kind: 'LINK_DOWN', from: pid, result: resultOf(outcome) })],
      });
  }
}

const resultOf = (outcome: Outcome): EventData['result'] =>
  outcome.ok ? { value: outcome.values[0] ?? null } : { error: errorToData(outcome.error) };

const eventData = ({ result, ...rest }: EventData): Data =>
  dataObject({ ...rest, result: dataObject({ ...result }) });

const linkError = (pid: string, cause: ErrorData): ErrorData => ({
  kind: cause.kind,
  message: `the linked process ${pid} ended: ${cause.message}`,
  retryable: false,
  cause,
});

export interface ExitHandlerOptions {
  readonly exits: Exits;
  readonly routes: Routes;
  readonly general: DurableHandler;
}

const VERBS = ['monitor', 'unmonitor', 'link', 'unlink'] as const;

/** `process.monitor`, `unmonitor`, `link`, `unlink` { to } -> null, `process.cancel` { to, reason? } -> null. */
export const exitHandlers = ({ exits, routes, general }: ExitHandlerOptions): DurableHandlers => ({
  ...Object.fromEntries(
    VERBS.map((verb): [string, DurableHandler] => [
      `process.${verb}`,
      (call) => {
        const { to } = call.command;
        const target = typeof to === 'string' ? tryPid(to) : undefined;
        const note = (interest: Interest): null => {
          if (verb === 'monitor' || verb === 'unmonitor') interest.monitored = verb === 'monitor';
          else interest.linked = verb === 'link';
          return null;
        };
        if (typeof to !== 'string' || target === undefined) return general(call);
        // A process in the memory of a node tells this run of its end, of which it wants to hear.
        if (routes.queueOfHost(target.host) === undefined) {
          note(exits.interest(to));
          return general(call);
        }
        const interest = exits.interest(to);
        const noted = (): null => note(interest);
        if (exits.isChild(to)) return noted();
        return later(async () => {
          await exits.ask(to, verb);
          return noted();
        });
      },
    ]),
  ),
  'process.options': ({ command: { trap_links: trapLinks, upgradable }, run }) => {
    if (typeof trapLinks === 'boolean') exits.trapsLinks = trapLinks;
    if (typeof upgradable === 'boolean') run.isUpgradable = upgradable;
    return null;
  },
  // A reason travels through the server only with a request of a client: a node makes it.
  'process.cancel': (call) => {
    const { to, reason } = call.command;
    const target = typeof to === 'string' ? tryPid(to) : undefined;
    const plain = reason === undefined || reason === '';
    // The server takes no request of a run to cancel itself: a client makes that too.
    const own = target !== undefined && toTextLossy(target.id) === workflowInfo().workflowId;
    if (target === undefined || own || !plain || routes.queueOfHost(target.host) === undefined)
      return general(call);
    return later(async () => {
      refusePlatformRun(toTextLossy(target.id));
      await call.run.open.cancels.make(() => getExternalWorkflowHandle(toTextLossy(target.id)).cancel());
      return null;
    });
  },
});
