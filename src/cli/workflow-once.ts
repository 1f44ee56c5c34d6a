// A workflow run to its end, as a function is called: the outcome is what it returned or failed with.
import { toBytes } from '../core/text.js';
import type { Outcome } from '../lua/step.js';
import { clientOfQueue } from '../runtime/temporal-access.js';
import type { RunningNode } from './running-node.js';
import { workflowTarget } from './workflow-target.js';

/** `timeoutMs`: the run itself ends then. What the workflow is not to blame for is thrown. */
export async function runWorkflowOnce(node: RunningNode, id: string, timeoutMs: number): Promise<Outcome> {
  const { RunError, TemporalRequestError, resultOf, startRun } = await import('../temporal/client.js');
  const { type, taskQueue } = workflowTarget(node.plan(), node.find({ '.kind': 'workflow.lua' }), id);
  const client = await node.temporal.client(clientOfQueue(node.plan(), taskQueue));
  try {
    const values = await client.withAbortSignal(node.stopping, async () =>
      resultOf(
        client,
        await startRun(client, {
          type,
          taskQueue,
          args: [],
          options: { workflowExecutionTimeout: timeoutMs },
        }),
      ),
    );
    return { ok: true, values };
  } catch (error) {
    if (node.stopping.aborted)
      return { ok: false, error: { kind: 'Canceled', message: toBytes('stopped before it ended') } };
    if (!(error instanceof RunError) || error instanceof TemporalRequestError) throw error;
    return { ok: false, error: error.data };
  }
}
