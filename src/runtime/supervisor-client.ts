// The services of this node: started and stopped in the order of their dependencies, each with its state.
// What a node is made of is started and stopped here; what the supervisor keeps (services/supervision) is noted here, so that
// programs and events tell of both alike.
// V1: a service starts after everything it requires runs; those without an order between them start together.
// V2: services stop in the reverse of that order; each gets its stop timeout, and all get their turn whatever fails.
// V3: every change of state is an event `supervisor.state.<state>` with the service's name as path.
import { dataObject } from '../core/data.js';
import type { EventBus } from '../core/event-bus.js';
import { PlatformError } from '../core/errors.js';
import { toBytes } from '../core/text.js';
import type { ServiceState } from '../temporal/service-contracts.js';

export interface ServiceFacts {
  readonly state: ServiceState;
  /** Since when. Milliseconds since the epoch. */
  readonly since: number;
  /** Why, where something happened to it; '' otherwise. */
  readonly reason: string;
  /** Whether it is meant to run. */
  readonly wanted: boolean;
}

export interface NodeService {
  /** Entry id, or a name that begins with `moontide.`. */
  readonly name: string;
  /** Names of services; those that are not there are not waited for. */
  readonly requires: readonly string[];
  /** Milliseconds. Default 10 000. */
  readonly stopTimeoutMs?: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

class ServiceOrderError extends PlatformError {
  override readonly name = 'ServiceOrderError';
  readonly code = 'SERVICE_ORDER';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode = 2 as const;
}

class ServiceStopTimeoutError extends PlatformError {
  override readonly name = 'ServiceStopTimeoutError';
  readonly code = 'SERVICE_STOP_TIMEOUT';
  override readonly kind = 'Timeout' as const;
  constructor(service: string, milliseconds: number) {
    super(`service '${service}' did not stop within ${milliseconds} ms`);
  }
}

const STOP_TIMEOUT_MS = 10_000;

export class SupervisorClient {
  readonly #bus: EventBus;
  readonly #services = new Map<string, NodeService>();
  readonly #states = new Map<string, ServiceFacts>();
  /** In the order of their starts. */
  readonly #running: NodeService[] = [];

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  add(service: NodeService): void {
    if (this.#services.has(service.name))
      throw new ServiceOrderError(`two services are named '${service.name}'; rename one of them`);
    this.#services.set(service.name, service);
    this.#states.set(service.name, { state: 'Unknown', since: Date.now(), reason: '', wanted: false });
  }

  /** By name. */
  states(): ReadonlyMap<string, ServiceFacts> {
    return this.#states;
  }

  /** What happened to a service by itself: it ended, broke, or runs again. */
  report(name: string, state: 'Exited' | 'Failed' | 'Running', reason: string): void {
    this.#set(name, state, reason);
  }

  /** What happened to a service that the supervisor's leases keep here (services/supervision): nothing is started or stopped by it. */
  note(name: string, state: ServiceState, reason: string): void {
    this.#set(name, state, reason);
  }

  /** Starts what does not run yet; when one fails, the error is thrown and those that run stay for `stop`. */
  async start(): Promise<void> {
    for (const level of this.#levels()) {
      const wanted = level.filter((service) => !this.#running.includes(service));
      const results = await Promise.allSettled(wanted.map((service) => this.#start(service)));
      const errors = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      );
      if (errors.length === 1) throw errors[0];
      if (errors.length > 1) throw new AggregateError(errors, 'several services failed to start');
    }
  }

  async stop(): Promise<void> {
    const errors: unknown[] = [];
    const levels = this.#levels().toReversed();
    for (const level of levels) {
      const wanted = level.filter((service) => this.#running.includes(service));
      const results = await Promise.allSettled(wanted.map((service) => this.#stop(service)));
      errors.push(
        ...results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
      );
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some services did not stop cleanly');
  }

  async #start(service: NodeService): Promise<void> {
    this.#set(service.name, 'Starting');
    try {
      await service.start();
    } catch (error) {
      this.#set(service.name, 'Failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
    this.#running.push(service);
    this.#set(service.name, 'Running');
  }

  async #stop(service: NodeService): Promise<void> {
    this.#running.splice(this.#running.indexOf(service), 1);
    this.#set(service.name, 'Stopping');
    const limit = service.stopTimeoutMs ?? STOP_TIMEOUT_MS;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new ServiceStopTimeoutError(service.name, limit)), limit);
    });
    try {
      await Promise.race([service.stop(), late]);
      this.#set(service.name, 'Stopped');
    } catch (error) {
      this.#set(service.name, 'Failed', error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #levels(): NodeService[][] {
    const levels: NodeService[][] = [];
    const placed = new Set<string>();
    const left = new Map(this.#services);
    while (left.size > 0) {
      const level = [...left.values()].filter(({ requires }) =>
        requires.every((name) => placed.has(name) || !this.#services.has(name)),
      );
      if (level.length === 0)
        throw new ServiceOrderError(
          `services require each other in a circle: ${[...left.keys()].sort().join(', ')}; drop one of the dependencies`,
        );
      for (const { name } of level) {
        placed.add(name);
        left.delete(name);
      }
      levels.push(level);
    }
    return levels;
  }

  #set(name: string, state: ServiceState, reason?: string): void {
    if (this.#states.get(name)?.state === state) return;
    const wanted = this.#services.has(name)
      ? this.#running.some((service) => service.name === name) || state === 'Starting'
      : state === 'Starting' || state === 'Running' || state === 'Failed';
    this.#states.set(name, { state, since: Date.now(), reason: reason ?? '', wanted });
    const data = dataObject({ state, ...(reason === undefined ? {} : { reason: toBytes(reason) }) });
    this.#bus.publish('supervisor', `state.${state.toLowerCase()}`, name, data);
  }
}
