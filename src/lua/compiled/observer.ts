// What observed code tells of itself: the functions that it makes, those that run, and the lines that they come to. Sealed.
// O1: only chunks that are compiled with `isObserved` call this; the text of others has no trace of it.
// O2: `peek` evaluates the text of a variable where the function is, or where it was made: that is how variables are read and set.
// O3: activations are those of code on the JavaScript stack; what waits on the heap is a Frame, which has its variables as fields.
import type { Chunk } from '../front/tree.js';
import type { Scope } from './compiler/writer.js';
import type { Callable, Value } from './machine.js';

export type Peek = (text: string) => unknown;

/** A loaded unit (unit.ts), as far as it is needed here. */
export interface ObservedUnit {
  readonly chunk: Chunk;
  readonly unit: {
    readonly chunk: string;
    readonly source: string;
    readonly siteScopes?: readonly ReadonlyMap<number, Scope>[];
  };
  closure(id: number, cells: readonly { v: unknown }[]): Callable;
}

export interface ObservedFunction {
  readonly unit: ObservedUnit;
  readonly id: number;
  /** Sees the cells that the function was made with, as u0, u1, ... */
  readonly peek: Peek;
}

export interface Activation {
  readonly fn: Callable;
  readonly peek: Peek;
  /** The line of the last line hook in it. */
  line: number;
}

/** What `debug.sethook` set. */
export interface Hook {
  readonly call: (event: string, line: number | undefined) => void;
  readonly fn: Value;
  readonly mask: string;
  readonly count: number;
  left: number;
}

const functions = new WeakMap<Callable, ObservedFunction>();
const activations: Activation[] = [];

export const observedFunction = (fn: unknown): ObservedFunction | undefined =>
  typeof fn === 'function' ? functions.get(fn as Callable) : undefined;

/** Those that run, innermost last. */
export const runningActivations = (): readonly Activation[] => activations;

/** A hook is not hooked. */
let isInHook = false;

function tell(event: string, line?: number): void {
  const { hook } = observer;
  if (hook === null || isInHook) return;
  isInHook = true;
  try {
    hook.call(event, line);
  } finally {
    isInHook = false;
  }
}

/** Generated code names it O. */
export const observer = {
  hook: null as Hook | null,

  made(unit: { readonly loaded: ObservedUnit }, id: number, fn: Callable, peek: Peek): Callable {
    functions.set(fn, { unit: unit.loaded, id, peek });
    return fn;
  },

  /** `goesOn`: after it had been suspended. */
  enter(fn: Callable, peek: Peek, goesOn: boolean): void {
    activations.push({ fn, peek, line: 0 });
    if (!goesOn && observer.hook?.mask.includes('c') === true) tell('call');
  },

  leave(): void {
    if (observer.hook?.mask.includes('r') === true) tell('return');
    activations.pop();
  },

  /** A statement of this line begins; called while there is a hook. */
  at(line: number): void {
    const { hook } = observer;
    const activation = activations.at(-1);
    if (hook === null || activation === undefined) return;
    if (hook.count > 0 && --hook.left <= 0) {
      hook.left = hook.count;
      tell('count');
    }
    if (activation.line === line) return;
    activation.line = line;
    if (hook.mask.includes('l')) tell('line', line);
  },

  /** A loop comes round: its lines count anew. Called while there is a hook. */
  again(): void {
    const activation = activations.at(-1);
    if (activation !== undefined) activation.line = 0;
  },
};
