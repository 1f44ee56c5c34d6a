// The error object that Lua sees as `err`: userdata with kind, message, retryable, details and stack. Sealed.
// E1: an error keeps its kind, message, retryable, details, stack and cause over any number of borders.
// E2: an error inside plain data is `{ "$error": {...} }`, and an error object again on the other side.
// E3: details that Lua gave stay the same table inside the instance; they become plain data only at a border.
// E4: errors are counted, for who calls a module to pay for: they take V8 long, whatever went wrong. Not those with a stack,
//     which was paid for when it was taken.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { ERROR_KINDS, PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import { defineUserdata, LuaError, LuaFloat, LuaTable, luaType } from '../values.js';
import type { LuaUserdata, LuaValue } from '../values.js';
import { numberText } from './number-text.js';
import { fromPlain, toPlain } from './plain-data.js';

export interface ErrorParts {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly retryable?: boolean | undefined;
  /** As Lua gave them. */
  readonly details?: LuaValue;
  /** As they came over a border. */
  readonly detailsData?: Data | undefined;
  readonly stack?: string | undefined;
  readonly cause?: ErrorData | undefined;
}

/** Errors made so far, of all instances (E4). */
let made = 0;
export const errorsMade = (): number => made;

export class ErrorObject {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly retryable: boolean | undefined;
  readonly stack: string;
  readonly cause: ErrorData | undefined;
  readonly #detailsData: Data | undefined;
  #details: LuaValue;

  constructor(parts: ErrorParts) {
    this.kind = parts.kind;
    this.message = parts.message;
    this.retryable = parts.retryable;
    this.stack = parts.stack ?? '';
    if (this.stack === '') made++;
    this.cause = parts.cause;
    this.#details = parts.details;
    this.#detailsData = parts.detailsData;
  }

  details(newTable: () => LuaTable): LuaValue {
    if (this.#details === undefined && this.#detailsData !== undefined)
      this.#details = fromPlain(this.#detailsData, newTable, reviveError);
    return this.#details;
  }

  toErrorData(): ErrorData {
    return {
      kind: this.kind,
      message: this.message,
      ...(this.retryable === undefined ? {} : { retryable: this.retryable }),
      ...this.#detailsField(),
      ...(this.stack === '' ? {} : { stack: this.stack }),
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    };
  }

  #detailsField(): { details?: Data } {
    if (this.#details === undefined)
      return this.#detailsData === undefined ? {} : { details: this.#detailsData };
    const converted = toPlain(this.#details);
    // An error must never be lost because its details cannot travel: the reason takes their place.
    return { details: converted.ok ? converted.data : `details were left behind: ${converted.message}` };
  }
}

const KIND_BY_NAME: ReadonlyMap<string, ErrorKind> = new Map(
  ERROR_KINDS.flatMap((kind) => [
    [kind, kind],
    [upperName(kind), kind],
  ]),
);

/** `NotFound` -> `NOT_FOUND`: the name of the constant in the `errors` module. */
export function upperName(kind: ErrorKind): string {
  return kind.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

/** The kind of either spelling; undefined when there is none of that name. */
export function kindNamed(name: string): ErrorKind | undefined {
  return KIND_BY_NAME.get(name);
}

export const ErrorType = defineUserdata<ErrorObject>(
  'error',
  {
    kind: (_call, self) => self.kind,
    message: (_call, self) => self.message,
    retryable: (_call, self) => self.retryable,
    details: (call, self) => self.details(() => call.instance.newTable()),
    stack: (_call, self) => self.stack,
  },
  {
    tostring: (self) => self.message,
    concat: (a, b) => textOf(a) + textOf(b),
    eq: (a, b) => a.kind === b.kind && a.message === b.message,
    data: (self) => dataObject({ $error: errorDataToData(self.toErrorData()) }),
  },
);

const isNumber = (value: LuaValue): value is number | bigint | LuaFloat =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof LuaFloat;

function textOf(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberText(value);
  const error = ErrorType.unwrap(value);
  if (error !== undefined) return error.message;
  throw new LuaError(`attempt to concatenate a ${luaType(value)} value`);
}

export const newError = (parts: ErrorParts): LuaUserdata<ErrorObject> =>
  ErrorType.wrap(new ErrorObject(parts));

export const isErrorObject = (value: LuaValue): value is LuaUserdata<ErrorObject> =>
  ErrorType.unwrap(value) !== undefined;

/** An error that came over a border, as Lua gets it. */
export function errorFromData(data: ErrorData): LuaUserdata<ErrorObject> {
  return newError({
    kind: data.kind,
    message: data.message,
    retryable: data.retryable,
    detailsData: data.details,
    stack: data.stack,
    cause: data.cause,
  });
}

/** Kinds of which nobody knows at the place of the error whether another try helps. */
const MAY_HEAL: ReadonlySet<ErrorKind> = new Set(['Timeout', 'Unavailable', 'RateLimited', 'Unknown']);

/**
 * What a module returns when it fails: `return failure('NotFound', "no user 'x'")`. Unless it says so itself, an error that no
 * other try heals is not retryable.
 */
export function failure(
  kind: ErrorKind,
  message: string,
  details?: Data,
  retryable: boolean | undefined = MAY_HEAL.has(kind) ? undefined : false,
): readonly [undefined, LuaUserdata<ErrorObject>] {
  return [undefined, newError({ kind, message, detailsData: details, retryable })];
}

/** Any value that ended a program, as data; `stack` is used when the value carries none. */
export function errorToData(value: LuaValue, stack = '', fallback: ErrorKind = 'Internal'): ErrorData {
  const error = ErrorType.unwrap(value);
  if (error !== undefined) {
    const data = error.toErrorData();
    return data.stack === undefined && stack !== '' ? { ...data, stack } : data;
  }
  const message =
    typeof value === 'string'
      ? value
      : isNumber(value)
        ? numberText(value)
        : `(error object is a ${luaType(value)} value)`;
  const details = value instanceof LuaTable ? toPlain(value) : undefined;
  return {
    kind: fallback,
    message: details?.ok === true ? messageOfTable(value, message) : message,
    ...(details?.ok === true ? { details: details.data } : {}),
    ...(stack === '' ? {} : { stack }),
  };
}

function messageOfTable(value: LuaValue, otherwise: string): string {
  const message = value instanceof LuaTable ? value.get('message') : undefined;
  return typeof message === 'string' ? message : otherwise;
}

/** A JavaScript error as Lua's pcall gives it; undefined for a bug of the host, which Lua must not catch. */
export function raisedValue(error: unknown): { readonly value: LuaValue } | undefined {
  if (error instanceof LuaError) return { value: error.value };
  if (error instanceof PlatformError)
    return { value: newError({ kind: error.kind, message: error.message, retryable: error.retryable }) };
  return undefined;
}

export function errorDataToData(error: ErrorData): Data {
  return dataObject({
    kind: error.kind,
    message: error.message,
    ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: errorDataToData(error.cause) }),
  });
}

/** The reverse of errorDataToData; undefined when `data` is something else. */
export function errorDataFromData(data: Data | undefined): ErrorData | undefined {
  if (data === null || typeof data !== 'object' || Array.isArray(data) || !('message' in data))
    return undefined;
  const { kind, message, retryable, details, stack } = data;
  if (typeof kind !== 'string' || typeof message !== 'string') return undefined;
  const cause = errorDataFromData(data['cause']);
  return {
    kind: kindNamed(kind) ?? 'Unknown',
    message,
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(details === undefined ? {} : { details }),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Turns `{ "$error": {...} }` back into an error object; undefined when `data` is something else. */
export function reviveError(data: DataObject): LuaUserdata<ErrorObject> | undefined {
  if (!('$error' in data) || Object.keys(data).length !== 1) return undefined;
  const error = errorDataFromData(data['$error']);
  return error === undefined ? undefined : errorFromData(error);
}
