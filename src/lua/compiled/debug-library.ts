// The `debug` table of programs outside of apps, over what observed code tells (observer.ts). Sealed.
// D1: a level is a function on the stack; tail calls leave none, host functions and the frames of `moontide lua` itself are none.
// D2: of functions that are not observed (builtins, chunks loaded before one named `debug`) it is known that they are there.
import { luaErrorAt } from '../instance/arguments.js';
import type { HostCall } from '../instance-context.js';
import type { MemberSpec } from '../module.js';
import { fn } from '../module.js';
import { defineUserdata, LuaUserdata, luaType } from '../values.js';
import type { HostFunction, HostResult, LuaFunction, LuaValue } from '../values.js';
import type { FunctionBody } from '../front/tree.js';
import { Coroutine, currentCoroutine } from './coroutine.js';
import { callSync, metaOfTable, metatableOf, setBasicMetatable, setUserdataMetatable } from './metatables.js';
import { observedFunction, observer, runningActivations } from './observer.js';
import type { Activation, ObservedFunction } from './observer.js';
import { heapEntries, leavesNoLevel, NAMELESS, Stack } from './positions.js';
import type { StackEntry } from './positions.js';
import type { Frame, Value } from './protocol.js';
import { fromHostValue, Table, toHostValue } from './table.js';

/** JavaScript frames that are looked through for levels. */
const DEEPEST = 100_000;
/** Levels of this chunk are those of the program that runs the program. */
const OWN_CHUNK = '[moontide lua]';

const refuse = (call: HostCall, name: string, at: number, why: string): never => {
  throw luaErrorAt(call, `bad argument #${at} to '${name}' (${why})`);
};

// ------------------------------------------------------------------------------------------------------- levels

interface Level {
  readonly entry: StackEntry;
  /** Of observed code that runs. */
  readonly activation: Activation | undefined;
}

/** Pairs entries with the activations of observed code that runs. */
function levelsOf(entries: readonly StackEntry[]): Level[] {
  let next = runningActivations().length;
  const levels = entries.map((found, at) => {
    const entry = isOfCaller(found, entries[at + 1]) ? CALLER : found;
    const runs = entry.is === 'lua' && entry.scope !== undefined;
    return { entry, activation: runs ? runningActivations()[--next] : undefined };
  });
  return levels.filter(
    ({ entry }, at) =>
      !leavesNoLevel(entry, entries[at - 1]) && (entry.is !== 'lua' || entry.chunk !== OWN_CHUNK),
  );
}

const CALLER: StackEntry = { is: 'native', name: NAMELESS };

/** The builtin with which `moontide lua` calls the program. */
const isOfCaller = (entry: StackEntry, outer: StackEntry | undefined): boolean =>
  entry.is === 'native' && outer?.is === 'lua' && outer.chunk === OWN_CHUNK;

const GETINFO: Level = { entry: { is: 'native', name: 'getinfo' }, activation: undefined };
const YIELD: Level = { entry: { is: 'native', name: 'yield' }, activation: undefined };

/** Of the running coroutine 0 is the function of `debug`, 1 who called it; of a suspended one 0 is `yield`. */
function levelsIn(thread: Coroutine | undefined): readonly Level[] {
  if (thread === undefined || thread === currentCoroutine())
    return [GETINFO, ...levelsOf(new Stack(DEEPEST).entries(Infinity, true))];
  const levels = heapEntries(thread.top).map((entry) => ({ entry, activation: undefined }));
  return thread.status === 'suspended' && levels.length > 0 ? [YIELD, ...levels] : levels;
}

const levelAt = (thread: Coroutine | undefined, level: number): Level | undefined => levelsIn(thread)[level];

/** `[thread,] rest`: the thread, and where the rest begins. */
function withThread(args: readonly LuaValue[]): { thread: Coroutine | undefined; rest: readonly LuaValue[] } {
  const [first, ...rest] = args;
  return first instanceof Coroutine ? { thread: first, rest } : { thread: undefined, rest: args };
}

// ---------------------------------------------------------------------------------------------------- getinfo

const bodyOf = ({ unit, id }: ObservedFunction): FunctionBody => {
  const body = unit.chunk.functions[id];
  if (body === undefined) throw new TypeError(`no function ${id}`);
  return body;
};

const isNumber = (value: LuaValue): value is number => typeof value === 'number' && Number.isInteger(value);

const getinfo: HostFunction = (call, ...args) => {
  const { thread, rest } = withThread(args);
  const [subject, what] = rest;
  if (what !== undefined && typeof what !== 'string') refuse(call, 'getinfo', 2, 'string expected');
  if (typeof what === 'string' && /[^SnlutfLr]/.test(what)) refuse(call, 'getinfo', 2, 'invalid option');
  if (typeof subject === 'function') return infoOf(call, { fn: subject });
  if (!isNumber(subject)) return refuse(call, 'getinfo', 1, 'function or level expected');
  const level = subject < 0 ? undefined : levelAt(thread, subject);
  if (level === undefined) return undefined;
  const { entry, activation } = level;
  if (entry.is === 'native') return infoOf(call, entry.name === NAMELESS ? {} : { name: entry.name });
  const frame = entry.frame as (Frame & Readonly<Record<string, unknown>>) | undefined;
  const fn = activation?.fn ?? functionOfFrame(frame);
  return infoOf(call, { entry, ...(fn === undefined ? {} : { fn }) });
};

/** A frame keeps its function under the name that it has in the text. */
function functionOfFrame(frame: Readonly<Record<string, unknown>> | undefined): LuaFunction | undefined {
  for (const [name, value] of Object.entries(frame ?? {}))
    if (/^f\d+$/.test(name) && observedFunction(value) !== undefined) return value as LuaFunction;
  return undefined;
}

interface Known {
  readonly fn?: LuaFunction;
  readonly entry?: Extract<StackEntry, { is: 'lua' }>;
  readonly name?: string;
}

function infoOf(call: HostCall, { fn, entry, name }: Known): HostResult {
  const info = call.instance.newTable();
  const set = (facts: Readonly<Record<string, LuaValue>>): void => {
    for (const [key, value] of Object.entries(facts)) info.set(key, value);
  };
  const observed = observedFunction(fn);
  const body = observed === undefined ? undefined : bodyOf(observed);
  const chunk = observed?.unit.unit.chunk ?? entry?.chunk;
  const isMain = body === undefined ? entry?.title === 'main chunk' : body.id === 1;
  const isLua = chunk !== undefined;
  set({
    currentline: entry?.line ?? -1,
    istailcall: false,
    func: fn,
    nups: 0,
    isvararg: !isLua || isMain,
    nparams: 0,
  });
  set({
    what: isLua ? (isMain ? 'main' : 'Lua') : 'C',
    source: isLua ? (sourceNames.get(chunk) ?? `@${chunk}`) : '=[C]',
    short_src: isLua ? chunk : '[C]',
    linedefined: isLua ? (isMain ? 0 : (body?.line ?? -1)) : -1,
    lastlinedefined: isLua ? (isMain ? 0 : (body?.endLine ?? -1)) : -1,
  });
  const [, known] = /^function '(.*)'$/.exec(entry?.title ?? '') ?? [];
  const shown = name ?? known;
  set({ name: shown, namewhat: shown === undefined ? '' : 'function' });
  if (body !== undefined) {
    set({ nups: body.upvalues.length, isvararg: body.hasVarargs, nparams: body.parameters.length });
    const lines = call.instance.newTable();
    for (const line of statementLines(body)) lines.set(line, true);
    info.set('activelines', lines);
  }
  return info;
}

/** Lines of statements of the function, and of its end. */
function statementLines(body: FunctionBody): Set<number> {
  const lines = new Set<number>([body.endLine]);
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) node.forEach(visit);
    else {
      const { kind, line } = node as { readonly kind?: unknown; readonly line?: number };
      if (kind === 'function') return;
      if (typeof kind === 'string' && line !== undefined && /Statement|assignment|return|break/.test(kind))
        lines.add(line);
      if ('statements' in node) visit(node.statements);
      for (const part of ['body', 'clauses', 'otherwise'] as const)
        if (part in node) visit((node as Readonly<Record<string, unknown>>)[part]);
    }
  };
  visit(body.body);
  return lines;
}

/** As many levels of a traceback are told at its beginning and at its end, as in PUC. */
const FIRST_TOLD = 10;
const LAST_TOLD = 11;

const traceback: HostFunction = (_call, ...args) => {
  const { thread, rest } = withThread(args);
  const [message, level = thread === undefined ? 1 : 0] = rest;
  if (message !== undefined && typeof message !== 'string' && typeof message !== 'number') return message;
  const lines = levelsIn(thread)
    .slice(Number(level))
    .map(({ entry }) =>
      entry.is === 'native'
        ? `[C]: in ${entry.name === NAMELESS ? '?' : `function '${entry.name}'`}`
        : `${entry.chunk}:${entry.line}: in ${entry.title}`,
    );
  if (lines.length > FIRST_TOLD + LAST_TOLD)
    lines.splice(FIRST_TOLD, lines.length - FIRST_TOLD - LAST_TOLD, '...');
  const head = message === undefined ? '' : `${message}\n`;
  return `${head}stack traceback:${lines.map((line) => `\n\t${line}`).join('')}`;
};

/** What `load` was told a chunk's name is, by how messages call it. */
const sourceNames = new Map<string, string>();
export function rememberName(chunk: string, name: string): void {
  if (sourceNames.size < 10_000) sourceNames.set(chunk, name);
}

// ----------------------------------------------------------------------------------------------------- locals

interface Place {
  readonly name: string;
  read(): unknown;
  write(value: unknown): void;
}

let given: unknown;
/** Sets what `text` names where `peek` looks: the value goes by a variable of this module. */
const assign = (peek: (text: string) => unknown, text: string, value: unknown): void => {
  given = value;
  const take = peek(`(value)=>{${text}=value}`) as (value: unknown) => void;
  take(given);
};

/** The variable number `at` of a level; a negative one is of its extra arguments. */
function placeAt({ entry, activation }: Level, at: number): Place | undefined {
  if (entry.is !== 'lua') return undefined;
  const { frame } = entry;
  if (activation !== undefined) {
    const { peek, fn } = activation;
    if (at < 0)
      return varargAt(bodyOfActivation(fn)?.hasVarargs === true ? (peek('va') as unknown[]) : [], at);
    const [name, text] = entry.scope?.[at - 1] ?? [];
    if (name === undefined || text === undefined) return undefined;
    return { name, read: () => peek(text), write: (value) => assign(peek, text, value) };
  }
  const fields = frame as (Frame & Record<string, unknown>) | undefined;
  const fn = observedFunction(functionOfFrame(fields));
  if (fields === undefined || fn === undefined) return undefined;
  if (at < 0) return varargAt((fields['va'] ?? []) as unknown[], at);
  const scope = fn.unit.unit.siteScopes?.[fn.id]?.get(Number(fields['pc']));
  const [name, text] = scope?.[at - 1] ?? [];
  if (name === undefined || text === undefined) return undefined;
  const [slot = '', isCell] = text.split('.');
  const cell = (): { v: unknown } => fields[slot] as { v: unknown };
  return isCell === undefined
    ? { name, read: () => fields[slot], write: (value) => void (fields[slot] = value) }
    : { name, read: () => cell().v, write: (value) => void (cell().v = value) };
}

const bodyOfActivation = (fn: LuaFunction): FunctionBody | undefined => {
  const observed = observedFunction(fn);
  return observed === undefined ? undefined : bodyOf(observed);
};

const varargAt = (values: unknown[], at: number): Place | undefined =>
  -at > values.length
    ? undefined
    : { name: '(*vararg)', read: () => values[-at - 1], write: (value) => void (values[-at - 1] = value) };

const asLua = (value: unknown): LuaValue => toHostValue(value as Value);

const getlocal: HostFunction = (call, ...args) => {
  const { thread, rest } = withThread(args);
  const [subject, at] = rest;
  if (!isNumber(at)) return refuse(call, 'getlocal', 2, 'number expected');
  if (typeof subject === 'function') return bodyOfActivation(subject)?.parameters[at - 1]?.name;
  if (!isNumber(subject)) return refuse(call, 'getlocal', 1, 'number expected');
  const level = levelAt(thread, subject);
  if (level === undefined) return refuse(call, 'getlocal', 1, 'level out of range');
  const place = placeAt(level, at);
  return place === undefined ? undefined : [place.name, asLua(place.read())];
};

const setlocal: HostFunction = (call, ...args) => {
  const { thread, rest } = withThread(args);
  const [subject, at, value] = rest;
  if (!isNumber(subject) || !isNumber(at)) return refuse(call, 'setlocal', 1, 'number expected');
  const level = levelAt(thread, subject);
  if (level === undefined) return refuse(call, 'setlocal', 1, 'level out of range');
  const place = placeAt(level, at);
  place?.write(fromHostValue(value));
  return place?.name;
};

// --------------------------------------------------------------------------------------------------- upvalues

interface Upvalue {
  readonly name: string;
  /** The JavaScript name of its cell where the function was made. */
  readonly text: string;
  readonly observed: ObservedFunction;
}

const cellOf = ({ observed, text }: Upvalue): object => observed.peek(text) as object;

function upvalueAt(fn: LuaValue, at: number): Upvalue | undefined {
  const observed = observedFunction(fn);
  if (observed === undefined) return undefined;
  const variable = bodyOf(observed).upvalues[at - 1];
  return variable === undefined ? undefined : { name: variable.name, text: `u${at - 1}`, observed };
}

/** A to-be-closed variable is captured by value: nobody can assign it. */
const isCell = (cell: unknown): cell is { v: unknown } =>
  typeof cell === 'object' &&
  cell !== null &&
  'v' in cell &&
  Object.getPrototypeOf(cell) === Object.prototype;

function functionArgument(call: HostCall, name: string, fn: LuaValue, at: LuaValue): number {
  if (typeof fn !== 'function') refuse(call, name, 1, `function expected, got ${luaType(fn)}`);
  return isNumber(at) ? at : refuse(call, name, 2, 'number expected');
}

const getupvalue: HostFunction = (call, fn, at) => {
  const upvalue = upvalueAt(fn, functionArgument(call, 'getupvalue', fn, at));
  if (upvalue === undefined) return undefined;
  const cell: unknown = cellOf(upvalue);
  return [upvalue.name, asLua(isCell(cell) ? cell.v : cell)];
};

const setupvalue: HostFunction = (call, fn, at, value) => {
  const upvalue = upvalueAt(fn, functionArgument(call, 'setupvalue', fn, at));
  if (upvalue === undefined) return undefined;
  const cell: unknown = cellOf(upvalue);
  if (isCell(cell)) cell.v = fromHostValue(value);
  return upvalue.name;
};

const UpvalueId = defineUserdata<object>('light userdata', {}, { tostring: () => 'userdata: upvalue' });
const ids = new WeakMap<object, object>();

function idOf(identity: object): LuaUserdata {
  let id = ids.get(identity);
  if (id === undefined) ids.set(identity, (id = {}));
  return UpvalueId.wrap(id);
}

const upvalueid: HostFunction = (call, fn, at) => {
  const number = functionArgument(call, 'upvalueid', fn, at);
  const upvalue = upvalueAt(fn, number);
  if (upvalue !== undefined) return idOf(cellOf(upvalue));
  // A builtin that was made by a call, such as what string.gmatch gives, has something of its own.
  if (number === 1 && typeof fn === 'function' && fn.name === '' && observedFunction(fn) === undefined)
    return idOf(fn);
  return refuse(call, 'upvalueid', 2, 'invalid upvalue index');
};

const upvaluejoin: HostFunction = (call, to, toAt, from, fromAt) => {
  const own = upvalueAt(to, functionArgument(call, 'upvaluejoin', to, toAt));
  if (own === undefined) return refuse(call, 'upvaluejoin', 2, 'invalid upvalue index');
  const other = upvalueAt(from, functionArgument(call, 'upvaluejoin', from, fromAt));
  if (other === undefined) return refuse(call, 'upvaluejoin', 4, 'invalid upvalue index');
  assign(own.observed.peek, own.text, cellOf(other));
  return undefined;
};

// ------------------------------------------------------------------------------------------------------ hooks

const sethook: HostFunction = (call, ...args) => {
  const { rest } = withThread(args);
  const [fn, mask = '', count = 0] = rest;
  if (fn === undefined) {
    observer.hook = null;
    return undefined;
  }
  if (typeof fn !== 'function') return refuse(call, 'sethook', 1, 'function expected');
  if (typeof mask !== 'string' || !isNumber(count)) return refuse(call, 'sethook', 2, 'string expected');
  observer.hook = {
    fn: fn as Value,
    mask,
    count,
    left: count,
    call: (event, line) => void callSync(fn as Value, event, line),
  };
  return undefined;
};

const gethook: HostFunction = () => {
  const { hook } = observer;
  return hook === null ? undefined : [toHostValue(hook.fn), hook.mask, hook.count];
};

// ---------------------------------------------------------------------------------- metatables and user values

const setmetatable: HostFunction = (call, subject, metatable) => {
  if (metatable !== undefined && !(metatable instanceof Table))
    return refuse(call, 'setmetatable', 2, 'nil or table expected');
  if (subject instanceof Table) subject.meta = metatable === undefined ? null : metaOfTable(metatable);
  else if (subject instanceof LuaUserdata) setUserdataMetatable(subject, metatable);
  else setBasicMetatable(luaType(subject), metatable);
  return subject;
};

const userValues = new WeakMap<object, LuaValue>();

const setuservalue: HostFunction = (call, userdata, value) => {
  if (!(userdata instanceof LuaUserdata))
    return refuse(call, 'setuservalue', 1, `userdata expected, got ${luaType(userdata)}`);
  if (UpvalueId.unwrap(userdata) !== undefined)
    return refuse(call, 'setuservalue', 1, 'userdata expected, got light userdata');
  userValues.set(userdata, value);
  return userdata;
};

const member = (run: HostFunction): MemberSpec => fn('As in PUC.', [], [], run);
let registry: LuaValue;

export const debugMembers: Readonly<Record<string, MemberSpec>> = {
  getinfo: member(getinfo),
  traceback: member(traceback),
  getlocal: member(getlocal),
  setlocal: member(setlocal),
  getupvalue: member(getupvalue),
  setupvalue: member(setupvalue),
  upvalueid: member(upvalueid),
  upvaluejoin: member(upvaluejoin),
  sethook: member(sethook),
  gethook: member(gethook),
  getmetatable: member((_call, subject) => toHostValue(metatableOf(fromHostValue(subject)))),
  setmetatable: member(setmetatable),
  getuservalue: member((_call, userdata) =>
    userdata instanceof LuaUserdata ? userValues.get(userdata) : undefined,
  ),
  setuservalue: member(setuservalue),
  getregistry: member((call) => (registry ??= call.instance.newTable())),
};
