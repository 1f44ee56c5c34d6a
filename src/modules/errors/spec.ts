// `errors`: error objects with a kind, a verdict on retry, details and a stack. Always there. Sealed.
import { ERROR_KINDS } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import { Arguments, asText } from '../../lua/instance/arguments.js';
import {
  errorToData,
  ErrorType,
  isErrorObject,
  kindNamed,
  newError,
  upperName,
} from '../../lua/instance/error-object.js';
import { parseFrames } from '../../lua/instance/traceback.js';
import type { HostCall } from '../../lua/instance-context.js';
import { constant, defineModuleSpec, describeType, fn, signature } from '../../lua/module.js';
import { LuaTable } from '../../lua/values.js';
import type { LuaUserdata, LuaValue } from '../../lua/values.js';

const constants = Object.fromEntries(ERROR_KINDS.map((kind) => [upperName(kind), constant(kind)]));

/** Kinds that are not of the list are Unknown: making an error must not fail with another one. */
const kindOf = (value: LuaValue): ErrorKind =>
  (typeof value === 'string' ? kindNamed(value) : undefined) ?? 'Unknown';

function create(call: HostCall, ...values: LuaValue[]): LuaUserdata {
  const [first, second] = values;
  const stack = call.traceback();
  if (first instanceof LuaTable) {
    const message = asText(first.get('message'));
    if (message === undefined)
      throw new Arguments(call, 'new', values).error(1, "table with a 'message' expected");
    const retryable = first.get('retryable');
    return newError({
      kind: kindOf(first.get('kind')),
      message,
      retryable: typeof retryable === 'boolean' ? retryable : undefined,
      details: first.get('details'),
      stack,
    });
  }
  // `errors.new("TIMEOUT", "took too long")` is not in the documentation's text, but in its examples.
  if (typeof first === 'string' && typeof second === 'string' && kindNamed(first) !== undefined)
    return newError({ kind: kindOf(first), message: second, stack });
  return newError({ kind: 'Unknown', message: new Arguments(call, 'new', values).string(1), stack });
}

function wrap(call: HostCall, ...values: LuaValue[]): LuaUserdata {
  const args = new Arguments(call, 'wrap', values);
  const cause = ErrorType.unwrap(args.at(1));
  const context = args.optionalString(2);
  const inner = cause?.message ?? args.string(1);
  const message = context === undefined || context === '' ? inner : `${context}: ${inner}`;
  if (cause === undefined) return newError({ kind: 'Unknown', message, stack: call.traceback() });
  return newError({
    kind: cause.kind,
    message,
    retryable: cause.retryable,
    details: cause.details(() => call.instance.newTable()),
    stack: call.traceback(),
    cause: errorToData(args.at(1)),
  });
}

function callStack(call: HostCall, error: LuaValue): LuaValue {
  const found = ErrorType.unwrap(error);
  if (found === undefined || found.stack === '') return undefined;
  const frames = call.instance.newTable();
  parseFrames(found.stack).forEach(({ chunk, line, name }, index) => {
    const frame = call.instance.newTable();
    frame.set('source', chunk);
    frame.set('line', line);
    frame.set('name', name);
    frames.set(index + 1, frame);
  });
  const stack = call.instance.newTable();
  stack.set('thread', call.instance.host.pid);
  stack.set('frames', frames);
  return stack;
}

describeType(ErrorType, 'An error. `tostring` and `..` give its message.', {
  kind: signature('The kind: one of the constants, such as `NotFound`.', [], ['string']),
  message: signature('What went wrong.', [], ['string']),
  retryable: signature('Whether another try may help; nil where nobody said.', [], ['boolean?']),
  details: signature('What was given along.', [], ['table?']),
  stack: signature('The Lua stack where it was made, as text; empty where there is none.', [], ['string']),
});

export const errorsSpec = defineModuleSpec({
  name: 'errors',
  summary: 'Error objects: what functions return as their second value.',
  workflow: 'sealed',
  types: [ErrorType],
  members: {
    ...constants,
    new: fn(
      'Makes an error from a message, or from a table with message, kind, retryable and details.',
      ['message: string|table'],
      ['error'],
      create,
    ),
    wrap: fn(
      'Puts context before the message of an error and keeps its kind, retryable and details.',
      ['err: error|string', 'context?: string'],
      ['error'],
      wrap,
    ),
    is: fn(
      'Whether a value is an error of this kind.',
      ['err: any', 'kind: string'],
      ['boolean'],
      (_call, error, kind) => {
        const found = ErrorType.unwrap(error);
        return found !== undefined && typeof kind === 'string' && kindNamed(kind) === found.kind;
      },
    ),
    call_stack: fn(
      'The Lua stack where an error was made: `{ thread, frames = { { source, line, name } } }`; nil when there is none.',
      ['err: error'],
      ['table?'],
      (call, error) => (isErrorObject(error) ? callStack(call, error) : undefined),
    ),
  },
});
