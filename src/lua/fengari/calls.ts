// How Lua code of a fengari state calls host functions and waits in them, from any depth. Sealed.
// K1: a host function that must wait yields nothing and leaves its request in `pending`; every resume on the way (our coroutine
//     library) sees the request and yields as well, so that the whole scheduled thread stops. Going on, each re-enters the next.
// K2: what the host goes on with waits in `answer`; the host function that waited takes it.
// K3: nothing can wait where fengari has JavaScript frames that cannot be left: comparators of table.sort, callbacks of
//     string.gsub, handlers of xpcall. The call is refused there, before anything happened.
// K4: an exception that is no Lua error is a bug of the host: pcall does not see it, it leaves the step through `fatal`.
// K5: a thread that used up its budget ends the same way, past every pcall, but as an error of its own.
// K6: where a turn ends, the hook that counts yields like a host function that waits (K1), but asks nothing. Where nothing can
//     wait (K3) the step goes on to the first place after it where it can; its budget stops what never gets there.
import type { Command } from '../../core/command.js';
import { lua } from './internals.js';
import type { CFunction, lua_State } from './internals.js';
import { errorsMade, raisedValue } from '../instance/error-object.js';
import { walkedSoFar } from '../instance/plain-data.js';
import { formatFrames } from '../instance/traceback.js';
import type { HostCall, InstanceContext } from '../instance-context.js';
import type { LuaFrame } from '../engine.js';
import { Suspend } from '../suspend.js';
import type { Answer, Pause, SuspendRequest } from '../suspend.js';
import { LuaError } from '../values.js';
import type { HostFunction, HostResult, LuaValue } from '../values.js';
import type { Bridge } from './bridge.js';
import { BudgetExceeded, Meter } from './meter.js';
import type { MeterLimits } from './meter.js';
import { framesOf, whereOf } from './stack.js';

type CallRequest = Extract<SuspendRequest, { on: 'call' }>;
export type ThreadRequest = Exclude<SuspendRequest, { on: 'call' }>;
export type ThreadAnswer =
  | { readonly with: 'values'; readonly values: readonly LuaValue[] }
  | { readonly with: 'error'; readonly error: LuaValue };

/** How many instructions pass between two looks at the budget. */
const METER_STRIDE = 1000;
const TURN: Pause = Object.freeze({ on: 'pause', why: 'turn' });

/** Instructions of an error that a host function came to. */
const ERROR_COST = 2000;
/** Instructions of a call of a host function, then of asking where it was called, and of each frame of that. */
const HOST_CALL_COST = 30;
/** Instructions of going to a coroutine and back. */
const SWITCH_COST = 30;
const TRACEBACK_COST = 60;
const FRAME_COST = 5;

export class Calls {
  readonly #bridge: Bridge;
  readonly #call: HostCall;
  /** The state that runs the host function of `#call`. */
  #current: lua_State;
  /** The scheduled thread that runs now. */
  running: lua_State | undefined;
  pending: ThreadRequest | Pause | undefined;
  answer: ThreadAnswer | undefined;
  fatal: { readonly error: unknown } | undefined;
  /** What ends the state: a bug (K4), or its budget (K5). */
  get stopped(): { readonly error: unknown } | undefined {
    const { stop } = this.meter;
    return stop === undefined ? this.fatal : { error: stop };
  }
  /** The coroutine that a state is resuming now, or had resumed when its thread began to wait. */
  readonly #inner = new WeakMap<lua_State, lua_State>();
  /** Coroutines inside which a thread waits for the host. */
  readonly #waiting = new WeakSet<lua_State>();
  /** How many resumes on the way cannot be left (K3). */
  #locked = 0;
  readonly meter: Meter;
  /** Where the turn ends, in instructions of the step (K6). */
  #turnEnd = Infinity;

  constructor(bridge: Bridge, instance: InstanceContext, limits: MeterLimits) {
    this.#bridge = bridge;
    this.meter = new Meter(limits, () => {
      const frames = this.frames(this.running ?? this.#current);
      const [innermost] = frames;
      const place = innermost === undefined ? '' : `${innermost.chunk}:${innermost.line}`;
      return { place, traceback: formatFrames(frames) };
    });
    this.#current = bridge.state;
    this.#call = {
      instance,
      where: () => whereOf(this.#current),
      traceback: () => {
        const frames = this.frames(this.running ?? this.#current);
        this.meter.charge(TRACEBACK_COST + frames.length * FRAME_COST);
        return formatFrames(frames);
      },
      charge: (units) => this.meter.charge(units),
      answerAtOnce: (command) => (this.#locked > 0 ? undefined : this.#answerAtOnce(instance, command)),
      renewBudget: () => {
        if (instance.host.place === 'node') this.#renewBudget();
      },
    };
  }

  #answerAtOnce(instance: InstanceContext, command: Command): Answer | undefined {
    const answer = instance.answerAtOnce(command);
    if (answer !== undefined) this.#renewBudget();
    return answer;
  }

  #renewBudget(): void {
    this.#turnEnd -= this.meter.used;
    this.meter.reset();
  }

  /** From now on a step ends its turn after so many instructions; Infinity: never. */
  beginTurn(instructions: number): void {
    this.#turnEnd = this.meter.used + instructions;
  }

  /** Counts the instructions of all threads of the state, and pauses where a turn ends (K6). */
  count(): void {
    const look = (L: lua_State): void => {
      this.meter.charge(METER_STRIDE);
      if (this.meter.used < this.#turnEnd || this.running === undefined) return;
      if (L.nny > 0 || this.#locked > 0) return;
      this.pending = TURN;
      lua.lua_yieldk(L, 0, 0, null);
    };
    lua.lua_sethook(this.#bridge.state, look, lua.LUA_MASKCOUNT, METER_STRIDE);
  }

  /** pcall and xpcall, which fengari lets catch what must not be caught where it cannot be left (K4, K5). */
  protectedCall(original: CFunction): CFunction {
    return (L) => {
      const count = original(L);
      if (this.stopped !== undefined) throw this.stopped.error;
      return count;
    };
  }

  traceback(L: lua_State): string {
    return formatFrames(this.frames(this.running ?? L));
  }

  /** A host function as fengari calls it. */
  hostFunction(run: HostFunction): CFunction {
    return (L) => {
      this.meter.charge(HOST_CALL_COST);
      const args = this.#bridge.readFrom(L, 1);
      return this.#settle(L, () => run(this.#call, ...args));
    };
  }

  /** Frames of a scheduled thread and of the coroutines in it, innermost first. */
  frames(thread: lua_State): readonly LuaFrame[] {
    const chain: lua_State[] = [];
    for (let L: lua_State | undefined = thread; L !== undefined; L = this.#inner.get(L)) chain.unshift(L);
    return chain.flatMap(framesOf);
  }

  isWaiting(coroutine: lua_State): boolean {
    return this.#waiting.has(coroutine);
  }

  /** Resumes a user's coroutine from `L`; `finish` takes its status. Yields when the host must be asked (K1). */
  resume(L: lua_State, coroutine: lua_State, nargs: number, finish: (status: number) => number): number {
    this.meter.charge(SWITCH_COST);
    const locks = L.nny > 0 ? 1 : 0;
    this.#locked += locks;
    this.#inner.set(L, coroutine);
    const status = lua.lua_resume(coroutine, L, nargs);
    this.#locked -= locks;
    if (this.stopped !== undefined) throw this.stopped.error;
    if (status === lua.LUA_YIELD && this.pending !== undefined) {
      this.#waiting.add(coroutine);
      return lua.lua_yieldk(L, 0, 0, () => {
        this.#waiting.delete(coroutine);
        return this.resume(L, coroutine, 0, finish);
      });
    }
    this.#inner.delete(L);
    return finish(status);
  }

  /** fengari's handler of JavaScript errors: the machine's limits are Lua errors, anything else is a bug (K4). */
  nativeError(L: lua_State): number {
    const error = lua.lua_touserdata(L, 1);
    if (this.stopped !== undefined || !(error instanceof Error) || error.name !== 'RangeError') {
      this.fatal ??= { error };
      throw error;
    }
    this.#bridge.push(L, /call stack/.test(error.message) ? 'stack overflow' : 'not enough memory');
    return 1;
  }

  /** Does what a host function came to, until there are results for Lua. A loop: hosts may call Lua any number of times. */
  #settle(L: lua_State, make: () => HostResult): number {
    for (let next = make; ;) {
      this.#current = L;
      const before = walkedSoFar();
      const errors = errorsMade();
      let result: HostResult;
      try {
        result = next();
        this.meter.charge(walkedSoFar() - before + (errorsMade() === errors ? 0 : ERROR_COST));
        if (!(result instanceof Suspend)) return this.#give(L, result);
      } catch (error) {
        return this.#raise(L, error);
      }
      const { request } = result;
      if (request.on !== 'call') return this.#wait(L, request);
      next = this.#callLua(L, request);
    }
  }

  #give(L: lua_State, result: LuaValue | readonly LuaValue[]): number {
    if (isResults(result)) {
      this.#bridge.pushAll(L, result);
      return result.length;
    }
    this.#bridge.push(L, result);
    return 1;
  }

  #raise(L: lua_State, error: unknown): never {
    if (error instanceof BudgetExceeded) throw error;
    const raised = raisedValue(error);
    if (raised === undefined) {
      this.fatal ??= { error };
      throw error;
    }
    this.#bridge.push(L, raised.value);
    return lua.lua_error(L);
  }

  #wait(L: lua_State, request: ThreadRequest): number {
    if (L.nny > 0 || this.#locked > 0) {
      const at = whereOf(L);
      this.#bridge.push(
        L,
        `${at === '' ? '' : `${at}: `}attempt to yield across a host boundary: '${what(request)}' cannot wait inside table.sort, string.gsub or an error handler`,
      );
      return lua.lua_error(L);
    }
    this.pending = request;
    return lua.lua_yieldk(L, 0, 0, () => {
      const answer = this.answer;
      this.answer = undefined;
      return this.#settle(L, () => {
        if (answer === undefined) throw new TypeError('a thread was resumed without an answer');
        if (answer.with === 'error') throw new LuaError(answer.error);
        return answer.values;
      });
    });
  }

  /** Calls Lua; gives what to do with the results, or leaves by a yield and goes on with them later. */
  #callLua(L: lua_State, request: CallRequest): () => HostResult {
    const nargs = request.args.length;
    lua.lua_settop(L, 0);
    this.#bridge.pushAll(L, [request.fn, ...request.args]);
    const later = (_L: lua_State, status: number): number =>
      this.#settle(L, this.#called(L, request, status));
    if (request.caught !== undefined)
      return this.#called(L, request, lua.lua_pcallk(L, nargs, lua.LUA_MULTRET, 0, 0, later));
    lua.lua_callk(L, nargs, lua.LUA_MULTRET, 0, later);
    return this.#called(L, request, lua.LUA_OK);
  }

  #called(L: lua_State, { then, caught }: CallRequest, status: number): () => HostResult {
    if (caught === undefined || status === lua.LUA_OK || status === lua.LUA_YIELD) {
      const results = this.#bridge.readFrom(L, 1);
      return () => then(results);
    }
    if (this.stopped !== undefined) throw this.stopped.error;
    const error = this.#bridge.read(L.stack[L.top - 1]!);
    return () => caught(error);
  }
}

const what = (request: ThreadRequest): string =>
  request.on === 'command' ? request.command.type : request.describe;

const isResults = (result: LuaValue | readonly LuaValue[]): result is readonly LuaValue[] =>
  Array.isArray(result);
