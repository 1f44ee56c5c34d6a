// One service: a run that holds the lease of its life, restarts it by the rules of supervision/machine.ts, and tells the supervisor.
// Sealed, replay-safe.
// S1: at most one lease is out. Where it ends, the machine decides what follows; delays and chance are this run's.
// S2: it goes on as new only between two lives, with nothing pending: a new run keeps neither activities nor timers.
// S3: the supervisor hears every state with a number; one signal is out at a time, and the newest state is what it carries.
//     What the supervisor knows already, as of a life that it gave leave for, is not told.
// S4: what comes by a signal is taken as it is meant or dropped: anybody may send one.
// S5: a lease that its run waits for no more is withdrawn when the next life begins, not before: a life may be adopted.
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  condition,
  continueAsNew,
  defineQuery,
  getExternalWorkflowHandle,
  proxyActivities,
  rootCause,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import { toBytes, toTextLossy } from '../src/core/text.js';
import {
  FOR_EVER_MS,
  LEASE_ACTIVITY,
  LEASE_HEARTBEAT_MS,
  SERVICE_ATTRIBUTES,
  SERVICE_COMMAND,
  SERVICE_NEWS,
  SERVICE_TOLD,
  STOP_ACTIVITY,
  supervisorWorkflowId,
} from '../src/temporal/names.js';
import type {
  GrantedLife,
  LeaseRequest,
  LeaseResult,
  ServiceCommand,
  ServiceMachine,
  ServiceNews,
  ServiceRun,
  ServiceSpec,
  ServiceTold,
  StopRequest,
} from '../src/temporal/service-contracts.js';
import { setCurrentDetailsLazily } from '../src/temporal/sdk-internals.js';
import { isServiceCommand, isServiceNews, onSignal } from './supervision/signals.js';
import { serviceDetails } from './supervision/details.js';
import { turn, unknown } from './supervision/machine.js';
import type { ServiceEffect, ServiceEvent } from './supervision/machine.js';

/** How long a node may take to answer that it is there. Milliseconds. */
const ANSWER_MS = 3000;
/** What a stop takes on top of the service's own time. Milliseconds. */
const STOP_MARGIN_MS = 5000;
/** A node that is there takes what is meant for it within this time. Milliseconds. */
const PICKUP_MS = 30_000;
/** Events; between two lives a longer run goes on as new. */
const LONG = 4000;

export async function service(input: ServiceRun): Promise<ServiceTold> {
  return new Service(input).main();
}

class Service {
  readonly #input: ServiceRun;
  #spec: ServiceSpec;
  #machine: ServiceMachine;
  #seq: number;
  readonly #events: ServiceEvent[] = [];
  #owner: ServiceNews | undefined;
  /** Who has the life that was granted. */
  #next: ServiceNews | undefined;
  #lease: CancellationScope | undefined;
  /** Of lives whose node was not heard of (S5). */
  readonly #given: CancellationScope[] = [];
  #waiting: CancellationScope | undefined;
  /** Activities that are out. */
  #pending = 0;
  #renew = false;
  #retire = false;
  #telling = false;
  #untold = false;
  /** The state that the search attribute has. */
  #shown: string | undefined;

  constructor(input: ServiceRun) {
    this.#input = input;
    this.#spec = input.spec;
    this.#machine = input.machine ?? unknown(input.token, Date.now());
    this.#seq = input.seq ?? 0;
    this.#shown = workflowInfo().searchAttributes[SERVICE_ATTRIBUTES.state]?.[0]?.toString();
  }

  async main(): Promise<ServiceTold> {
    onSignal(
      SERVICE_COMMAND,
      isServiceCommand,
      (command) => this.#command(command),
      'What the supervisor wants: start, stop, restart, report, settings, retire, renew.',
    );
    onSignal(
      SERVICE_NEWS,
      isServiceNews,
      (news) => this.#news(news),
      'What the node says that has the life.',
    );
    setHandler(defineQuery<ServiceTold>('state'), () => this.#told(), {
      description: 'Where the service is.',
    });
    setCurrentDetailsLazily(() => serviceDetails(this.#spec, this.#told()));
    const { machine, granted } = this.#input;
    if (granted !== undefined) this.#granted(granted);
    else {
      if (machine === undefined) this.#events.push({ type: 'start' });
      else if (this.#machine.retryAt !== undefined)
        this.#wait(Math.max(0, this.#machine.retryAt - Date.now()));
      this.#tell();
    }
    for (;;) {
      this.#turns();
      if (this.#isOver()) {
        this.#tell();
        await condition(() => !this.#telling && this.#pending === 0);
        // A delay that ran out meanwhile runs out in the next run; anything else is for this one.
        if (this.#events.every(({ type }) => type === 'due')) break;
      } else await condition(() => this.#events.length > 0 || this.#isOver());
    }
    if (!this.#retire && !this.#gone()) await this.#goOnAsNew();
    return this.#told();
  }

  /** Nothing more is to be done in this run (S2). */
  #isOver(): boolean {
    if (this.#machine.alive || this.#events.length > 0) return false;
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    this.#renew ||= continueAsNewSuggested || historyLength > LONG;
    return this.#renew || this.#retire || this.#gone();
  }

  /** The node that this run is of is gone (R10). */
  #gone(): boolean {
    return this.#input.node !== undefined && this.#machine.state === 'Stopped' && this.#machine.wanted;
  }

  async #goOnAsNew(): Promise<never> {
    const { machine: _machine, granted: _granted, ...input } = this.#input;
    return continueAsNew<typeof service>({
      ...input,
      spec: this.#spec,
      token: this.#machine.token,
      machine: this.#machine,
      seq: this.#seq,
    });
  }

  #command(command: ServiceCommand): void {
    switch (command.verb) {
      case 'start':
      case 'stop':
      case 'restart':
        this.#events.push({ type: command.verb });
        return;
      case 'report':
        this.#tell();
        return;
      case 'settings':
        this.#spec = command.spec;
        return;
      case 'retire':
        this.#retire = true;
        this.#events.push({ type: 'stop' });
        return;
      case 'renew':
        this.#renew = true;
        return;
      case 'granted':
        this.#granted(command.life);
        return;
      case 'lost':
        if (this.#machine.alive && this.#owner?.node === command.node) this.#giveUp();
        return;
      case 'handover':
        if (this.#machine.alive && this.#owner?.node === command.node && this.#machine.state !== 'Stopping')
          void this.#stopLife(this.#machine.token, 'handover');
        return;
      default: // S4
    }
  }

  #news(news: ServiceNews): void {
    if (news.token !== this.#machine.token || !this.#machine.alive) return;
    this.#owner = news;
    if (news.state === 'Running') this.#events.push({ type: 'running', token: news.token });
    this.#tell();
  }

  #granted({ node, queue, ...life }: GrantedLife): void {
    if (life.token > this.#machine.token) this.#next = { token: life.token, state: life.state, node, queue };
    this.#events.push({ type: 'granted', ...life });
  }

  /** Nobody hears of the node that has the life. */
  #giveUp(): void {
    if (this.#lease !== undefined) this.#given.push(this.#lease);
    this.#lease = undefined;
    const { token } = this.#machine;
    const reason = 'its node does not answer any more';
    this.#next = undefined;
    this.#events.push({ type: 'ended', token, end: 'lost', reason, ranMs: 0 });
  }

  #turns(): void {
    for (const event of this.#events.splice(0)) {
      const before = this.#machine;
      const { machine, effect } = turn(
        before,
        event,
        {
          ...this.#spec.settings,
          ofNode: this.#input.node !== undefined,
          grouped: this.#spec.group !== undefined,
        },
        { now: Date.now(), chance: Math.random },
      );
      if (machine === before && effect === undefined) continue;
      this.#machine = machine;
      if (!machine.alive || machine.token !== before.token) this.#owner = undefined;
      if (event.type === 'granted') {
        this.#owner = this.#next;
        if (this.#lease !== undefined) this.#given.push(this.#lease);
        for (const given of this.#given.splice(0)) given.cancel();
      }
      if (machine.retryAt === undefined) {
        this.#waiting?.cancel();
        this.#waiting = undefined;
      }
      if (effect !== undefined) this.#act(effect);
      if (event.type === 'granted' || (event.type === 'ended' && event.told === true)) this.#show();
      else this.#tell();
    }
  }

  #act(effect: ServiceEffect): void {
    switch (effect.type) {
      case 'begin':
        this.#hold(effect.token, false);
        return;
      case 'adopt':
        this.#hold(effect.token, true);
        return;
      case 'stop':
        void this.#stopLife(effect.token, 'stop');
        return;
      case 'wait':
        this.#wait(effect.ms);
    }
  }

  #wait(ms: number): void {
    const scope = new CancellationScope();
    this.#waiting = scope;
    scope
      .run(() => sleep(ms, { summary: `the next try, after failure ${this.#machine.attempts} in a row` }))
      .then(
        () => this.#events.push({ type: 'due' }),
        () => undefined, // something else came first
      );
  }

  /** Offers a lease, and says how what it was for ended. */
  #hold(token: number, adopt: boolean): void {
    const { id, kind, settings } = this.#spec;
    const ofNode = this.#input.node !== undefined;
    const { state } = this.#machine;
    const isNew = this.#next?.token === token;
    const request: LeaseRequest = { service: id, kind, token, adopt, settings, ...(adopt ? { state } : {}) };
    if (!adopt) for (const given of this.#given.splice(0)) given.cancel(); // S5
    const scope = new CancellationScope();
    this.#lease = scope;
    const options: ActivityOptions = {
      // Only its own node can adopt a life.
      taskQueue: toTextLossy(adopt && this.#owner !== undefined ? this.#owner.queue : this.#input.queue),
      startToCloseTimeout: FOR_EVER_MS,
      heartbeatTimeout: LEASE_HEARTBEAT_MS,
      ...(adopt
        ? { scheduleToStartTimeout: isNew ? PICKUP_MS : ofNode ? settings.adoptTimeoutMs : ANSWER_MS }
        : ofNode
          ? { scheduleToStartTimeout: PICKUP_MS }
          : {}),
      retry: { maximumAttempts: 1 },
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      summary: `${toTextLossy(id)}, life ${token}`,
    };
    this.#pending += 1;
    void scope
      .run(() => activities(options)[LEASE_ACTIVITY]!(request) as Promise<LeaseResult>)
      .then(
        (result) => result,
        (error: unknown) => endOf(error),
      )
      .then((result) => {
        this.#pending -= 1;
        if (this.#lease !== scope) return;
        this.#lease = undefined;
        this.#events.push({ type: 'ended', token, ...result });
      });
  }

  /** Has the node end the life; where it does not answer, the lease is withdrawn. */
  async #stopLife(token: number, why: 'stop' | 'handover'): Promise<void> {
    const lease = this.#lease;
    const { settings, id } = this.#spec;
    if (this.#owner !== undefined) {
      const request: StopRequest = {
        service: id,
        token,
        stopTimeoutMs: settings.stopTimeoutMs,
        handover: why === 'handover',
      };
      this.#pending += 1;
      try {
        await activities({
          taskQueue: toTextLossy(this.#owner.queue),
          scheduleToStartTimeout: ANSWER_MS,
          startToCloseTimeout: settings.stopTimeoutMs + STOP_MARGIN_MS,
          retry: { maximumAttempts: 1 },
          summary: `${toTextLossy(id)}, ${why === 'stop' ? 'end of' : 'hand over'} life ${token}`,
        })[STOP_ACTIVITY]!(request);
        return;
      } catch {
        // The lease says what became of it.
      } finally {
        this.#pending -= 1;
      }
    }
    if (why === 'stop' || this.#owner === undefined) lease?.cancel();
  }

  #told(): ServiceTold {
    return {
      id: this.#spec.id,
      ...(this.#input.node === undefined ? {} : { node: this.#input.node }),
      seq: this.#seq,
      machine: this.#machine,
      ...(this.#owner === undefined ? {} : { owner: this.#owner.node }),
      ...(this.#retire || this.#gone() ? { retired: true } : {}),
    };
  }

  /** S3. */
  #tell(): void {
    this.#seq += 1;
    this.#untold = true;
    if (this.#telling) return;
    this.#telling = true;
    void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    const supervisor = getExternalWorkflowHandle(toTextLossy(supervisorWorkflowId(this.#input.app)));
    // What one step changes is told at once.
    await Promise.resolve();
    while (this.#untold) {
      this.#untold = false;
      this.#show();
      try {
        await supervisor.signal(SERVICE_TOLD, this.#told());
      } catch {
        // There is none now; one that comes asks.
      }
    }
    this.#telling = false;
  }

  #show(): void {
    const { state } = this.#machine;
    if (!this.#input.attributes || this.#shown === state) return;
    this.#shown = state;
    upsertSearchAttributes({ [SERVICE_ATTRIBUTES.state]: [state] });
  }
}

const activities = (options: ActivityOptions): Record<string, (request: unknown) => Promise<unknown>> =>
  proxyActivities<Record<string, (request: unknown) => Promise<unknown>>>(options);

/** How a life ended whose lease failed. */
function endOf(error: unknown): LeaseResult {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure)
    return cause.timeoutType === 'SCHEDULE_TO_START'
      ? { end: 'none', reason: 'no node has taken it', ranMs: 0 }
      : { end: 'lost', reason: 'its node does not answer any more', ranMs: 0 };
  if (cause instanceof ApplicationFailure) {
    const [details] = (cause.details ?? []) as (LeaseResult | undefined)[];
    if (details !== undefined && typeof details === 'object' && 'end' in details) return details;
    return { end: 'failed', reason: toBytes(cause.message), ranMs: 0 };
  }
  // Withdrawn before a node had it, or while it had it.
  return { end: 'stopped', reason: toBytes(rootCause(error) ?? ''), ranMs: 0 };
}
