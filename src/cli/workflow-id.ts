// What can be the id of a workflow.
import { UsageError } from './usage-error.js';

/** Temporal's default `limit.maxIDLength`, in characters as its server counts them: bytes. */
const MAX_ID_BYTES = 1000;

/** `name`: how the argument is called. Throws UsageError. */
export function checkWorkflowId(name: string, id: string): void {
  if (id === '') throw new UsageError(`${name} is empty; a workflow id has at least one character`);
  const bytes = Buffer.byteLength(id);
  if (bytes > MAX_ID_BYTES)
    throw new UsageError(`${name} has ${bytes} bytes; a workflow id has at most ${MAX_ID_BYTES}`);
}
