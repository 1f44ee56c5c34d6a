// What happens in a run, as server-sent events that can be resumed: read from the run's history, so any node can tell them.
// V1: an event's id is `<run id>/<number in its history>`; who comes back with one is told what came after it.
// V2: what is told are names, no arguments and no results but the run's own; what the platform does for itself is not told.
// V3: after the last event the stream ends; who comes back with the id of that is answered 204, which ends an EventSource.
// V4: a run that goes on as new is followed.
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Data } from '../../core/data.js';
import { dataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { toBytes } from '../../core/text.js';
import { asRunError, resultOf, RunError } from '../../temporal/client.js';
import { isSystemWorkflow } from '../../temporal/names.js';

type Event = temporal.api.history.v1.IHistoryEvent;

export interface RunEvent {
  /** V1 */
  readonly id: string;
  readonly name: string;
  readonly data: Data;
  /** Nothing comes after it. */
  readonly last: boolean;
}

export interface EventPosition {
  readonly runId: string;
  readonly number: number;
}

export function positionOf(id: string): EventPosition | undefined {
  const [, runId = '', number] = /^([\w-]{1,64})\/(\d{1,9})$/.exec(id) ?? [];
  return number === undefined ? undefined : { runId, number: Number(number) };
}

export interface RunEventsOptions {
  readonly client: Client;
  readonly workflowId: string;
  readonly after: EventPosition | undefined;
  readonly signal: AbortSignal;
  /** The failure of a run, as clients may see it. */
  readonly toldError: (error: ErrorData) => Data;
}

/** Events as they come, until the run ends. Rejects with a RunError, or with what `signal` says. */
export async function* runEvents(options: RunEventsOptions): AsyncGenerator<RunEvent> {
  const { client, workflowId, after, signal } = options;
  let runId = after?.runId ?? (await firstRun(client, workflowId));
  let from = after?.number ?? 0;
  for (;;) {
    const names = new Names();
    let next: string | undefined;
    for await (const event of history(client, workflowId, runId, signal)) {
      const number = Number(event.eventId);
      const told = toldOf(event, names) ?? (await endOf(event, runId, options));
      const successor = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
      if (successor != null) next = successor;
      if (told === undefined || number <= from) continue;
      yield { ...told, id: `${runId}/${number}` };
    }
    if (next === undefined) return;
    runId = next;
    from = 0;
  }
}

/** Whether nothing comes after a position (V3). */
export async function isLast(
  client: Client,
  workflowId: string,
  { runId, number }: EventPosition,
): Promise<boolean> {
  const { raw, status } = await describe(client, workflowId, runId);
  return status.name !== 'RUNNING' && Number(raw.workflowExecutionInfo?.historyLength) <= number;
}

async function firstRun(client: Client, workflowId: string): Promise<string> {
  const { raw, runId } = await describe(client, workflowId);
  return raw.workflowExecutionInfo?.firstRunId || runId;
}

async function describe(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    throw asRunError(error);
  }
}

/** One run's events from its first; those to come are waited for. */
async function* history(
  client: Client,
  workflowId: string,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  let nextPageToken: Uint8Array | undefined;
  do {
    let page: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse;
    try {
      page = await client.withAbortSignal(signal, () =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution: { workflowId, runId },
          waitNewEvent: true,
          ...(nextPageToken === undefined ? {} : { nextPageToken }),
        }),
      );
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw asRunError(error);
    }
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken ?? undefined;
  } while (nextPageToken !== undefined && nextPageToken.length > 0);
}

/** What later events of a history refer to by number. */
class Names {
  readonly #steps = new Map<number, Record<string, Data>>();
  begin(event: Event, kind: string, name: string | null | undefined): Record<string, Data> {
    const step = { kind, ...(name == null || name === '' ? {} : { name: toBytes(name) }) };
    this.#steps.set(Number(event.eventId), step);
    return step;
  }
  get(number: unknown): Record<string, Data> | undefined {
    return this.#steps.get(Number(number));
  }
}

type Told = Pick<RunEvent, 'name' | 'data' | 'last'>;

/** V2 */
function toldOf(event: Event, names: Names): Told | undefined {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled != null)
    return told(event, 'step.scheduled', names.begin(event, 'activity', scheduled.activityType?.name));
  const initiated = event.startChildWorkflowExecutionInitiatedEventAttributes;
  if (initiated != null)
    return told(event, 'step.scheduled', names.begin(event, 'workflow', initiated.workflowType?.name));
  if (event.timerStartedEventAttributes != null)
    return told(event, 'step.scheduled', names.begin(event, 'timer', ''));
  const fired = event.timerFiredEventAttributes;
  if (fired != null) return told(event, 'step.completed', names.get(fired.startedEventId));
  for (const [name, attributes] of [
    ['step.completed', event.activityTaskCompletedEventAttributes],
    ['step.failed', event.activityTaskFailedEventAttributes],
    ['step.failed', event.activityTaskTimedOutEventAttributes],
    ['step.cancelled', event.activityTaskCanceledEventAttributes],
  ] as const)
    if (attributes != null) return told(event, name, names.get(attributes.scheduledEventId));
  for (const [name, attributes] of [
    ['step.completed', event.childWorkflowExecutionCompletedEventAttributes],
    ['step.failed', event.childWorkflowExecutionFailedEventAttributes],
    ['step.failed', event.childWorkflowExecutionTimedOutEventAttributes],
    ['step.failed', event.childWorkflowExecutionTerminatedEventAttributes],
    ['step.cancelled', event.childWorkflowExecutionCanceledEventAttributes],
  ] as const)
    if (attributes != null) return told(event, name, names.get(attributes.initiatedEventId));
  const signalled = event.workflowExecutionSignaledEventAttributes;
  if (signalled != null) return told(event, 'signal', named(signalled.signalName));
  const accepted = event.workflowExecutionUpdateAcceptedEventAttributes;
  if (accepted != null) return told(event, 'update', named(accepted.acceptedRequest?.input?.name));
  if (event.workflowExecutionStartedEventAttributes != null) return told(event, 'started', {});
  if (event.workflowExecutionContinuedAsNewEventAttributes != null) return told(event, 'continued', {});
  return undefined;
}

/** The end of a run, with what came of it. */
async function endOf(
  event: Event,
  runId: string,
  { client, workflowId, toldError }: RunEventsOptions,
): Promise<Told | undefined> {
  if (event.workflowExecutionCanceledEventAttributes != null) return told(event, 'cancelled', {}, true);
  if (event.workflowExecutionTerminatedEventAttributes != null) return told(event, 'terminated', {}, true);
  if (event.workflowExecutionTimedOutEventAttributes != null) return told(event, 'timed_out', {}, true);
  const completed = event.workflowExecutionCompletedEventAttributes != null;
  if (!completed && event.workflowExecutionFailedEventAttributes == null) return undefined;
  try {
    const [result = null] = await resultOf(client, { workflowId, runId });
    return told(event, 'completed', { result }, true);
  } catch (error) {
    if (completed || !(error instanceof RunError)) throw error;
    return told(event, 'failed', { error: toldError(error.data) }, true);
  }
}

const told = (
  event: Event,
  name: string,
  more: Record<string, Data> | undefined,
  last = false,
): Told | undefined =>
  more === undefined ? undefined : { name, last, data: dataObject({ at: timeOf(event), ...more }) };

/** What a run hears of the platform is not the app's. */
const named = (name: string | null | undefined): Record<string, Data> | undefined =>
  name == null || isSystemWorkflow(name) ? undefined : { name: toBytes(name) };

const timeOf = ({ eventTime }: Event): string =>
  new Date(Number(eventTime?.seconds ?? 0) * 1000 + Math.floor((eventTime?.nanos ?? 0) / 1e6)).toISOString();
