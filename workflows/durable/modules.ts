// The built-in modules that a workflow can use. Sealed.
import type { ModuleLookup } from '../../src/lua/engine.js';
import type { ModuleSpec } from '../../src/lua/module.js';
import { channelSpec } from '../../src/modules/channel/spec.js';
import { coroutineSpec } from '../../src/modules/coroutine/spec.js';
import { ctxSpec } from '../../src/modules/ctx/spec.js';
import { errorsSpec } from '../../src/modules/errors/spec.js';
import { funcsSpec } from '../../src/modules/funcs/spec.js';
import { loggerSpec } from '../../src/modules/logger/spec.js';
import { osSpec } from '../../src/modules/os/spec.js';
import { payloadSpec } from '../../src/modules/payload/spec.js';
import { processSpec } from '../../src/modules/process/spec.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { uuidSpec } from '../../src/modules/uuid/spec.js';
import { workflowSpec } from '../../src/modules/workflow/spec.js';

const byName = new Map<string, ModuleSpec>(
  [ctxSpec, funcsSpec, loggerSpec, timeSpec, uuidSpec, workflowSpec].map((spec) => [spec.name, spec]),
);
export const moduleLookup: ModuleLookup = {
  find: (name) => byName.get(name),
  globals: [channelSpec, coroutineSpec, errorsSpec, osSpec, payloadSpec, processSpec],
};
