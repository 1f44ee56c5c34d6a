// What an activity of ours knows of its caller: headers, cancellation, heartbeats.
// A1: an activity that runs longer than a second heartbeats by itself, so that a killed node is noticed by the heartbeat
//     timeout and a cancellation arrives; a short one costs no heartbeat.
// A2: those heartbeats repeat the last details that the work gave, in this attempt or an earlier one: the server keeps the last only.
import type { Context } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { dataObject } from '../src/core/data.js';
import type { Data, DataObject } from '../src/core/data.js';
import { placesFromData } from '../src/core/secret.js';
import type { DataPath } from '../src/core/secret.js';
import type { CallOptions } from '../src/temporal/contracts.js';
import { HEADERS } from '../src/temporal/names.js';
import { payloadConverter, toDataOrThrow } from '../src/temporal/payload-converter.js';

const HEARTBEAT_MS = 1000;

type Headers = Readonly<Record<string, Payload>>;
const headersOf = new WeakMap<Context, Headers>();

/** Keeps the headers of each activity, which the SDK shows to interceptors only. */
export const rememberHeaders: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    execute(input, next) {
      headersOf.set(context, input.headers);
      return next(input);
    },
  },
});

export interface CallContext {
  readonly values: Readonly<DataObject>;
  readonly identity: string | undefined;
  readonly from: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly secrets: readonly DataPath[];
  readonly options: CallOptions;
  readonly signal: AbortSignal;
  /** Of the last heartbeat of an earlier attempt; null: it gave none. */
  readonly heartbeatDetails: Data;
  readonly heartbeat: (details?: Data) => void;
  /** The last heartbeat once more. */
  readonly repeatHeartbeat: () => void;
}

export function callContext(context: Context): CallContext {
  const headers = headersOf.get(context) ?? {};
  const read = (name: string): Data => {
    const payload = headers[name];
    return payload === undefined ? null : toDataOrThrow(payloadConverter.fromPayload(payload));
  };
  const text = (name: string): string | undefined => {
    const value = read(name);
    return typeof value === 'string' ? value : undefined;
  };
  const { heartbeatDetails } = context.info as { heartbeatDetails: unknown };
  const earlier = heartbeatDetails === undefined ? null : toDataOrThrow(heartbeatDetails);
  let last: Data | undefined = heartbeatDetails === undefined ? undefined : earlier;
  return {
    values: Object.freeze(asObject(read(HEADERS.context)) ?? dataObject()),
    identity: text(HEADERS.identity),
    from: text(HEADERS.from),
    idempotencyKey: text(HEADERS.key),
    secrets: placesFromData(read(HEADERS.secrets)),
    options: asObject(read(HEADERS.call)) ?? {},
    signal: context.cancellationSignal,
    heartbeatDetails: earlier,
    heartbeat: (details) => {
      last = details;
      context.heartbeat(details);
    },
    repeatHeartbeat: () => context.heartbeat(last),
  };
}

const asObject = (value: Data): DataObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as DataObject) : undefined;

/** Heartbeats while `work` runs, from its first second on (A1). */
export async function withHeartbeats<T>(
  context: Context,
  { repeatHeartbeat }: CallContext,
  work: () => Promise<T>,
): Promise<T> {
  if (context.info.isLocal) return work();
  const timer = setInterval(repeatHeartbeat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
