// Functions and userdata of modules (lua/module.ts) as Lua values; made once per realm, they find their instance when called. Sealed.
// H1: a host function gets and gives values of the seam (integers beyond 2^53 as bigint); errors that it throws go through Lua's pcall.
// H2: one that must wait leaves its request in machine.payload and suspends to the host, from any depth (coroutine.ts C2).
import { Arguments, luaErrorAt, typeName } from '../instance/arguments.js';
import { errorsMade } from '../instance/error-object.js';
import { walkedSoFar } from '../instance/plain-data.js';
import type { HostCall } from '../instance-context.js';
import type { MemberSpec } from '../module.js';
import { AS_THEY_ARE, Suspend } from '../suspend.js';
import type { SuspendRequest } from '../suspend.js';
import { charged, LuaError, LuaUserdata } from '../values.js';
import type { AnyUserdataType, HostFunction, HostResult, LuaValue, UserdataMeta } from '../values.js';
import {
  charge,
  chargeCrossing,
  chargeMemory,
  ERROR_COST,
  HOST_CALL_BYTES,
  HOST_CALL_COST,
  STRING_BYTES,
  USERDATA_BYTES,
} from './budget.js';
import { canSuspendToHost } from './coroutine.js';
import { newError, raise, raisedAnew, toLuaError } from './errors.js';
import { I64 } from './int64.js';
import { callable, setUserdataFactory } from './metatables.js';
import { all, Frame, machine, push, results, S, suspend } from './protocol.js';
import type { MessageHandler } from './machine.js';
import type { Callable, Result, Value } from './protocol.js';
import { LONG, lookAt } from './ropes.js';
import { fromHostValue, Table, toHostValue } from './table.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { isArray } = Array;

type CallRequest = Extract<SuspendRequest, { on: 'call' }>;

let current: HostCall | undefined;
/** Set where an instance's code begins to run; gives back what was set before. */
export function setHostCall(call: HostCall | undefined): HostCall | undefined {
  const before = current;
  current = call;
  return before;
}

/** The call of the instance that runs. */
export function hostCall(): HostCall {
  if (current === undefined) throw new TypeError('a host function was called while no instance runs');
  return current;
}

let raised: LuaValue[] | undefined;
/** The host's answer, when it comes, is this error. */
export function raiseInHostFrame(error: LuaValue): void {
  raised = [error];
}

/** Waits for what the host goes on with. */
class HostFrame extends Frame {
  override resume(value: Result): Result {
    if (raised === undefined) return value;
    const [error] = raised;
    raised = undefined;
    throw newError(fromHostValue(error));
  }
}

Object.defineProperty(HostFrame.prototype, 'isHost', { value: true });

/** Goes on with what Lua gave to a host function that had called it. */
class HostCallFrame extends Frame {
  protected readonly request: CallRequest;
  constructor(request: CallRequest) {
    super();
    this.request = request;
  }
  override resume(value: Result): Result {
    return settle(() => this.request.then(all(value).map(toHostValue)));
  }
}

class CatchingCallFrame extends HostCallFrame {
  readonly #handler: MessageHandler | undefined;
  constructor(request: CallRequest, handler: MessageHandler | undefined) {
    super(request);
    this.#handler = handler;
  }
  override resume(value: Result): Result {
    machine.handler = this.#handler;
    return super.resume(value);
  }
  override raise(error: Error): Result {
    machine.handler = this.#handler;
    const { caught } = this.request;
    if (caught === undefined) throw error;
    return settle(() => caught((error as LuaError).value));
  }
}

const callFrame = (request: CallRequest, handler: MessageHandler | undefined): Frame =>
  request.caught === undefined ? new HostCallFrame(request) : new CatchingCallFrame(request, handler);

/** Does what a host function came to, until there are results for Lua; hosts may call Lua any number of times. */
function settle(make: () => HostResult): Result {
  for (let next = make; ;) {
    const result = next();
    if (!(result instanceof Suspend)) return isResults(result) ? several(result) : fromHost(result);
    const { request } = result;
    if (request.on !== 'call') return wait(request);
    const values = callLua(request);
    if (values === S) return S;
    if (values instanceof LuaError) {
      const { caught } = request;
      if (caught === undefined) throw values;
      next = () => caught(values.value);
    } else if (request.then === AS_THEY_ARE) return values;
    else next = () => request.then(all(values).map(toHostValue));
  }
}

const isResults = (result: LuaValue | readonly LuaValue[]): result is readonly LuaValue[] => isArray(result);

/** Results that are the same inside are not copied: nobody changes them (protocol.ts P1). */
function several(values: readonly LuaValue[]): Result {
  for (let at = 0; at < values.length; at++)
    if (fromHost(values[at]) !== values[at]) return results(values.map(fromHostValue));
  return results(values as Value[]);
}

/** What a host function has made is counted: its tables are already. */
function fromHost(value: LuaValue): Value {
  if (typeof value === 'string') chargeMemory(STRING_BYTES + value.length);
  else if (value instanceof LuaUserdata) machine.memory -= USERDATA_BYTES;
  return fromHostValue(value);
}

function callLua(request: CallRequest): Result | LuaError {
  const { depth, barrier, levels, running, base, limit, handler } = machine;
  let result: Result;
  if (request.caught !== undefined) machine.handler = undefined;
  try {
    result = callable(request.fn as Value)(...request.args.map(fromHostValue));
  } catch (thrown) {
    const error = toLuaError(thrown);
    if (error === undefined || request.caught === undefined) throw thrown;
    Object.assign(machine, { depth, barrier, levels, running, base, limit, handler });
    return error;
  }
  if (result !== S) {
    machine.handler = handler;
    return result;
  }
  // Where nothing has to come back, the frame would only take room: every main waits so.
  return request.then === AS_THEY_ARE && request.caught === undefined ? S : push(callFrame(request, handler));
}

function wait(request: Exclude<SuspendRequest, CallRequest>): Value[] {
  if (!canSuspendToHost()) {
    const what = request.on === 'command' ? request.command.type : request.describe;
    raise(
      `attempt to yield across a C-call boundary: '${what}' cannot wait inside table.sort, string.gsub or an error handler`,
    );
  }
  suspend('host', request);
  return push(new HostFrame());
}

const made = new WeakMap<HostFunction, Callable>();

/** A host function as a Lua function: always the same one. */
export function hostFunction(run: HostFunction): Callable {
  let fn = made.get(run);
  if (fn === undefined) made.set(run, (fn = makeFunction(run)));
  return fn;
}

/** What a host has thrown goes to the message handler while the stack is there (errors.ts E2). */
function handledHere(thrown: unknown): unknown {
  const error = machine.handler === undefined ? undefined : toLuaError(thrown);
  return error === undefined ? thrown : raisedAnew(error);
}

function makeFunction(run: HostFunction): Callable {
  return (...values) => {
    const call = hostCall();
    machine.budget -= HOST_CALL_COST;
    machine.memory -= HOST_CALL_BYTES;
    // Nothing is written into `values`, so that V8 makes no array of them where they are few.
    let isPlain = true;
    for (let at = 0; at < values.length; at++) {
      const value = values[at];
      if (typeof value === 'string') {
        if (value.length < LONG) continue;
        lookAt(value.length);
        machine.budget -= value.length >> 3; // whatever reads it
      } else if (value instanceof I64) isPlain = false;
    }
    const before = walkedSoFar();
    const errors = errorsMade();
    let result: HostResult;
    try {
      result = isPlain ? run(call, ...(values as LuaValue[])) : run(call, ...values.map(toHostValue));
    } catch (thrown) {
      throw handledHere(thrown);
    } finally {
      const walked = walkedSoFar() - before;
      if (walked > 0) chargeCrossing(walked);
      if (errorsMade() !== errors) charge(ERROR_COST);
    }
    if (!(result instanceof Suspend)) return isResults(result) ? several(result) : fromHost(result);
    const { request } = result;
    return request.on === 'call' ? settle(() => result) : wait(request);
  };
}

/** The members of a module as a frozen table. */
export function memberTable(
  members: Readonly<Record<string, MemberSpec>>,
  more: Readonly<Record<string, Value>> = {},
): Table {
  const table = new Table();
  for (const [name, value] of Object.entries(more)) table.setField(name, value);
  for (const [name, member] of Object.entries(members)) table.setField(name, memberValue(member));
  return table.freeze();
}

export function memberValue(member: MemberSpec): Value {
  switch (member.is) {
    case 'function':
      return hostFunction(member.run);
    case 'constant':
      return fromHostValue(member.value);
    case 'table':
      return memberTable(member.members);
  }
}

// --------------------------------------------------------------------------------------------------- userdata

type AnyMeta = UserdataMeta<never>;

/** The host value of a userdata of this type. `never`: only the type's own functions know what it is. */
function ownValue(type: AnyUserdataType, value: LuaValue): never | undefined {
  return value instanceof LuaUserdata && value.type === type ? (value.value as never) : undefined;
}

/** The metatable of a userdata type; Lua sees only its name. */
function userdataMetatable(type: AnyUserdataType): Table {
  const { meta } = type;
  const metatable = new Table();
  const methods = new Table();
  for (const [name, method] of Object.entries(type.methods)) {
    const run: HostFunction = (call, userdata, ...args) => {
      const self = ownValue(type, userdata);
      if (self === undefined) throw new Arguments(call, name, [userdata, ...args]).expected(1, type.name);
      return method(call, self, ...args);
    };
    methods.setField(name, hostFunction(run));
  }
  metatable.setField('__name', type.name);
  metatable.setField('__metatable', type.name);
  const { index } = meta;
  const read: HostFunction = (_call, self, key) =>
    methods.get(key) ?? index?.(ownValue(type, self) as never, key);
  metatable.setField('__index', index === undefined ? methods.freeze() : hostFunction(read));
  for (const [event, run] of Object.entries(metamethods(type, meta)))
    metatable.setField(event, hostFunction(run));
  return metatable.freeze();
}
setUserdataFactory(userdataMetatable);

function metamethods(type: AnyUserdataType, meta: AnyMeta): Record<string, HostFunction> {
  const own = (value: LuaValue): never => ownValue(type, value) as never;
  const found: Record<string, HostFunction> = {};
  const { tostring, eq, lt, le, len, concat, add, sub, mul, div, unm, call: invoke, textCost = 0 } = meta;
  if (tostring !== undefined) found['__tostring'] = charged(textCost, (_call, self) => tostring(own(self)));
  if (len !== undefined) found['__len'] = (_call, self) => len(own(self));
  if (concat !== undefined) found['__concat'] = charged(textCost, (_call, a, b) => concat(a, b));
  if (add !== undefined) found['__add'] = (_call, a, b) => add(a, b);
  if (sub !== undefined) found['__sub'] = (_call, a, b) => sub(a, b);
  if (mul !== undefined) found['__mul'] = (_call, a, b) => mul(a, b);
  if (div !== undefined) found['__div'] = (_call, a, b) => div(a, b);
  if (unm !== undefined) found['__unm'] = (_call, a) => unm(a);
  if (invoke !== undefined) found['__call'] = (call, self, ...args) => invoke(call, own(self), ...args);
  if (eq !== undefined)
    found['__eq'] = (_call, a, b) => {
      const left = ownValue(type, a);
      const right = ownValue(type, b);
      return left !== undefined && right !== undefined && eq(left, right);
    };
  if (lt !== undefined) found['__lt'] = ordered(type, lt);
  if (le !== undefined) found['__le'] = ordered(type, le);
  return found;
}

function ordered(type: AnyUserdataType, compare: (a: never, b: never) => boolean): HostFunction {
  return (call, a, b) => {
    const left = ownValue(type, a);
    const right = ownValue(type, b);
    if (left === undefined || right === undefined)
      throw luaErrorAt(call, `attempt to compare ${typeName(a)} with ${typeName(b)}`);
    return compare(left, right);
  };
}
