// The life of a node: joined, booted, serving, draining, left. Told as events `node.<state>`.
// L1: states go forward only. L2: what runs is given its time to end before the node leaves.
import { dataObject } from '../core/data.js';
import type { EventBus } from '../core/event-bus.js';
import { PlatformError } from '../core/errors.js';
import type { SupervisorClient } from './supervisor-client.js';

const NODE_STATES = ['joined', 'booted', 'serving', 'draining', 'left'] as const;
export type NodeState = (typeof NODE_STATES)[number];

class NodeLifecycleError extends PlatformError {
  override readonly name = 'NodeLifecycleError';
  readonly code = 'NODE_LIFECYCLE';
}

export class NodeLifecycle {
  readonly #bus: EventBus;
  readonly #supervisor: SupervisorClient;
  readonly #node: string;
  #state: NodeState = 'joined';

  constructor(bus: EventBus, supervisor: SupervisorClient, node: string) {
    this.#bus = bus;
    this.#supervisor = supervisor;
    this.#node = node;
  }

  get state(): NodeState {
    return this.#state;
  }

  booted(): void {
    this.#to('booted');
  }

  /** Starts the services that begin with the node. */
  async serve(): Promise<void> {
    await this.#supervisor.start();
    this.#to('serving');
  }

  /** Stops the services, dependents first. */
  async drain(): Promise<void> {
    this.#to('draining');
    await this.#supervisor.stop();
  }

  left(): void {
    this.#to('left');
  }

  #to(state: NodeState): void {
    if (NODE_STATES.indexOf(state) <= NODE_STATES.indexOf(this.#state))
      throw new NodeLifecycleError(`the node is ${this.#state} and cannot become ${state}`);
    this.#state = state;
    this.#bus.publish('node', state, this.#node, dataObject({ state }));
  }
}
