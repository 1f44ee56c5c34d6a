// Runs that would wait for ever because nobody will serve their task queue again.
import type { Client } from '@temporalio/client';

/** Terminates what still runs on a task queue; how many that were. */
export async function terminateLeftovers(client: Client, taskQueue: string, reason: string): Promise<number> {
  const query = `TaskQueue = '${taskQueue.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
  let count = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    try {
      await client.workflow.getHandle(workflowId, runId).terminate(reason);
      count += 1;
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return count;
}
