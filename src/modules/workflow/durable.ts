// The handlers of queries and updates that a program has declared, as its run finds them. Sealed.
import type { InstanceContext } from '../../lua/instance-context.js';
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

const STATE = {};

export const declaredHandlers = (instance: Pick<InstanceContext, 'state'>): DeclaredHandlers =>
  instance.state(STATE, () => new DeclaredHandlers());
