// The engines that these tests run over; the laws are the same for each.
import { describe } from 'vitest';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import type { LuaEngine } from '../../src/lua/engine.js';
import { fengariEngine } from '../../src/lua/fengari/engine.js';

export const engines: readonly LuaEngine[] = [compiledEngine, fengariEngine];

export function onEachEngine(what: string, tests: (engine: LuaEngine) => void): void {
  for (const engine of engines) describe(`${what} on ${engine.name}`, () => tests(engine));
}
