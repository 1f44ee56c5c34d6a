// What the workflow bundle offers to the worker: the dynamic workflow for every type that has none of its own.
export { runLua as default } from './run-lua.js';
