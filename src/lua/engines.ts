// The engines by name, and which one programs are compiled with. Sealed.
import { canGenerateCode } from '../core/code-generation.js';
import type { Program } from '../core/program.js';
import type { CompileResult, EngineName, LuaEngine } from './engine.js';
import { compiledEngine } from './compiled/engine.js';
import { fengariEngine } from './fengari/engine.js';

/** What new programs are compiled with where nobody wishes otherwise and this process may. */
export const DEFAULT_ENGINE: EngineName = 'compiled';

/** What new programs are compiled with; programs that are pinned keep the engine of their artifact. */
export const chooseEngine = (wished: EngineName | undefined): EngineName =>
  wished ?? (canGenerateCode() ? DEFAULT_ENGINE : 'fengari');

const ENGINES: Readonly<Record<EngineName, LuaEngine>> = { compiled: compiledEngine, fengari: fengariEngine };

export const engineNamed = (name: EngineName): LuaEngine => ENGINES[name];

export const compileProgram = (program: Program): CompileResult =>
  engineNamed(DEFAULT_ENGINE).compile(program);
