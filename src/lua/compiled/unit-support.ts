// What a host may put around units: compiled ones that it kept, and how their texts become functions. Sealed.
// S1: results are those of the plain way; a host only saves work, or shows what it does to a debugger.
import type { CompiledUnit, ScriptText } from './unit.js';

/** A script's function, and how many lines V8 counts before the body's first. */
export interface MadeScript {
  readonly run: (...values: unknown[]) => unknown;
  readonly headerLines: number;
}

export interface UnitSupport {
  readonly makeFunction: (script: ScriptText) => MadeScript;
  /** A unit that was compiled from this source before, by this version of the engine. */
  find?(chunk: string, source: string): CompiledUnit | undefined;
  keep?(unit: CompiledUnit): void;
  /** Every statement gets a JavaScript line of its own, so that a debugger can stop at it. Default: only what can fail. */
  readonly marksLines?: boolean;
}

/** `new Function` puts two lines before the body. */
const PLAIN: UnitSupport = {
  makeFunction: ({ parameters, body, url }) => ({
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    run: new Function(...parameters, `${body}\n//# sourceURL=${url}`) as (...values: unknown[]) => unknown,
    headerLines: 2,
  }),
};

let current = PLAIN;
/** From now on for this realm; undefined: the plain way. */
export function setUnitSupport(support: UnitSupport | undefined): void {
  current = support ?? PLAIN;
}
export const unitSupport = (): UnitSupport => current;
