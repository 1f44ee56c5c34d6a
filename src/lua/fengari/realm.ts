// Lets fengari load where there is no `process`, as in a workflow's sandbox. internals.ts imports it before fengari. Sealed.
// W1: fengari reads process.env.FENGARICONF once, before all else, and asks only afterwards whether there is a process at all. So
//     the first reading finds an empty environment, and from then on there is none: fengari keeps to what any realm has.
// W2: without a process fengari looks for the global object with `eval` unless there is a `window`; while it loads there is one,
//     so that it also loads where code generation from strings is off. realm-loaded.ts takes it away.
export const lent: string[] = [];

if (!('process' in globalThis)) {
  Object.defineProperty(globalThis, 'process', {
    configurable: true,
    get() {
      Reflect.deleteProperty(globalThis, 'process');
      return { env: {} };
    },
  });
  if (!('window' in globalThis)) {
    Object.defineProperty(globalThis, 'window', { configurable: true, value: globalThis });
    lent.push('window');
  }
}
