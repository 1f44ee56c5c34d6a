// Where compiled Lua is: from JavaScript stacks, and from frames on the heap, to Lua lines and names. Sealed.
// L1: running code keeps no line; each site has a JavaScript line of its own, and a table maps it to the Lua line.
// L2: a script is known by its url, `lua-` and 16 hex digits (and `r`, a function's number, for a resumable twin), never by
//     the chunk's name, which may hold anything.
// L3: builtins are named `[C]:name`; a run loop is named RUN, and stands for the heap frames of the stack that it runs.
import type { LuaFrame } from '../engine.js';
import { machine } from './protocol.js';
import type { Frame } from './protocol.js';

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
}

export type StackEntry =
  | {
      readonly is: 'lua';
      readonly chunk: string;
      readonly line: number;
      readonly title: string;
      readonly operands: readonly string[];
    }
  | { readonly is: 'native'; readonly name: string };

const scripts = new Map<string, () => ScriptMap>();

/** Makes a script's positions known; its map is made when the first error needs it. */
export function registerScript(url: string, map: () => ScriptMap): void {
  let made: ScriptMap | undefined;
  scripts.set(url, () => (made ??= map()));
}

export const RUN = '[run]';
const ENTRY = /(lua-[0-9a-f]{16}(?:r\d+)?):(\d+):\d+|\[C\]:([^\s(]+)|\[run\]/g;
const NO_OPERANDS: readonly string[] = [];

// V8's own properties, which the language's standard library does not know.
const limits = Error as unknown as { stackTraceLimit?: number };
let limitIsOurs = true;

/** Runs `make` with room for so many frames in the stacks of errors. */
export function withStackLimit<T>(frames: number, make: () => T): T {
  if (!limitIsOurs) return make();
  const before = limits.stackTraceLimit;
  try {
    limits.stackTraceLimit = frames;
  } catch {
    limitIsOurs = false; // a sandbox with frozen intrinsics; its limit has to do
    return make();
  }
  const made = make();
  limits.stackTraceLimit = before ?? 10;
  return made;
}

const stackText = (): string => new Error().stack ?? '';

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
  const map = scripts.get(url)?.();
  const luaLine = map?.lines[line] ?? 0;
  if (map === undefined || luaLine === 0) return undefined; // a helper of the unit
  return {
    is: 'lua',
    chunk: map.chunk,
    line: luaLine,
    title: functionAt(map, line),
    operands: map.operands.get(line) ?? NO_OPERANDS,
  };
}

/** As many frames of a stack are told at most. */
const MAX_ENTRIES = 200;

/** Entries of suspended frames, innermost first. */
export function heapEntries(top: Frame | null): StackEntry[] {
  const entries: StackEntry[] = [];
  for (let frame = top; frame !== null && entries.length < MAX_ENTRIES; frame = frame.next) {
    if (frame.inner !== undefined) entries.push(...heapEntries(frame.inner.top));
    const place = frame.describe?.();
    if (place !== undefined) entries.push({ ...place, is: 'lua', operands: NO_OPERANDS });
  }
  return entries;
}

/** Entries of a JavaScript stack, innermost first; `[run]` becomes the heap frames of the stacks under way. */
export function parseStack(text: string, running = machine.running): StackEntry[] {
  const entries: StackEntry[] = [];
  let stack = running;
  for (const [, url, line, native] of text.matchAll(ENTRY)) {
    if (url !== undefined) {
      const entry = entryAt(url, Number(line));
      if (entry !== undefined) entries.push(entry);
    } else if (native !== undefined) entries.push({ is: 'native', name: native });
    else if (stack !== null) {
      entries.push(...heapEntries(stack.top));
      stack = stack.outer;
    }
  }
  return entries;
}

/** Lua's entries as the host sees them. */
export function framesOf(entries: readonly StackEntry[]): LuaFrame[] {
  return entries.flatMap((entry) =>
    entry.is === 'lua' ? [{ chunk: entry.chunk, line: entry.line, name: entry.title }] : [],
  );
}

/** The stack of whoever calls this, `frames` JavaScript frames deep. */
export const currentEntries = (frames: number): StackEntry[] => parseStack(withStackLimit(frames, stackText));

/** The operation of compiled code that is under way; undefined in native code called from native code. */
export function currentSite(): Extract<StackEntry, { is: 'lua' }> | undefined {
  const [entry] = currentEntries(20);
  return entry?.is === 'lua' ? entry : undefined;
}

/** `chunk:line: ` of the operation of compiled code that is under way. */
export function sitePosition(): string {
  const site = currentSite();
  return site === undefined ? '' : `${site.chunk}:${site.line}: `;
}

/** `chunk:line: ` at a level as `error` counts them, seen from a builtin: 1 is who called it. '' where that is native. */
export function positionAtLevel(level: number): string {
  const entries = currentEntries(14 + 8 * level);
  const from = entries[0]?.is === 'native' ? 1 : 0;
  const entry = entries[from + level - 1];
  return entry?.is === 'lua' ? `${entry.chunk}:${entry.line}: ` : '';
}
