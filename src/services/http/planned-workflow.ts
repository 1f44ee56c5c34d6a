// A route of a workflow, as its entry says. Pure.
// W1: the parameter `{id}` of a path is the key of a run, the only one by any name; a start may have none.
import { mapIn } from '../../core/data-values.js';
import { entryMilliseconds } from '../../core/durations.js';
import { operationOf } from '../../registry/kinds/http-kinds.js';
import type { Operation } from '../../registry/kinds/http-kinds.js';
import type { Entry } from '../../registry/model/entry.js';

export interface PlannedWorkflow {
  /** Entry id: with the key it is the id of a run. */
  readonly entry: string;
  /** What Temporal calls it: the entry id, or the name that the workflow gives itself. */
  readonly type: string;
  readonly operation: Operation;
  /** Of the signal, query or update; '' for the others. */
  readonly name: string;
  readonly mode: 'wait' | 'accepted';
  /** How long a result is waited for. Milliseconds. */
  readonly timeoutMs: number;
  /** In lower case. */
  readonly keyHeader: string;
  readonly keyRequired: boolean;
  /** The parameter that is the key (W1). */
  readonly keyParam: string | undefined;
  /** The route that tells the state of a run, from the root: `/api/orders/:id`; and its parameter. */
  readonly status: StatusRoute | undefined;
}

export interface StatusRoute {
  readonly path: string;
  readonly keyParam: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** `path` as fastify has it. */
export function plannedWorkflow(
  { data }: Entry,
  path: string,
  workflow: string,
  target: Entry | undefined,
): Omit<PlannedWorkflow, 'status'> {
  const idempotency = mapIn(data['idempotency']);
  const { header, required } = idempotency;
  const given = mapIn(mapIn(target?.meta['temporal'])['workflow'])['name'];
  const operation = operationOf(data);
  const name = data[operation];
  return {
    entry: workflow,
    type: typeof given === 'string' ? given : workflow,
    operation,
    name: typeof name === 'string' ? name : '',
    mode: data['mode'] === 'accepted' ? 'accepted' : 'wait',
    timeoutMs: entryMilliseconds(data['timeout']) ?? DEFAULT_TIMEOUT_MS,
    keyHeader: (typeof header === 'string' ? header : 'Idempotency-Key').toLowerCase(),
    keyRequired: required === true,
    keyParam: keyParamOf(path, operation),
  };
}

/** W1 */
export function keyParamOf(path: string, operation: Operation): string | undefined {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  if (names.includes('id')) return 'id';
  return operation !== 'start' && names.length === 1 ? names[0] : undefined;
}
