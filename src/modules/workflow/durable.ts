// What a program has declared, as its run finds it: handlers of queries and updates, conditions that it waits for. Sealed.
import type { InstanceContext } from '../../lua/instance-context.js';
import type { Outcome } from '../../lua/step.js';
import type { LuaFunction } from '../../lua/values.js';

export interface QueryHandler {
  readonly handle: LuaFunction;
  /** For people; a byte string. */
  readonly description: string | undefined;
}

export interface UpdateHandler extends QueryHandler {
  /** Looks whether an update may be taken, before it is. */
  readonly validate: LuaFunction | undefined;
}

/** By name; a name that is declared again has the newer handler. */
export class DeclaredHandlers {
  readonly queries = new Map<string, QueryHandler>();
  readonly updates = new Map<string, UpdateHandler>();
  /** Grows with every declaration. */
  changes = 0;
}

/** A coroutine that waits until a condition holds. */
export interface Awaiting {
  readonly condition: LuaFunction;
  /** Takes what the condition gave just now; true when the coroutine goes on. */
  settle(outcome: Outcome): boolean;
}

const STATE = {};
const AWAITING = {};
const DETAILS = {};

/** In the order in which they began to wait. */
export const awaitingOf = (instance: Pick<InstanceContext, 'state'>): Set<Awaiting> =>
  instance.state(AWAITING, () => new Set<Awaiting>());

/** What the program says of itself; a byte string, empty: nothing. */
export const ownDetails = (instance: Pick<InstanceContext, 'state'>): { text: string } =>
  instance.state(DETAILS, () => ({ text: '' }));

export const declaredHandlers = (instance: Pick<InstanceContext, 'state'>): DeclaredHandlers =>
  instance.state(STATE, () => new DeclaredHandlers());
