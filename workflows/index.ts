// What the workflow bundle offers to the worker: the platform's own workflows, and the dynamic one for every other type.
// Evaluated once for each run, as interceptors.ts is.
import { workflowInfo } from '@temporalio/workflow';
import { session } from './interceptors.js';
import { runLua } from './run-lua.js';
import { systemWorkflow } from './system.js';

export default (...args: unknown[]): Promise<unknown> => {
  const own = systemWorkflow(workflowInfo().workflowType);
  return own === undefined ? runLua(session, args) : own(args[0]);
};
