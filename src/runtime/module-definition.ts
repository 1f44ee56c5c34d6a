// A Lua module as extensions write it: what Lua sees, and who answers its commands.
import type { HostHandlers } from '../core/handler.js';
import type { ModuleSpec } from '../lua/module.js';

export interface ModuleDefinition {
  readonly spec: ModuleSpec;
  /** Command type -> handler; absent for modules that ask nothing of their host. */
  readonly host?: HostHandlers;
}

export function defineModule(definition: ModuleDefinition): ModuleDefinition {
  return Object.freeze({ ...definition, spec: Object.freeze(definition.spec) });
}
