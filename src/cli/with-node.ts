// A node for one piece of work: started, used, and stopped whatever comes of it.
// W1: what fails in the stop is told and makes a good end a bad one; it never hides why the work failed.
// W2: work that a signal ended ends as that signal's, whatever it failed with then.
import { tellFailure } from './output.js';
import { runNode } from './run-node.js';
import type { NodeOptions, RunningNode } from './running-node.js';
import { InterruptedError } from './signals.js';

/** Gives the work's exit code, 1 where only the stop failed. */
export async function withNode(
  options: NodeOptions,
  work: (node: RunningNode) => Promise<number>,
): Promise<number> {
  const node = await runNode(options);
  let code: number;
  try {
    code = await work(node);
    code = node.exitCode ?? code;
  } catch (error) {
    await stopTold(node);
    // The program that asked for the end ended with the node: that is no failure.
    if (node.exitCode !== undefined) return node.exitCode;
    throw interruptionOf(node) ?? error; // W2
  }
  const stopped = await stopTold(node);
  return stopped || code !== 0 ? code : 1;
}

/** Waits for work that goes on without this process; `tell` is called at once when the node's stop ends the waiting. */
export async function tellingIfStopped<T>(
  { stopping }: RunningNode,
  tell: () => void,
  work: () => Promise<T>,
): Promise<T> {
  stopping.addEventListener('abort', tell);
  try {
    return await work();
  } finally {
    stopping.removeEventListener('abort', tell);
  }
}

/** The signal that stops a node; undefined: none does. */
export function interruptionOf({ stopping }: RunningNode): InterruptedError | undefined {
  const reason: unknown = stopping.aborted ? stopping.reason : undefined;
  return reason instanceof InterruptedError ? reason : undefined;
}

/** Whether it stopped cleanly; if not, that is told (W1). */
async function stopTold(node: RunningNode): Promise<boolean> {
  const isTold = node.stopping.aborted; // by who began the stop
  try {
    await node.stop();
    return true;
  } catch (error) {
    if (!isTold) tellFailure(error);
    return false;
  }
}
