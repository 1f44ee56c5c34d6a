// Where compiled Lua is: from JavaScript stacks, and from frames on the heap, to Lua lines and names. Sealed.
// L1: running code keeps no line; each site has a JavaScript line of its own, and a table maps it to the Lua line.
// L2: a script is known by its url, `lua-` and 16 hex digits (and `r`, a function's number, for a resumable twin), never by
//     the chunk's name, which may hold anything.
// L3: builtins are named `[C]:name`, functions that they make `namelessBuiltin`; a run loop is named RUN, and stands for the heap frames of the stack that it runs.
// L4: a node loads new versions of programs without end, so positions are dropped again: those of the units whose last
//     instance began longest ago, when all others take more room than the programs of any app.
import type { LuaFrame } from '../engine.js';
import type { Scope } from './compiler/writer.js';
import { machine } from './machine.js';
import type { Frame, FrameStack } from './machine.js';

/** A function of a script, from its first JavaScript line on. */
export interface FunctionPlace {
  readonly firstLine: number;
  /** As tracebacks show it: `function 'f'`, `main chunk`, `function <chunk:3>`. */
  readonly title: string;
}

/** What is known of a generated script; JavaScript lines count from 1. */
export interface ScriptMap {
  readonly chunk: string;
  /** Lua line by JavaScript line; 0: none. */
  readonly lines: ArrayLike<number>;
  /** By JavaScript line: names of the operands there, `local 'x'`; '' where an operand has none. */
  readonly operands: ReadonlyMap<number, readonly string[]>;
  /** In order of firstLine. */
  readonly functions: readonly FunctionPlace[];
  /** By JavaScript line: the variables in scope, where code is observed (observer.ts). */
  readonly scopes?: ReadonlyMap<number, Scope>;
}

export type StackEntry =
  | {
      readonly is: 'lua';
      readonly chunk: string;
      readonly line: number;
      readonly title: string;
      readonly operands: readonly string[];
      /** Of observed code that runs: the variables in scope. */
      readonly scope?: Scope;
      /** Of code that waits: its frame. */
      readonly frame?: Frame;
    }
  | { readonly is: 'native'; readonly name: string };

/** The scripts of a unit: its own, and those of its twins. */
export class UnitPositions {
  readonly #maps = new Map<string, () => ScriptMap>();
  /** About the bytes that they take. */
  size = 0;

  /** A map is made when the first error needs it. `size`: characters of the script, whose positions take about as many bytes. */
  add(url: string, size: number, map: () => ScriptMap): void {
    let made: ScriptMap | undefined;
    this.#maps.set(url, () => (made ??= map()));
    this.size += size;
  }

  get(url: string): ScriptMap | undefined {
    return this.#maps.get(url)?.();
  }
}

/** Bytes of all positions together (L4). */
const MAX_POSITIONS = 64_000_000;
/** By the url of the unit, the one used longest ago first; with the size that was counted for it. */
const known = new Map<string, { readonly of: UnitPositions; readonly size: number }>();
let knownSize = 0;
/** The url that is the last in it. */
let newest = '';
/** Of urls of units: `lua-` and 16 digits. */
const UNIT_URL_LENGTH = 20;

/** The positions of a unit: those that are known of it if it was loaded before. */
export const positionsOf = (url: string): UnitPositions => known.get(url)?.of ?? new UnitPositions();

/** An instance of a unit begins: from now on its positions are known. */
export function usePositions(url: string, of: UnitPositions): void {
  if (url === newest && known.get(url)?.of === of && known.get(url)?.size === of.size) return;
  newest = url;
  forget(url);
  known.set(url, { of, size: of.size });
  knownSize += of.size;
  if (knownSize <= MAX_POSITIONS) return;
  for (const oldest of known.keys()) {
    if (oldest === url || knownSize <= MAX_POSITIONS) break;
    forget(oldest);
  }
}

function forget(url: string): void {
  const { size } = known.get(url) ?? { size: 0 };
  if (known.delete(url)) knownSize -= size;
}

export const RUN = '[run]';
const NAMELESS_BUILTIN = 'namelessBuiltin';
/** How stacks name functions that builtins make, such as what coroutine.wrap gives. */
export const NAMELESS = '?';
const ENTRY = /(lua-[0-9a-f]{16}(?:r\d+)?):(\d+):\d+|\[C\]:([^\s(]+)|\[run\]|(namelessBuiltin) /g;
const NO_OPERANDS: readonly string[] = [];

/** V8's view of one frame. */
interface CallSite {
  getScriptNameOrSourceURL(): string | null;
  getLineNumber(): number | null;
  getFunctionName(): string | null;
}

/** V8's own properties of `Error`, which the language's standard library does not know. */
interface ErrorSettings {
  new (): Error;
  stackTraceLimit?: number;
  prepareStackTrace?: ((error: Error, sites: CallSite[]) => unknown) | undefined;
}

const above = (object: object): object | null => Object.getPrototypeOf(object) as object | null;

/** `Error` of the realm that made the sandbox: the root of what the URL throws that is handed in from there. */
function outerError(): ErrorSettings {
  const { URL } = globalThis as unknown as { readonly URL: new (text: string) => object };
  let root: unknown;
  try {
    new URL('');
  } catch (thrown) {
    // The last prototype is Object's, the one before it the root's.
    let at = Object.getPrototypeOf(thrown) as object;
    for (let next = above(at); next !== null; next = above(at)) {
      root = at.constructor;
      at = next;
    }
  }
  return root as ErrorSettings;
}

let outer: ErrorSettings | undefined;
/**
 * The `Error` whose stacks can be had as deep and as raw as needed: this realm's own, or in Temporal's sandbox, where it is
 * frozen with ten frames, the outer realm's. V8 shows the frames of both realms in either's stacks.
 */
function settableError(): ErrorSettings {
  if (outer !== undefined) return outer;
  return Object.isFrozen(Error) ? (outer = outerError()) : (Error as unknown as ErrorSettings);
}

/** Runs `make` with room for so many frames in the stacks of errors. */
export function withStackLimit<T>(frames: number, make: () => T): T {
  const error = settableError();
  const before = error.stackTraceLimit;
  error.stackTraceLimit = frames;
  const made = make();
  error.stackTraceLimit = before ?? 10;
  return made;
}

const keepSites = (_error: Error, sites: CallSite[]): CallSite[] => sites;

/** The frames of whoever calls this. */
function capture(frames: number): readonly CallSite[] {
  return withStackLimit(frames, () => {
    const RealmError = settableError();
    const before = RealmError.prepareStackTrace;
    RealmError.prepareStackTrace = keepSites;
    const sites: unknown = new RealmError().stack;
    RealmError.prepareStackTrace = before;
    return sites as CallSite[];
  });
}

function functionAt(map: ScriptMap, line: number): string {
  let title = '?';
  for (const place of map.functions) {
    if (place.firstLine > line) break;
    title = place.title;
  }
  return title;
}

/** The entry of a place in a script; undefined for scripts that are not ours. */
function entryAt(url: string, line: number): StackEntry | undefined {
  const map = known.get(url.slice(0, UNIT_URL_LENGTH))?.of.get(url);
  const luaLine = map?.lines[line] ?? 0;
  if (map === undefined || luaLine === 0) return undefined; // a helper of the unit
  return {
    is: 'lua',
    chunk: map.chunk,
    line: luaLine,
    title: functionAt(map, line),
    operands: map.operands.get(line) ?? NO_OPERANDS,
    ...(map.scopes === undefined ? {} : { scope: map.scopes.get(line) ?? [] }),
  };
}

/** As many frames of a stack are told at most. */
const MAX_ENTRIES = 200;

/** Entries of suspended frames, innermost first. */
export function heapEntries(top: Frame | null): StackEntry[] {
  const entries: StackEntry[] = [];
  for (let frame = top; frame !== null && entries.length < MAX_ENTRIES; frame = frame.next) {
    if (frame.inner !== undefined) entries.push(...heapEntries(frame.inner.top));
    if (frame.native !== undefined) entries.push({ is: 'native', name: frame.native });
    const place = frame.describe?.();
    if (place !== undefined) entries.push({ ...place, is: 'lua', operands: NO_OPERANDS, frame });
  }
  return entries;
}

/** Collects the entries of a JavaScript stack; a run loop becomes the heap frames of the stack that it runs. */
class Collector {
  readonly entries: StackEntry[] = [];
  /** What follows is of the coroutine's resumers. */
  isBelowCoroutine = false;
  #running: FrameStack | null;
  constructor(running: FrameStack | null) {
    this.#running = running;
  }
  addLua(url: string, line: number): void {
    const entry = entryAt(url, line);
    if (entry !== undefined) this.entries.push(entry);
  }
  addNative(name: string): void {
    this.entries.push({ is: 'native', name });
  }
  addRun(): void {
    if (this.#running === null) return;
    this.entries.push(...heapEntries(this.#running.top));
    this.isBelowCoroutine ||= this.#running.isCoroutine === true;
    this.#running = this.#running.outer;
  }
}

/** Entries of a stack's text, innermost first. */
export function parseStack(text: string, running = machine.running): StackEntry[] {
  const collector = new Collector(running);
  for (const [, url, line, native, nameless] of text.matchAll(ENTRY)) {
    if (url !== undefined) collector.addLua(url, Number(line));
    else if (nameless !== undefined) collector.addNative(NAMELESS);
    else if (native !== undefined) collector.addNative(native);
    else collector.addRun();
  }
  return collector.entries;
}

/** Where code stood at some moment. */
export class Stack {
  readonly #sites: readonly CallSite[];
  readonly #running = machine.running;
  readonly #frames: number;

  /** Of whoever calls this, as many JavaScript frames deep. */
  constructor(frames: number) {
    this.#frames = frames;
    this.#sites = capture(frames);
  }

  /** The first entries, innermost first; stops when there are `enough`, and at the bottom of the coroutine if they are to be its `own`. */
  entries(enough = Infinity, own = false): StackEntry[] {
    const collector = new Collector(this.#running);
    for (const site of this.#sites) {
      const url = site.getScriptNameOrSourceURL();
      if (url?.startsWith('lua-') === true) collector.addLua(url, site.getLineNumber() ?? 0);
      else {
        const name = site.getFunctionName();
        if (name === RUN) collector.addRun();
        else if (name === NAMELESS_BUILTIN) collector.addNative(NAMELESS);
        else if (name?.startsWith('[C]:') === true) collector.addNative(name.slice(4));
      }
      if (collector.entries.length >= enough || (own && collector.isBelowCoroutine)) break;
    }
    return collector.entries;
  }

  /** It may go on beyond what was captured. */
  get isCut(): boolean {
    return this.#sites.length >= this.#frames;
  }
}

/** Lua's entries as the host sees them. */
export function framesOf(entries: readonly StackEntry[]): LuaFrame[] {
  return entries.flatMap((entry) =>
    entry.is === 'lua' ? [{ chunk: entry.chunk, line: entry.line, name: entry.title }] : [],
  );
}

/** JavaScript frames that are enough for the innermost entries; the deepest helper has about ten. */
const FEW = 10;
const MANY = 64;

/** The stack of whoever calls this, with at least `enough` entries where there are so many. */
export function stackWith(enough: number, frames = FEW): Stack {
  const stack = new Stack(frames);
  return stack.isCut && stack.entries(enough).length < enough ? new Stack(MANY + 8 * enough) : stack;
}

/** Entries of whoever calls this, innermost first. */
export const currentEntries = (): StackEntry[] => new Stack(2 * MAX_ENTRIES).entries();

/** The operation of compiled code at the top of a stack; undefined in native code called from native code. */
export function siteOf(stack: Stack): Extract<StackEntry, { is: 'lua' }> | undefined {
  const [entry] = stack.entries(1);
  return entry?.is === 'lua' ? entry : undefined;
}

/** `chunk:line: `; '' where there is no position. */
export const positionOf = (entry: StackEntry | undefined): string =>
  entry?.is === 'lua' ? `${entry.chunk}:${entry.line}: ` : '';

/** Stands among the operands of a call whose result is returned as it is. */
export const TAIL_CALL = 'tail call';

/** In Lua, tail calls leave no level. */
export const leavesNoLevel = (entry: StackEntry, inner: StackEntry | undefined): boolean =>
  entry.is === 'lua' && entry.operands[1] === TAIL_CALL && inner?.is === 'lua';

/** The code at a level as `error` counts them, seen from a builtin: 1 is who called it. */
export function entryAtLevel(stack: Stack, level: number): StackEntry | undefined {
  return levelIn(stack.entries(level === 1 ? 2 : Infinity, true), level);
}

/** The same in entries. */
export function levelIn(entries: readonly StackEntry[], level: number): StackEntry | undefined {
  const levels = entries.filter((entry, at) => !leavesNoLevel(entry, entries[at - 1]));
  return levels[(levels[0]?.is === 'native' ? 1 : 0) + level - 1];
}

/** The code that called a nameless function, which is no longer there itself where it had suspended. */
export function callerEntry(stack: Stack): StackEntry | undefined {
  const [first, second] = stack.entries(2, true);
  return first?.is === 'native' && first.name === NAMELESS ? second : first;
}
