// `workflow.await` in a run: asks after every step which conditions hold. Sealed.
import { awaitingOf } from '../../src/modules/workflow/durable.js';
import type { Run } from './run.js';

/** Wakes who waits for what holds now; the step that follows asks again. */
export function wakeAwaiting(run: Run): void {
  const awaiting = awaitingOf(run.instance);
  if (awaiting.size === 0) return;
  let woke = false;
  for (const one of [...awaiting]) woke = one.settle(run.consult(one.condition, [])) || woke;
  if (woke) run.turn();
}
