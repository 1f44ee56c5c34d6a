// What the workflow bundle offers to the worker: the dynamic workflow for every type that has none of its own.
// Evaluated once for each run, as interceptors.ts is.
import { session } from './interceptors.js';
import { runLua } from './run-lua.js';

export default (...args: unknown[]): Promise<unknown> => runLua(session, args);
