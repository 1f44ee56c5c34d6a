// The built-in modules as a workflow finds them. Sealed.
import type { ModuleLookup } from '../../src/lua/engine.js';
import { declaredModules, globalModules } from '../../src/modules/index.js';

const byName = new Map(declaredModules.map((spec) => [spec.name, spec]));

export const moduleLookup: ModuleLookup = { find: (name) => byName.get(name), globals: globalModules };
