// Which workflow somebody means, and where it runs.
import type { Entry } from '../registry/model/entry.js';
import { EntryKindError, EntryUnknownError } from '../runtime/errors.js';
import { nearest } from '../runtime/nearest.js';
import type { WorkerPlan } from '../services/temporal/worker-plan.js';

export interface WorkflowTarget {
  readonly entry: string;
  /** What Temporal calls it: the entry's id, or the name that it gives itself. */
  readonly type: string;
  readonly taskQueue: string;
}

/** By entry id or workflow type. Throws EntryKindError, EntryUnknownError. */
export function workflowTarget(
  { workers }: WorkerPlan,
  entries: readonly Entry[],
  name: string,
): WorkflowTarget {
  for (const { taskQueue, workflows } of workers)
    for (const [type, entry] of workflows)
      if (entry === name || type === name) return { entry, type, taskQueue };
  const entry = entries.find(({ id }) => id === name);
  if (entry !== undefined)
    throw new EntryKindError(
      name,
      entry.kind,
      entry.kind === 'function.lua' ? 'call it with `moontide call`' : 'only a workflow.lua can be started',
    );
  throw new EntryUnknownError(
    name,
    nearest(
      name,
      workers.flatMap(({ workflows }) => [...workflows].flat()),
    ),
  );
}
