// How a Lua module is written: one spec, the source of what Lua sees, of the docs and of completion. Sealed.
// M1: a module's table is made once per engine and frozen; per-instance state goes through `call.instance.state`.
// M2: a function answers at once, or returns a Suspend; it never awaits.
// M3: a wrong argument is raised at the caller's place, `order.lua:12: bad argument #1 to 'sleep' (...)`, or returned as
//     `nil, err` of kind Invalid with the same text where the function's page says so.
import type { ErrorKind } from '../core/errors.js';
import { luaErrorAt } from './instance/arguments.js';
import { failure } from './instance/error-object.js';
import type { HostCall } from './instance-context.js';
import { parameterText, Refusal } from './parameters.js';
import type { ArgumentsOf, Parameter } from './parameters.js';
import type {
  AnyUserdataType,
  HostFunction,
  HostResult,
  LuaValue,
  MethodFunction,
  UserdataMeta,
  UserdataType,
} from './values.js';
import { defineUserdata } from './values.js';

/**
 * What a function does in a workflow. `sealed`: it answers at once, from its arguments alone. `deterministic`: at once, from
 * the workflow's own clock or chance. `recorded`: a command whose answer is in the history. `function`: it is refused there
 * and needs a function.lua.
 */
export type WorkflowUse = 'sealed' | 'deterministic' | 'recorded' | 'function';

/** When an error comes, by kind: one clause, as it stands after "when". */
export type Failures = Readonly<Partial<Record<ErrorKind, string>>>;

/** What docs and completion know of a function or method. */
export interface Signature {
  readonly summary: string;
  /** `name: type`, optional ones `name?: type`, rest `...: type`. Units in the summary. */
  readonly params: readonly string[];
  /** Types of the results in order, e.g. `DB?`, `Error?`. */
  readonly returns: readonly string[];
  readonly errors: readonly ErrorKind[];
  /** The same parameters with their meanings, where the function was written with them. */
  readonly parameters?: readonly Parameter[];
  /** When each of `errors` comes. */
  readonly fails?: Failures;
  /** Absent: what its module says. */
  readonly workflow?: WorkflowUse;
}

export interface FunctionSpec extends Signature {
  readonly is: 'function';
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

interface Described<P extends readonly Parameter[]> {
  readonly summary: string;
  readonly params: P;
  /** Types of the results in order; absent: none. */
  readonly returns?: readonly string[];
  readonly fails?: Failures;
  readonly workflow?: WorkflowUse;
  /** A wrong argument is returned as `nil, err` of kind Invalid. Default: it is raised. */
  readonly returnsWrongArguments?: boolean;
}

export interface FunctionDefinition<P extends readonly Parameter[]> extends Described<P> {
  readonly run: (call: HostCall, ...args: ArgumentsOf<P>) => HostResult;
}

export interface MethodDefinition<T extends object, P extends readonly Parameter[]> extends Described<P> {
  readonly run: (call: HostCall, self: T, ...args: ArgumentsOf<P>) => HostResult;
}

/** A function with its name, for `members`. */
export interface NamedFunction extends FunctionSpec {
  readonly name: string;
}

/** A function whose arguments are checked before it runs. */
export function define<const P extends readonly Parameter[]>(
  name: string,
  definition: FunctionDefinition<P>,
): NamedFunction {
  const check = checkOf(name, definition);
  const { run } = definition;
  return {
    is: 'function',
    name,
    ...signatureOf(definition),
    run: (call, ...values) => {
      const wrong = check(call, values, 0);
      return wrong ?? run(call, ...(values as ArgumentsOf<P>));
    },
  };
}

/** Functions by their names. */
export function members(...functions: readonly NamedFunction[]): Record<string, FunctionSpec> {
  return Object.fromEntries(functions.map((spec) => [spec.name, spec]));
}

/** A method of values of type T. */
export interface NamedMethod<T extends object> extends Signature {
  readonly name: string;
  readonly run: MethodFunction<T>;
}

/** The maker of methods of one type: `const method = methodsOf<Regexp>()`. */
export const methodsOf =
  <T extends object>() =>
  <const P extends readonly Parameter[]>(
    name: string,
    definition: MethodDefinition<T, P>,
  ): NamedMethod<T> => {
    const check = checkOf(name, definition);
    const { run } = definition;
    return {
      name,
      ...signatureOf(definition),
      run: (call, self, ...values) => {
        const wrong = check(call, values, 0);
        return wrong ?? run(call, self, ...(values as ArgumentsOf<P>));
      },
    };
  };

/** A userdata type whose methods are written as specs. */
export function defineType<T extends object>(
  name: string,
  summary: string,
  methods: readonly NamedMethod<T>[],
  meta: UserdataMeta<T> = {},
): UserdataType<T> {
  const run = Object.fromEntries(methods.map((method) => [method.name, method.run]));
  const signatures = Object.fromEntries(methods.map((method) => [method.name, method]));
  return describeType(defineUserdata<T>(name, run, meta), summary, signatures);
}

export interface TypeDescription {
  readonly summary: string;
  readonly methods: Readonly<Record<string, Signature>>;
}
const descriptions = new WeakMap<AnyUserdataType, TypeDescription>();

/** Says what the methods of a type are, for docs and completion. */
export function describeType<U extends AnyUserdataType>(
  type: U,
  summary: string,
  methods: Readonly<Record<string, Signature>>,
): U {
  descriptions.set(type, { summary, methods });
  return type;
}

/** What docs and completion know of a method that is written as a plain function. */
export const signature = (
  summary: string,
  params: readonly string[] = [],
  returns: readonly string[] = [],
  errors: readonly ErrorKind[] = [],
): Signature => ({ summary, params, returns, errors });

export const descriptionOf = (type: AnyUserdataType): TypeDescription | undefined => descriptions.get(type);

function signatureOf<P extends readonly Parameter[]>(definition: Described<P>): Signature {
  const { summary, params, returns = [], fails = {}, workflow, returnsWrongArguments } = definition;
  const errors = new Set(Object.keys(fails) as ErrorKind[]);
  if (returnsWrongArguments === true) errors.add('Invalid');
  return {
    summary,
    params: params.map(parameterText),
    parameters: params,
    returns,
    fails,
    errors: [...errors],
    ...(workflow === undefined ? {} : { workflow }),
  };
}

/** Checks values in place, from `from` on; gives what to return when they are wrong. */
type Check = (call: HostCall, values: LuaValue[], from: number) => HostResult | undefined;

function checkOf<P extends readonly Parameter[]>(name: string, definition: Described<P>): Check {
  const { params, workflow, returnsWrongArguments = false } = definition;
  const wrong = (call: HostCall, problem: string): HostResult => {
    if (returnsWrongArguments) return failure('Invalid', problem);
    throw luaErrorAt(call, problem);
  };
  return (call, values) => {
    if (workflow === 'function' && call.instance.host.place === 'workflow') return needsFunction(name);
    const given = values.length;
    for (let at = 0; at < params.length; at++) {
      const parameter = params[at]!;
      if (parameter.rest) {
        const taken: unknown[] = [];
        for (let index = at; index < given; index++) {
          const one = parameter.take(values[index]);
          if (one instanceof Refusal) return wrong(call, argumentProblem(name, index, one, given));
          taken.push(...(one as unknown[]));
        }
        values.length = at;
        (values as unknown[])[at] = taken;
        return undefined;
      }
      const value = values[at];
      if (value === undefined && parameter.optional) {
        values[at] = undefined;
        continue;
      }
      const taken = parameter.take(value);
      if (taken instanceof Refusal) return wrong(call, argumentProblem(name, at, taken, given));
      (values as unknown[])[at] = taken;
    }
    if (given > params.length) values.length = params.length;
    return undefined;
  };
}

function argumentProblem(name: string, at: number, { problem }: Refusal, given: number): string {
  const said = at >= given ? problem.replace(/got nil$/, 'got no value') : problem;
  return `bad argument #${at + 1} to '${name}' (${said})`;
}

const needsFunction = (name: string): HostResult =>
  failure(
    'Invalid',
    `'${name}' cannot run in a workflow; put it in a function.lua and call that with funcs.call`,
    undefined,
    false,
  );

/** The sealed half of a module; `defineModule` (public API) joins it with its host handlers. */
export function defineModuleSpec(spec: ModuleSpec): ModuleSpec {
  return Object.freeze(spec);
}
