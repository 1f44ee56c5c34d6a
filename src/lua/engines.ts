// The engines by name, and which one programs are compiled with. Sealed.
import type { Program } from '../core/program.js';
import type { CompileResult, EngineName, LuaEngine } from './engine.js';
import { fengariEngine } from './fengari/engine.js';

/** What new programs are compiled with; programs that are pinned keep the engine of their artifact. */
export const DEFAULT_ENGINE: EngineName = 'fengari';

export function engineNamed(name: EngineName): LuaEngine {
  if (name === 'fengari') return fengariEngine;
  throw new TypeError(`engine '${name}' is not built into this version; use 'fengari'`);
}

export const compileProgram = (program: Program): CompileResult =>
  engineNamed(DEFAULT_ENGINE).compile(program);
