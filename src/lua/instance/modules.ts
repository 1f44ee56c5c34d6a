// Which modules an instance can have: one table, made once for the whole node or workflow bundle. Sealed.
import type { ModuleLookup } from '../engine.js';
import type { ModuleSpec } from '../module.js';

/** `globals` are always there, `modules` where a unit declares them. A name that comes twice is an error. */
export function moduleLookup(modules: readonly ModuleSpec[], globals: readonly ModuleSpec[]): ModuleLookup {
  const byName = new Map<string, ModuleSpec>();
  for (const spec of [...globals, ...modules]) {
    if (byName.has(spec.name)) throw new TypeError(`module '${spec.name}' is given twice`);
    byName.set(spec.name, spec);
  }
  return Object.freeze({ find: (name: string) => byName.get(name), globals });
}
