// The seam between the instance (scheduler, channels, commands) and what runs Lua. Sealed.
// G1: compile is pure: the same program gives the same artifact, and says all syntax errors of all units at once.
// G2: a Vm is one Lua state; two Vms share nothing that Lua can change.
// G3: a thread suspends from any depth; only the innermost request is told.
import type { Diagnostic } from '../core/diagnostics.js';
import type { InstanceContext } from './instance-context.js';
import type { ModuleSpec } from './module.js';
import type { Program } from '../core/program.js';
import type { Pause, SuspendRequest } from './suspend.js';
import type { LuaFunction, LuaTable, LuaThread, LuaValue } from './values.js';

export type EngineName = 'compiled' | 'fengari';

/** A compiled program. `text` is what travels to a workflow: JavaScript for `compiled`, the units' Lua for `fengari`. */
export interface Artifact {
  readonly engine: EngineName;
  /** Grows with every change that makes older artifacts useless. */
  readonly engineVersion: number;
  /** The program without its sources (they are in `text` where the engine needs them). */
  readonly program: Program;
  readonly text: string;
  /** About how many characters `text` has: it is made when it is first asked for. */
  readonly size: number;
}

export type CompileResult =
  | { readonly ok: true; readonly artifact: Artifact }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export interface LuaFrame {
  readonly chunk: string;
  /** 1-based; 0 when unknown. */
  readonly line: number;
  readonly name: string;
}

export type VmStep =
  | { readonly status: 'done'; readonly values: readonly LuaValue[] }
  | { readonly status: 'failed'; readonly error: LuaValue; readonly traceback: string }
  | { readonly status: 'suspended'; readonly request: SuspendRequest | Pause };

/** A scheduled coroutine of an instance: main, or one of coroutine.spawn. */
export interface VmThread {
  /** Goes on with these results of the call that suspended it (or these arguments, the first time). */
  resume(values: readonly LuaValue[]): VmStep;
  /** Goes on by raising `error` where it suspended. */
  raise(error: LuaValue): VmStep;
  frames(): readonly LuaFrame[];
  /** The `coroutine.running()` value of this thread. */
  readonly thread: LuaThread;
}

export interface Vm {
  newTable(): LuaTable;
  newThread(fn: LuaFunction): VmThread;
  /** A function that loads the entry's chunk, picks its method and calls it with its arguments. */
  readonly main: LuaFunction;
  /** Where the code is that runs now, innermost first; counted against no budget. */
  frames(): readonly LuaFrame[];
  /**
   * A step of the instance begins: what a budget counts per step begins anew. Absent: nothing is counted. `isWhole`: the
   * step must not pause.
   */
  beginStep?(isWhole?: boolean): void;
  /** A step has paused: keeps what is left of its budget. */
  pauseStep?(): void;
  /** The step that paused goes on, with what was left of its budget. */
  resumeStep?(): void;
  close(): void;
}

/** A program ready to be instantiated any number of times. */
export interface LoadedProgram {
  readonly program: Program;
  instantiate(context: InstanceContext, modules: ModuleLookup): Vm;
}

/** Built-in modules by name; `undefined` when no such module is built. */
export interface ModuleLookup {
  find(name: string): ModuleSpec | undefined;
  /** Always there: process, channel, payload, errors, os additions, coroutine additions. */
  readonly globals: readonly ModuleSpec[];
}

export interface LuaEngine {
  readonly name: EngineName;
  compile(program: Program): CompileResult;
  load(artifact: Artifact): LoadedProgram;
}
