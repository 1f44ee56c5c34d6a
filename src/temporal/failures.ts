// The one border between errors of Lua and failures of Temporal. Sealed.
// F1: an ErrorData that leaves is an ApplicationFailure whose type is the kind and whose first detail is the whole error,
//     so that nothing is lost over any number of activities, children and updates.
// F2: what comes from elsewhere (other SDKs, timeouts, cancellation, the server) gets the kind that Lua programs can act on.
// F3: messages and stacks are text on Temporal's side and byte strings on ours; details pass the payload converter as plain data.
// F4: only hosts decide that a Canceled error is a cancellation (`CancelledFailure`): they know whether one was asked for.
// F5: an error has bounds where it is recorded: long texts are clipped, huge or unencodable details are left out and say so.
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  NexusOperationFailure,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';
import { dataObject } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import { ERROR_KINDS } from '../core/errors.js';
import type { ErrorKind } from '../core/errors.js';
import { toBytes, toTextLossy } from '../core/text.js';
import { encodeWire } from '../core/wire.js';

/** The key of an error inside plain data, as the Lua side writes it. */
const MARK = '$error';

/** Failure types of other SDKs and of the server that stand for a kind of ours. */
const FOREIGN_KINDS: Readonly<Record<string, ErrorKind>> = {
  NotFoundError: 'NotFound',
  ActivityNotRegisteredError: 'NotFound',
  ExternalWorkflowExecutionNotFound: 'NotFound',
  PayloadValidationError: 'Invalid',
  Error: 'Internal',
  TypeError: 'Internal',
  RangeError: 'Internal',
  ReferenceError: 'Internal',
  SyntaxError: 'Internal',
  panic: 'Internal',
};

/** Failure types that say that nobody there has an activity of that name: never retried. */
export const NOT_REGISTERED_TYPES: readonly string[] = ['NotFoundError', 'ActivityNotRegisteredError'];

/** What a handler of Nexus says with an error that may pass. */
export const HANDLER_ERROR_OF: Readonly<
  Partial<Record<ErrorKind, 'UNAVAILABLE' | 'UPSTREAM_TIMEOUT' | 'RESOURCE_EXHAUSTED'>>
> = { Unavailable: 'UNAVAILABLE', Timeout: 'UPSTREAM_TIMEOUT', RateLimited: 'RESOURCE_EXHAUSTED' };

/** What the handlers of a Nexus service, of whoever's, say with their errors. */
const HANDLER_ERRORS: Readonly<Record<string, ErrorKind>> = {
  BAD_REQUEST: 'Invalid',
  UNAUTHENTICATED: 'PermissionDenied',
  UNAUTHORIZED: 'PermissionDenied',
  NOT_FOUND: 'NotFound',
  CONFLICT: 'Conflict',
  RESOURCE_EXHAUSTED: 'RateLimited',
  NOT_IMPLEMENTED: 'Unavailable',
  UNAVAILABLE: 'Unavailable',
  REQUEST_TIMEOUT: 'Timeout',
  UPSTREAM_TIMEOUT: 'Timeout',
};

const TIMEOUTS: Readonly<Record<string, string>> = {
  START_TO_CLOSE: 'took longer than its start to close timeout',
  SCHEDULE_TO_START: 'was not taken by any worker within its schedule to start timeout',
  SCHEDULE_TO_CLOSE: 'was not done within its schedule to close timeout',
  HEARTBEAT: 'sent no heartbeat within its heartbeat timeout',
};

/** The kind that `name` stands for: a value (`NotFound`) or a constant's name (`NOT_FOUND`). */
export function parseKind(name: string): ErrorKind | undefined {
  const plain = name.replaceAll('_', '').toLowerCase();
  return ERROR_KINDS.find((kind) => kind === name || kind.toLowerCase() === plain);
}

export interface FailureOptions {
  /** An error of no kind that does not say whether it is retryable is retried. Default false: it is final. */
  readonly retryUnsaid?: boolean;
}

/** Kinds of which another try is the usual answer. */
const TRANSIENT: ReadonlySet<ErrorKind> = new Set(['Timeout', 'Unavailable', 'RateLimited']);

export const isRetryable = (error: ErrorData, options: FailureOptions = {}): boolean =>
  error.retryable ??
  (TRANSIENT.has(error.kind) || (options.retryUnsaid === true && error.kind === 'Unknown'));

/** The longest message and stack that go into a history. Bytes. */
const MAX_TEXT_BYTES = 64 * 1024;
/** Details that take more are left out. Bytes of JSON. */
const MAX_DETAILS_BYTES = 512 * 1024;

/** F5 */
function bounded(error: ErrorData): ErrorData {
  const { message, stack, details, cause } = error;
  return {
    ...error,
    message: clip(message),
    ...(stack === undefined ? {} : { stack: clip(stack) }),
    ...(details === undefined ? {} : { details: boundedDetails(details) }),
    ...(cause === undefined ? {} : { cause: bounded(cause) }),
  };
}

const clip = (text: string): string =>
  text.length <= MAX_TEXT_BYTES ? text : `${text.slice(0, MAX_TEXT_BYTES)}... (${text.length} bytes)`;

function boundedDetails(details: Data): Data {
  try {
    const { length } = encodeWire(details);
    if (length <= MAX_DETAILS_BYTES) return details;
    return toBytes(
      `[details left out: ${length} bytes of JSON, more than the ${MAX_DETAILS_BYTES} that are kept]`,
    );
  } catch (error) {
    return toBytes(`[details left out: ${error instanceof Error ? error.message : String(error)}]`);
  }
}

/** An error on its way out of Lua. */
export function toFailure(unbounded: ErrorData, options: FailureOptions = {}): ApplicationFailure {
  const error = bounded(unbounded);
  const failure = ApplicationFailure.create({
    message: toTextLossy(error.message),
    type: error.kind,
    nonRetryable: !isRetryable(error, options),
    details: [errorToData(error)],
    // An error that Lua returned is an answer; workers need not warn of it as of a crash.
    ...(error.kind === 'Internal' ? {} : { category: 'BENIGN' as const }),
    ...(error.cause === undefined ? {} : { cause: causeFailure(error.cause) }),
  });
  failure.stack = stackText(failure.message, error.stack);
  return failure;
}

/** Causes are shown to people; what programs read is in the first failure's detail. */
function causeFailure(error: ErrorData): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: toTextLossy(error.message),
    type: error.kind,
    nonRetryable: error.retryable === false,
    ...(error.cause === undefined ? {} : { cause: causeFailure(error.cause) }),
  });
  failure.stack = stackText(failure.message, error.stack);
  return failure;
}

const stackText = (message: string, stack: string | undefined): string =>
  stack === undefined || stack === '' ? '' : `${message}\n${toTextLossy(stack)}`;

/** Any error that crosses from Temporal, as Lua sees it. */
export function fromFailure(error: unknown): ErrorData {
  if (error instanceof ActivityFailure) return unwrap(error, `activity '${error.activityType}'`);
  if (error instanceof ChildWorkflowFailure) return unwrap(error, `workflow '${error.workflowType}'`);
  if (error instanceof NexusOperationFailure) return unwrap(error, `operation '${error.operation}'`);
  if (error instanceof CancelledFailure)
    return plain('Canceled', error.message === '' ? 'cancelled' : error.message, false);
  if (error instanceof TerminatedFailure) return plain('Canceled', error.message || 'terminated', false);
  if (error instanceof TimeoutFailure) return timeout('the call', error);
  if (error instanceof ServerFailure) return plain('Unavailable', error.message, !error.nonRetryable);
  if (error instanceof ApplicationFailure) return fromApplicationFailure(error);
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return plain('AlreadyExists', `workflow '${error.workflowId}' is already running`, false);
  if (error instanceof WorkflowNotFoundError)
    return plain('NotFound', `there is no workflow '${error.workflowId}'`, false);
  if (error instanceof TemporalFailure) return plain('Internal', error.message, undefined, error.cause);
  if (isHandlerError(error)) return fromHandlerError(error);
  return errorToErrorData(error);
}

/** What is below a failure that only says where it happened. */
function unwrap(error: TemporalFailure, where: string): ErrorData {
  const { cause } = error;
  if (cause instanceof TimeoutFailure) return timeout(where, cause);
  if (cause instanceof TerminatedFailure) return plain('Canceled', `${where} was terminated`, false);
  if (cause instanceof CancelledFailure) return plain('Canceled', `${where} was cancelled`, false);
  if (cause === undefined) return plain('Unknown', error.message, undefined);
  const inner = fromFailure(cause);
  const frame = `[${where}]`;
  const stack = inner.stack === undefined || inner.stack === '' ? frame : `${inner.stack}\n${frame}`;
  return { ...inner, stack };
}

function timeout(where: string, error: TimeoutFailure): ErrorData {
  // A timeout that ends a series of attempts carries the failure of the last one.
  const cause = error.cause === undefined ? undefined : fromFailure(error.cause);
  const how = TIMEOUTS[error.timeoutType ?? ''] ?? 'timed out';
  return {
    kind: 'Timeout',
    message: toBytes(`${where} ${how}`),
    retryable: false,
    ...(cause === undefined ? {} : { cause }),
  };
}

function fromApplicationFailure(error: ApplicationFailure): ErrorData {
  const ours = error.details?.length === 1 ? dataToError(error.details[0]) : undefined;
  if (ours !== undefined) return ours;
  const type = error.type ?? '';
  // Only says that an operation of a Nexus service failed; with what is in its cause.
  if (type === 'OperationError' && error.cause instanceof ApplicationFailure)
    return fromApplicationFailure(error.cause);
  const kind = parseKind(type) ?? FOREIGN_KINDS[type] ?? 'Unknown';
  const details = foreignDetails(type, kind, error.details ?? []);
  return {
    kind,
    message: toBytes(error.message),
    retryable: error.nonRetryable !== true && !NOT_REGISTERED_TYPES.includes(type),
    ...(details === undefined ? {} : { details }),
    ...(error.stack === undefined || error.stack === '' ? {} : { stack: toBytes(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: fromFailure(error.cause) }),
  };
}

interface HandlerError {
  readonly type: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly cause?: unknown;
}

/** nexus-rpc's; its class is made once more for each realm. */
const isHandlerError = (error: unknown): error is HandlerError =>
  error instanceof Error && error.name === 'HandlerError' && 'type' in error && 'retryable' in error;

/** The error that Lua failed with is in the cause, whole. */
function fromHandlerError({ type, message, retryable, cause }: HandlerError): ErrorData {
  const ours =
    cause instanceof ApplicationFailure && cause.details?.length === 1
      ? dataToError(cause.details[0])
      : undefined;
  return ours ?? plain(HANDLER_ERRORS[type] ?? 'Internal', message, retryable, cause);
}

/** One detail stands for itself; a type that is no kind of ours is kept beside the details. */
function foreignDetails(type: string, kind: ErrorKind, values: readonly unknown[]): Data | undefined {
  const details = values.filter(isData);
  const known = parseKind(type) === kind;
  if (known || type === '' || type === 'Error') return details.length > 1 ? details : details[0];
  return dataObject({ type: toBytes(type), ...(details.length > 0 ? { details } : {}) });
}

const isData = (value: unknown): value is Data =>
  value === null || ['boolean', 'number', 'bigint', 'string', 'object'].includes(typeof value);

function plain(kind: ErrorKind, message: string, retryable: boolean | undefined, cause?: unknown): ErrorData {
  return {
    kind,
    message: toBytes(message),
    ...(retryable === undefined ? {} : { retryable }),
    ...(cause === undefined ? {} : { cause: fromFailure(cause) }),
  };
}

/** An error of the host as Lua sees it: a PlatformError, an error that carries `data`, or a fault. */
export function errorToErrorData(error: unknown): ErrorData {
  if (!(error instanceof Error) && !isErrorLike(error)) return plain('Internal', String(error), false);
  const { data, kind, retryable, message } = error as Partial<HostError> & Error;
  if (isErrorData(data)) return data;
  const known = kind !== undefined && ERROR_KINDS.includes(kind);
  return plain(
    known ? kind : 'Internal',
    message,
    known && typeof retryable === 'boolean' ? retryable : false,
  );
}

interface HostError {
  readonly data: ErrorData;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
}
/** Errors of the sandbox's other realm are no `instanceof Error`. */
const isErrorLike = (value: unknown): value is Error =>
  typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
const isErrorData = (value: unknown): value is ErrorData =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  'message' in value &&
  typeof value.message === 'string' &&
  ERROR_KINDS.some((kind) => kind === value.kind);

/** An error inside plain data, in the form that Lua revives: `{ "$error": {...} }`. */
export const errorToData = (error: ErrorData): DataObject => dataObject({ [MARK]: bareError(error) });

function bareError(error: ErrorData): DataObject {
  return dataObject({
    kind: error.kind,
    message: error.message,
    ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: bareError(error.cause) }),
  });
}

/** The reverse of errorToData; undefined for anything else. */
export function dataToError(value: unknown): ErrorData | undefined {
  if (typeof value !== 'object' || value === null || !(MARK in value)) return undefined;
  return readBareError(value[MARK]);
}

function readBareError(value: unknown): ErrorData | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, message, retryable, details, stack, cause } = value as Partial<DataObject>;
  const known = ERROR_KINDS.find((each) => each === kind);
  if (known === undefined || typeof message !== 'string') return undefined;
  const inner = readBareError(cause);
  return {
    kind: known,
    message,
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(details === undefined ? {} : { details }),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(inner === undefined ? {} : { cause: inner }),
  };
}
