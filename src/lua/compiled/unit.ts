// A compiled unit in this realm: its text made into functions, its twins made when something first suspends in them. Sealed.
// L1: one LoadedUnit per text and realm, shared by all instances; it holds nothing of an instance.
// L2: a twin needs the unit's source, from which it is compiled; that happens once per function and realm.
import { parseChunk, parseObserved } from '../front/parse.js';
import type { Chunk } from '../front/tree.js';
import { uncounted } from './budget.js';
import { RUNTIME_NAMES, UnitEmitter } from './compiler/unit-emitter.js';
import type { TextMap, UnitOptions, UnitText } from './compiler/unit-emitter.js';
import type { Scope } from './compiler/writer.js';
import { RAISE } from './closing.js';
import { hashText } from './hash.js';
import { observer } from './observer.js';
import { positionsOf, usePositions } from './positions.js';
import type { ScriptMap, UnitPositions } from './positions.js';
import { Frame, machine, startMachine } from './protocol.js';
import type { Callable, Result } from './protocol.js';
import { makeRuntime } from './runtime.js';
import type { Runtime } from './runtime.js';
import { Table } from './table.js';
import { unitSupport } from './unit-support.js';
import type { MadeScript } from './unit-support.js';

/** A unit as it travels in an artifact. */
export interface CompiledUnit {
  readonly chunk: string;
  /** For twins. */
  readonly source: string;
  readonly text: string;
  readonly map: TextMap;
  readonly sites: readonly (readonly number[])[];
  /** Of observed code: the variables in scope, by function id and site. */
  readonly siteScopes?: readonly ReadonlyMap<number, Scope>[];
}

const PARAMETERS: readonly string[] = [...RUNTIME_NAMES, 'unit'];

/** A text that becomes a function, and where it comes from. */
export interface ScriptText {
  readonly parameters: readonly string[];
  readonly body: string;
  readonly url: string;
  readonly chunk: string;
  readonly source: string;
  readonly map: TextMap;
}

let runtime: Runtime | undefined;

const argumentsFor = (rt: Runtime): unknown[] => RUNTIME_NAMES.map((name) => rt[name]);

class LoadedUnit {
  readonly unit: CompiledUnit;
  readonly options: UnitOptions;
  readonly #url: string;
  readonly #positions: UnitPositions;
  readonly #exports: Readonly<Record<string, unknown>>;
  /** Gives back what the unit and its twins have taken of the budget. */
  readonly #resets: (() => number)[];
  #emitter: UnitEmitter | undefined;
  #chunk: Chunk | undefined;

  constructor(unit: CompiledUnit, options: UnitOptions) {
    this.unit = unit;
    this.options = options;
    // The text follows from these (unit-emitter.ts U2), and is much longer.
    this.#url = `lua-${hashText(`${unit.chunk}\n${unit.text.length}\n${unit.source}`)}`;
    this.#positions = positionsOf(this.#url);
    runtime ??= makeRuntime();
    const made = this.#makeScript(this.#url, unit.text, unit.map);
    const observed = options.isObserved === true ? { loaded: this, observer } : {};
    const exports = made.run(...argumentsFor(runtime), {
      frame: (id: number, closes: boolean) => this.#framePrototype(id, closes),
      ...observed,
    }) as Readonly<Record<string, unknown>>;
    this.#resets = [exports['reset'] as () => number];
    this.#exports = { ...exports, resets: this.#resets, ...observed };
  }

  /** A step begins, or ends its turn: gives back what was taken of the budget (budget.ts B2). */
  giveBack(): number {
    let instructions = 0;
    for (const reset of this.#resets) instructions += reset();
    return instructions;
  }

  /** A new main function over an environment. */
  main(environment: unknown): Callable {
    usePositions(this.#url, this.#positions);
    return (this.#exports['m0'] as (environment: unknown) => Callable)(environment);
  }

  /** A closure of an observed function with variables of its own: what `load` makes of a dumped one. */
  closure(id: number, cells: readonly { v: unknown }[]): Callable {
    usePositions(this.#url, this.#positions);
    return (this.#exports[`m${id}`] as (...cells: readonly unknown[]) => Callable)(...cells);
  }

  /** The chunk's tree. */
  get chunk(): Chunk {
    return (this.#chunk ??= parse(this.unit, this.options));
  }

  /** The prototype of a function's frames; its `resume` is compiled when it is first called. */
  #framePrototype(id: number, closes: boolean): Frame {
    const { unit } = this;
    const prototype = Object.create(Frame.prototype) as Frame & { pc: number };
    const compile = (): Frame['resume'] => (prototype.resume = this.#twin(id));
    prototype.resume = function (this: Frame, value: Result): Result {
      return compile().call(this, value);
    };
    if (closes) Object.assign(prototype, { closes, raise: raiseInto });
    const title = (): string => unit.map.functions[id]?.[1] ?? '?';
    prototype.describe = function (this: { readonly pc: number }) {
      return { chunk: unit.chunk, line: unit.sites[id]?.[this.pc] ?? 0, title: title() };
    };
    return prototype;
  }

  #makeScript(url: string, body: string, map: TextMap): MadeScript {
    const { chunk, source } = this.unit;
    const made = unitSupport().makeFunction({ parameters: PARAMETERS, body, url, chunk, source, map });
    const { headerLines } = made; // and not what runs: positions are kept longer
    this.#positions.add(url, body.length, () => scriptMap(chunk, map, headerLines));
    return made;
  }

  #twin(id: number): Frame['resume'] {
    const { text, map } = uncounted(() => this.#twinText(id)); // not the program's: it happens once per realm
    const made = this.#makeScript(`${this.#url}r${id}`, text, map);
    return made.run(...argumentsFor(runtime as Runtime), this.#exports) as Frame['resume'];
  }

  #twinText(id: number): UnitText {
    if (this.#emitter === undefined) {
      const { marksLines = false } = unitSupport();
      this.#emitter = new UnitEmitter(this.chunk, { marksLines, ...this.options });
      this.#emitter.compile();
    }
    return this.#emitter.compileTwin(id);
  }
}

/** `raise` of frames with to-be-closed variables: the error arises where they wait. */
function raiseInto(this: Frame, error: Error): Result {
  machine.raised = error;
  return this.resume(RAISE);
}

export type { LoadedUnit };

function parse({ source, chunk }: CompiledUnit, { isObserved = false }: UnitOptions): Chunk {
  const parsed = isObserved ? parseObserved(source, chunk) : parseChunk(source, chunk);
  if (!parsed.ok) throw new TypeError(`unit '${chunk}' was compiled but does not parse`);
  return parsed.chunk;
}

function scriptMap(chunk: string, map: TextMap, headerLines: number): ScriptMap {
  const padding = Array.from({ length: headerLines + 1 }, () => 0);
  return {
    chunk,
    lines: [...padding, ...map.lines],
    operands: new Map(map.operands.map(([line, names]) => [line + headerLines, names])),
    functions: map.functions.map(([line, title]) => ({ firstLine: line + headerLines, title })),
    ...(map.scopes === undefined
      ? {}
      : { scopes: new Map(map.scopes.map(([line, scope]) => [line + headerLines, scope])) }),
  };
}

/** Compiles a parsed chunk. */
export function compileUnit(chunk: Chunk, source: string, options: UnitOptions = {}): CompiledUnit {
  const { marksLines = false } = unitSupport();
  startMachine(); // constants are computed as the program would
  const emitter = new UnitEmitter(chunk, { marksLines, ...options });
  return { chunk: chunk.file, source, ...uncounted(() => emitter.compile()) };
}

export const loadUnit = (unit: CompiledUnit, options: UnitOptions = {}): LoadedUnit =>
  new LoadedUnit(unit, options);

/** A chunk in its observed form, for what names `debug`. `isStripped`: without its lines. */
export function loadObserved(source: string, file: string, isStripped = false): LoadedUnit {
  const parsed = parseObserved(source, file);
  if (!parsed.ok) throw new TypeError(`chunk '${file}' is not Lua`);
  const options = { isObserved: true };
  const unit = compileUnit(parsed.chunk, source, options);
  return loadUnit(isStripped ? withoutLines(unit) : unit, options);
}

function withoutLines(unit: CompiledUnit): CompiledUnit {
  const strip = (lines: readonly number[]): number[] => lines.map((line) => (line === 0 ? 0 : -1));
  return { ...unit, map: { ...unit.map, lines: strip(unit.map.lines) }, sites: unit.sites.map(strip) };
}

/** A chunk as a function of an environment, as `load` makes it; the environment may be any value. */
export function loadChunk(chunk: Chunk, source: string, environment: unknown): Callable {
  const options = { anyEnvironment: !(environment instanceof Table) };
  return loadUnit(compileUnit(chunk, source, options), options).main(environment);
}
