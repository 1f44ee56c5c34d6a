// How ends and cancellations look to Lua: the tables of process.events().
import { dataObject } from '../core/data.js';
import type { DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import { EVENTS_TOPIC } from '../lua/instance/messages.js';
import type { Message } from '../lua/instance-context.js';
import type { Outcome } from '../lua/step.js';
import { errorToData } from '../temporal/failures.js';
import type { CancelRequest, Ending } from './tier.js';

const event = (from: string | undefined, fields: Record<string, DataObject[string]>): Message => ({
  topic: EVENTS_TOPIC,
  from,
  payloads: [dataObject(fields)],
});

/** `{ value }` or `{ error }`. */
export const resultData = (outcome: Outcome): DataObject =>
  outcome.ok
    ? dataObject({ value: outcome.values[0] ?? null })
    : dataObject({ error: errorToData(outcome.error) });

export const exitMessage = ({ from, outcome }: Ending): Message =>
  event(from, { kind: 'EXIT', from, result: resultData(outcome) });

export const linkDownMessage = ({ from, outcome }: Ending): Message =>
  event(from, { kind: 'LINK_DOWN', from, result: resultData(outcome) });

/** `deadline`: nanoseconds from now. */
export const cancelMessage = ({ from, reason, deadlineMs }: CancelRequest): Message =>
  event(from, {
    kind: 'CANCEL',
    reason,
    ...(from === undefined ? {} : { from }),
    ...(deadlineMs === undefined ? {} : { deadline: Math.round(deadlineMs * 1e6) }),
  });

export const outdatedMessage = (sources: readonly string[]): Message =>
  event(undefined, { kind: 'OUTDATED', sources: [...sources] });

/** Errors that came over a link. */
const passedOn = new WeakSet<ErrorData>();

/** What a process ends with whose link went down. Over a chain of links it stays the one of the first: they would grow without end. */
export function linkError(pid: string, cause: ErrorData): ErrorData {
  if (passedOn.has(cause)) return cause;
  const { kind, message } = cause;
  const error = { kind, message: `the linked process ${pid} ended: ${message}`, retryable: false, cause };
  passedOn.add(error);
  return error;
}
