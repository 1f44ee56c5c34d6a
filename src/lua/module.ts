// How a Lua module is written: one spec, the source of what Lua sees, of the docs and of completion. Sealed.
// M1: a module's table is made once per engine and frozen; per-instance state goes through `call.instance.state`.
// M2: a function answers at once, or returns a Suspend; it never awaits.
import type { ErrorKind } from '../core/errors.js';
import type { AnyUserdataType, HostFunction, LuaValue } from './values.js';

export interface FunctionSpec {
  readonly is: 'function';
  readonly summary: string;
  /** `name: type`, optional ones `name?: type`, rest `...: type`. Units in the summary. */
  readonly params: readonly string[];
  /** Types of the results in order, e.g. `DB?`, `Error?`. */
  readonly returns: readonly string[];
  readonly errors: readonly ErrorKind[];
  readonly run: HostFunction;
}
export interface ConstantSpec {
  readonly is: 'constant';
  readonly value: LuaValue;
}
export interface TableSpec {
  readonly is: 'table';
  readonly members: Readonly<Record<string, MemberSpec>>;
}
export type MemberSpec = FunctionSpec | ConstantSpec | TableSpec;

export interface ModuleSpec {
  readonly name: string;
  readonly summary: string;
  /** In workflows: 'sealed' runs inside, 'recorded' runs as activities, 'refused' says to use a function. */
  readonly workflow: 'sealed' | 'recorded' | 'refused';
  readonly members: Readonly<Record<string, MemberSpec>>;
  /** Makes the module's value callable or a global beside its table; rarely used. */
  readonly globals?: Readonly<Record<string, MemberSpec>>;
  /** Userdata types for docs and completion. */
  readonly types?: readonly AnyUserdataType[];
}

export const constant = (value: LuaValue): ConstantSpec => ({ is: 'constant', value });
export const table = (members: Readonly<Record<string, MemberSpec>>): TableSpec => ({ is: 'table', members });
export const fn = (
  summary: string,
  params: readonly string[],
  returns: readonly string[],
  run: HostFunction,
  errors: readonly ErrorKind[] = [],
): FunctionSpec => ({ is: 'function', summary, params, returns, errors, run });

/** The sealed half of a module; `defineModule` (public API) joins it with its host handlers. */
export function defineModuleSpec(spec: ModuleSpec): ModuleSpec {
  return Object.freeze(spec);
}
