// Calls of functions: the target, the arguments, the options, and the command they make. Sealed.
// `funcs.call` { target, args, context?, options? } -> list of all returned values; an error is the call's error.
// X1: `context` is what this call adds to the caller's context; `options` durations are whole milliseconds.
import type { Command } from '../../core/command.js';
import type { ErrorKind } from '../../core/errors.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { ACTIVITY_OPTIONS, readOptions } from '../../core/options.js';
import type { OptionTypes } from '../../core/options.js';
import { tryToData, fromData } from '../../lua/instance/convert.js';
import { argumentList } from '../../lua/instance/data-list.js';
import { errorFromData, failure, newError } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command } from '../../lua/suspend.js';
import type { Answer } from '../../lua/suspend.js';
import { LuaTable, luaType } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

const CALL_OPTIONS: OptionTypes = {
  timeout: { is: 'duration' },
  priority: { is: 'number' },
  durable: { is: 'flag' },
  'activity.id': { is: 'text' },
  ...ACTIVITY_OPTIONS,
};

type Refusal = readonly [undefined, LuaValue];

/** What calls made through it have in common. Immutable. What is wrong with it is the error of its calls too: calls are chained. */
export class Executor {
  readonly context: Readonly<DataObject>;
  readonly options: Readonly<DataObject>;
  /** `nil, err` of the first thing that was wrong. */
  readonly refused: Refusal | undefined;
  constructor(context: Readonly<DataObject>, options: Readonly<DataObject>, refused?: Refusal) {
    this.context = context;
    this.options = options;
    this.refused = refused;
  }

  refuse(kind: ErrorKind, message: string): Executor {
    return this.#refuse(newError({ kind, message, retryable: false }));
  }

  #refuse(error: LuaValue): Executor {
    return new Executor(this.context, this.options, this.refused ?? [undefined, error]);
  }

  #invalid(message: string): Executor {
    return this.refuse('Invalid', message);
  }

  withContext(values: LuaValue): Executor {
    if (!(values instanceof LuaTable))
      return this.#invalid(`context values are a table, got ${luaType(values)}`);
    const converted = tryToData(values);
    if (!converted.ok) return this.#refuse(converted.error);
    const { data } = converted;
    if (Array.isArray(data) ? data.length > 0 : typeof data !== 'object' || data === null)
      return this.#invalid('context values are a table with string keys');
    return new Executor(dataObject({ ...this.context, ...(data as DataObject) }), this.options, this.refused);
  }

  withOptions(values: LuaValue): Executor {
    if (!(values instanceof LuaTable)) return this.#invalid(`options are a table, got ${luaType(values)}`);
    const converted = tryToData(values);
    if (!converted.ok) return this.#refuse(converted.error);
    // Options of other hosts are let through; ours are checked.
    const read = readOptions(converted.data, CALL_OPTIONS, (key) => !key.startsWith('activity.'));
    if (!read.ok) return this.#invalid(read.problem);
    return new Executor(this.context, dataObject({ ...this.options, ...read.options }), this.refused);
  }
}

export const PLAIN = new Executor(dataObject(), dataObject());

export type PreparedCall =
  | { readonly ok: true; readonly target: string; readonly command: Command }
  | { readonly ok: false; readonly result: HostResult };

const refuse = (message: string): PreparedCall => ({ ok: false, result: failure('Invalid', message) });

/** The command of a call, or the `nil, err` that says what is wrong. */
export function prepare({ context, options, refused }: Executor, values: readonly LuaValue[]): PreparedCall {
  if (refused !== undefined) return { ok: false, result: [...refused] };
  const [target, ...args] = values;
  if (typeof target !== 'string')
    return refuse(`the target is a function id 'namespace:name', got ${luaType(target)}`);
  const problem = targetProblem(target, 'activity.task_queue' in options);
  if (problem !== undefined) return refuse(problem);
  const list = argumentList(args, `'${target}'`);
  if (!list.ok) return list;
  return {
    ok: true,
    target,
    command: {
      type: 'funcs.call',
      target,
      args: list.data,
      ...(Object.keys(context).length === 0 ? {} : { context }),
      ...(Object.keys(options).length === 0 ? {} : { options }),
    },
  };
}

/** On a queue of another program any activity type is a target. */
function targetProblem(target: string, foreign: boolean): string | undefined {
  if (target === '') return 'the target is empty; give a function id as namespace:name';
  if (foreign) return undefined;
  const colon = target.indexOf(':');
  if (colon < 0) return `'${target}' has no namespace; give a function id as namespace:name`;
  if (colon === 0) return `the namespace of '${target}' is empty`;
  return colon === target.length - 1 ? `the name of '${target}' is empty` : undefined;
}

/** All returned values; the host gives them as a list. */
export const resultsOf = (value: Data): readonly Data[] => (Array.isArray(value) ? value : [value]);

export function callNow(call: HostCall, executor: Executor, values: readonly LuaValue[]): HostResult {
  const prepared = prepare(executor, values);
  if (!prepared.ok) return prepared.result;
  const { instance } = call;
  return command(prepared.command, (answer: Answer) =>
    answer.ok
      ? resultsOf(answer.value).map((value) => fromData(value, () => instance.newTable()))
      : [undefined, errorFromData(answer.error)],
  );
}
