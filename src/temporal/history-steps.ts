// What a history says a run did, in the order in which it did it, and which program it is pinned to. Host only.
import type { temporal } from '@temporalio/proto';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Payload } from '@temporalio/common';
import { toTextLossy } from '../core/text.js';
import type { ProgramReference, RunStep, StepKind } from './contracts.js';
import { RESOLVE_ACTIVITY } from './names.js';
import { payloadConverter, ResolvedProgram } from './payload-converter.js';

type Event = temporal.api.history.v1.IHistoryEvent;

export interface HistoryStep extends RunStep {
  readonly eventId: number;
  /** Events that the history had when the task began that made it. */
  readonly task: number;
}

/** The search attribute that the SDK's core itself writes beside every patch marker. */
const CHANGE_VERSION = 'TemporalChangeVersion';

export function stepsOfHistory({ events }: History): HistoryStep[] {
  return (events ?? []).flatMap((event) => {
    const step = stepOf(event);
    if (step === undefined) return [];
    const [kind, name, completed, words] = step;
    const summary = words ?? summaryOf(event);
    // A task's completion follows its start at once.
    return [{ kind, name: name ?? '', summary, eventId: Number(event.eventId), task: Number(completed) - 1 }];
  });
}

type Found = readonly [kind: StepKind, name: string | null | undefined, completed: unknown, words?: string];

function stepOf(event: Event): Found | undefined {
  const activity = event.activityTaskScheduledEventAttributes;
  if (activity != null)
    return ['activity', activity.activityType?.name, activity.workflowTaskCompletedEventId];
  const timer = event.timerStartedEventAttributes;
  if (timer != null) return ['timer', '', timer.workflowTaskCompletedEventId];
  const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
  if (child != null) return ['child', child.workflowType?.name, child.workflowTaskCompletedEventId];
  const signal = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
  if (signal != null) return ['signal', signal.signalName, signal.workflowTaskCompletedEventId];
  const cancel = event.requestCancelExternalWorkflowExecutionInitiatedEventAttributes;
  if (cancel != null) return ['cancel', '', cancel.workflowTaskCompletedEventId, ''];
  const operation = event.nexusOperationScheduledEventAttributes;
  if (operation != null) return ['operation', operation.operation, operation.workflowTaskCompletedEventId];
  const attributes = event.upsertWorkflowSearchAttributesEventAttributes;
  if (attributes != null) {
    const names = Object.keys(attributes.searchAttributes?.indexedFields ?? {});
    if (names.every((name) => name === CHANGE_VERSION)) return undefined;
    return ['attributes', '', attributes.workflowTaskCompletedEventId];
  }
  const memo = event.workflowPropertiesModifiedEventAttributes;
  if (memo != null) return ['memo', '', memo.workflowTaskCompletedEventId];
  return event.markerRecordedEventAttributes == null ? endOf(event) : markerOf(event);
}

function endOf(event: Event): Found | undefined {
  const done = event.workflowExecutionCompletedEventAttributes;
  if (done != null) return ['complete', '', done.workflowTaskCompletedEventId];
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed != null) return ['fail', '', failed.workflowTaskCompletedEventId, failed.failure?.message ?? ''];
  const canceled = event.workflowExecutionCanceledEventAttributes;
  if (canceled != null) return ['canceled', '', canceled.workflowTaskCompletedEventId];
  const next = event.workflowExecutionContinuedAsNewEventAttributes;
  if (next != null) return ['continue', '', next.workflowTaskCompletedEventId];
  return undefined;
}

/** Markers of the SDK's core: `core_patch` and `core_local_activity`. */
function markerOf({ markerRecordedEventAttributes: marker }: Event): Found | undefined {
  const completed = marker?.workflowTaskCompletedEventId;
  if (marker?.markerName === 'core_patch') {
    const data = plainJson(marker.details?.['patch-data']?.payloads?.[0]);
    return ['version', typeof data['id'] === 'string' ? data['id'] : '', completed];
  }
  if (marker?.markerName === 'core_local_activity') return ['local', localType(marker), completed];
  return undefined;
}

const localType = (marker: temporal.api.history.v1.IMarkerRecordedEventAttributes): string => {
  const type = plainJson(marker.details?.['data']?.payloads?.[0])['activity_type'];
  return typeof type === 'string' ? type : '';
};

/** What the core itself wrote: JSON of its own, not of our converter. */
function plainJson(payload: Payload | null | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload?.data ?? []).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // of a release of the core that writes otherwise: the step has no name then
  }
}

function summaryOf({ userMetadata }: Event): string {
  const payload = userMetadata?.summary;
  if (payload == null) return '';
  const text: unknown = payloadConverter.fromPayload(payload);
  return typeof text === 'string' ? toTextLossy(text) : '';
}

/** The program of the run; undefined while its first task is not done. */
export function programOfHistory({ events }: History): ProgramReference | undefined {
  for (const { markerRecordedEventAttributes: marker } of events ?? []) {
    if (marker == null || localType(marker) !== RESOLVE_ACTIVITY) continue;
    const payload = marker.details?.['result']?.payloads?.[0];
    const result: unknown = payload == null ? undefined : payloadConverter.fromPayload(payload);
    if (result instanceof ResolvedProgram) return result.reference;
  }
  return undefined;
}

export const typeOfHistory = ({ events }: History): string =>
  events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
