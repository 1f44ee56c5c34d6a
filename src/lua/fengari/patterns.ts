// string.find, match, gmatch and gsub on fengari, by the matcher of the library: fengari's own cannot be stopped. Sealed.
// P1: what the matcher counts is counted by the meter of the state that runs; what it raises becomes an error of that state.
// P2: arguments that are not plainly texts and integers go to fengari's functions, which convert or refuse them: those are short.
// P3: a replacement function runs between two matches, never inside one: the matcher keeps what it found for its caller only.
import { lauxlib, lua } from './internals.js';
import type { CFunction, lua_State } from './internals.js';
import { BudgetExceeded as MatcherStopped } from '../compiled/budget.js';
import { machine, startMachine } from '../compiled/machine.js';
import type { Value } from '../compiled/machine.js';
import { captures, findMatch, matchEnd } from '../library/matcher.js';
import { isPlainText, patternOf } from '../library/pattern.js';
import type { Pattern } from '../library/pattern.js';
import { replaceByText } from '../library/string-search.js';
import { LuaError, LuaTable, luaType } from '../values.js';
import type { LuaValue } from '../values.js';
import type { Bridge } from './bridge.js';
import { chargeRunning, runningMeter } from './meter.js';
import { fromBytes } from './strings.js';

/** Steps of the matcher in the time of an instruction. */
const STEPS_AT_ONCE = 8;
/** Instructions of putting something in for a match. */
const MATCH_COST = 20;
/** Bytes that are searched or copied in the time of an instruction. */
const BYTES_AT_ONCE = 32;

interface Found {
  readonly begin: number;
  readonly end: number;
  readonly captured: readonly Value[];
}

/** The functions; `originals` are fengari's by the same names. */
export function patternLibrary(
  bridge: Bridge,
  originals: Readonly<Record<'find' | 'match' | 'gmatch' | 'gsub', CFunction>>,
): Record<string, CFunction> {
  /** P1 */
  const counted = <T>(L: lua_State, work: () => T): T => {
    startMachine();
    const meter = runningMeter();
    const { budget, floor, watch, memory, reserve } = machine;
    const given = meter === undefined ? Infinity : meter.left * STEPS_AT_ONCE;
    machine.budget = given;
    machine.floor = machine.watch = 0;
    machine.reserve = Infinity;
    let used = 0;
    try {
      return work();
    } catch (error) {
      if (error instanceof MatcherStopped && meter !== undefined)
        meter.exceed('instructions', 'instructions');
      if (error instanceof LuaError && typeof error.value === 'string') return raise(L, error.value);
      throw error;
    } finally {
      if (meter !== undefined) used = given - machine.budget;
      Object.assign(machine, { budget, floor, watch, memory, reserve });
      if (meter?.stop === undefined) meter?.charge(Math.max(used, 0) / STEPS_AT_ONCE);
    }
  };

  const raise = (L: lua_State, message: string): never => {
    lauxlib.luaL_where(L, 1);
    bridge.push(L, message);
    lua.lua_concat(L, 2);
    return lua.lua_error(L);
  };

  const next = (L: lua_State, text: string, pattern: Pattern, from: number): Found | undefined =>
    counted(L, () => {
      const begin = findMatch(text, pattern, from);
      if (begin < 0) return undefined;
      const end = matchEnd;
      return { begin, end, captured: captures(text, pattern, begin, end) };
    });

  const give = (L: lua_State, values: readonly Value[]): number => {
    bridge.pushAll(L, values as readonly LuaValue[]);
    return values.length;
  };

  /** find and match with texts and an integer; undefined: P2. */
  const search = (L: lua_State, what: 'find' | 'match'): number | undefined => {
    const [text, wanted, init = 1, plain] = bridge.readFrom(L, 1);
    if (typeof text !== 'string' || typeof wanted !== 'string' || !Number.isInteger(init)) return undefined;
    const from = beginning(init as number, text.length);
    if (from > text.length) return give(L, [undefined]);
    if (what === 'find' && ((plain !== undefined && plain !== false) || isPlainText(wanted))) {
      const at = text.indexOf(wanted, from);
      chargeRunning(((at < 0 ? text.length : at) - from) / BYTES_AT_ONCE);
      return give(L, at < 0 ? [undefined] : [at + 1, at + wanted.length]);
    }
    const pattern = counted(L, () => patternOf(wanted));
    const found = next(L, text, pattern, from);
    if (found === undefined) return give(L, [undefined]);
    if (what === 'match') return give(L, found.captured);
    const places = [found.begin + 1, found.end];
    return give(L, pattern.captures === 0 ? places : [...places, ...found.captured]);
  };

  /** Goes through the matches; gives undefined when there is none any more. */
  const matches = (text: string, pattern: Pattern): ((L: lua_State) => Found | undefined) => {
    let position = 0;
    let lastEnd = -1;
    return (L) => {
      while (position <= text.length) {
        const found = next(L, text, pattern, position);
        if (found === undefined) break;
        if (found.end === lastEnd) {
          position = found.begin + 1; // an empty match where the last one ended
          continue;
        }
        position = lastEnd = found.end;
        return found;
      }
      position = text.length + 1;
      return undefined;
    };
  };

  const gmatch: CFunction = (L) => {
    const [text, wanted] = bridge.readFrom(L, 1);
    if (typeof text !== 'string' || typeof wanted !== 'string') return originals.gmatch(L);
    // An anchor has no meaning here: `^` is an ordinary byte.
    const pattern = counted(L, () => patternOf(wanted.startsWith('^') ? `%${wanted}` : wanted));
    const step = matches(text, pattern);
    bridge.push(
      L,
      bridge.newFunction((caller) => give(caller, step(caller)?.captured ?? [undefined])),
    );
    return 1;
  };

  /** What goes in for a match. */
  const replacementOf = (
    L: lua_State,
    by: LuaValue,
    text: string,
    pattern: Pattern,
    found: Found,
  ): string => {
    let value: LuaValue;
    const { begin, end, captured } = found;
    if (typeof by === 'string')
      value = counted(L, () => replaceByText(by)(text, pattern, begin, end)) as LuaValue;
    else {
      const top = lua.lua_gettop(L);
      if (by instanceof LuaTable) {
        bridge.push(L, captured[0] as LuaValue);
        lua.lua_gettable(L, 3);
      } else {
        lua.lua_pushvalue(L, 3);
        bridge.pushAll(L, captured as readonly LuaValue[]);
        lua.lua_call(L, captured.length, 1);
      }
      const isNumber = lua.lua_type(L, -1) === lua.LUA_TNUMBER;
      value = isNumber ? fromBytes(lauxlib.luaL_tolstring(L, -1)) : bridge.read(L.stack[L.top - 1]!);
      lua.lua_settop(L, top);
    }
    if (value === undefined || value === false) return text.slice(begin, end);
    if (typeof value === 'string') return value;
    return raise(L, `invalid replacement value (a ${luaType(value)})`);
  };

  const gsub: CFunction = (L) => {
    const [text, wanted, by, limit = Infinity] = bridge.readFrom(L, 1);
    const isReplacement = typeof by === 'string' || typeof by === 'function' || by instanceof LuaTable;
    if (typeof text !== 'string' || typeof wanted !== 'string' || !isReplacement || typeof limit !== 'number')
      return originals.gsub(L);
    const pattern = counted(L, () => patternOf(wanted));
    const step = matches(text, pattern);
    let result = '';
    let copied = 0;
    let replaced = 0;
    while (replaced < limit) {
      const found = step(L);
      if (found === undefined) break;
      chargeRunning(MATCH_COST);
      const piece = replacementOf(L, by, text, pattern, found);
      replaced++;
      result += text.slice(copied, found.begin) + piece;
      runningMeter()?.chargeMemory(found.begin - copied + piece.length);
      copied = found.end;
      if (pattern.isAnchored) break;
    }
    return give(L, [result + text.slice(copied), replaced]);
  };

  return {
    find: (L) => search(L, 'find') ?? originals.find(L),
    match: (L) => search(L, 'match') ?? originals.match(L),
    gmatch,
    gsub,
  };
}

/** The 0-based place to begin at. */
function beginning(init: number, length: number): number {
  if (init > 0) return init - 1;
  if (init === 0) return 0;
  return init < -length ? 0 : length + init;
}
