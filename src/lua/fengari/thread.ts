// A scheduled thread on fengari. Sealed.
import { lua } from './internals.js';
import type { lua_State } from './internals.js';
import type { LuaFrame, VmStep, VmThread } from '../engine.js';
import { newError } from '../instance/error-object.js';
import { formatFrames } from '../instance/traceback.js';
import type { LuaFunction, LuaThread, LuaValue } from '../values.js';
import type { Bridge } from './bridge.js';
import type { Calls, ThreadAnswer } from './calls.js';
import { BudgetExceeded, setMeter } from './meter.js';

export class FengariVmThread implements VmThread {
  readonly thread: LuaThread;
  readonly #bridge: Bridge;
  readonly #calls: Calls;
  readonly #state: lua_State;
  #started = false;

  constructor(bridge: Bridge, calls: Calls, state: lua_State, fn: LuaFunction) {
    this.#bridge = bridge;
    this.#calls = calls;
    this.#state = state;
    this.thread = bridge.threadOf(state);
    bridge.push(state, fn);
  }

  resume(values: readonly LuaValue[]): VmStep {
    if (this.#started) return this.#run({ with: 'values', values });
    this.#started = true;
    this.#bridge.pushAll(this.#state, values);
    return this.#run(undefined, values.length);
  }

  raise(error: LuaValue): VmStep {
    if (this.#started) return this.#run({ with: 'error', error });
    return { status: 'failed', error, traceback: '' };
  }

  frames(): readonly LuaFrame[] {
    return this.#calls.frames(this.#state);
  }

  #run(answer: ThreadAnswer | undefined, nargs = 0): VmStep {
    const calls = this.#calls;
    const state = this.#state;
    calls.answer = answer;
    calls.running = state;
    const before = setMeter(calls.meter);
    let status: number;
    try {
      status = lua.lua_resume(state, null, nargs);
    } catch (error) {
      // Where it has to go on after an error, fengari asserts that it could.
      if (calls.stopped === undefined) throw error;
      status = lua.LUA_ERRRUN;
    } finally {
      setMeter(before);
    }
    calls.running = undefined;
    const request = calls.pending;
    calls.pending = undefined;
    if (calls.stopped !== undefined) return this.#broken(calls.stopped.error);
    if (status === lua.LUA_OK) {
      const values = this.#bridge.readFrom(state, 1);
      lua.lua_settop(state, 0);
      return { status: 'done', values };
    }
    if (status === lua.LUA_YIELD) {
      if (request === undefined) throw new TypeError('a scheduled thread yielded without a request');
      return { status: 'suspended', request };
    }
    const error = this.#bridge.read(state.stack[state.top - 1]!);
    return { status: 'failed', error, traceback: formatFrames(this.frames()) };
  }

  #broken(error: unknown): VmStep {
    if (!(error instanceof BudgetExceeded)) throw error;
    const { message, traceback, resource, limit } = error;
    const detailsData = { budget: resource, limit };
    const value = newError({ kind: 'Internal', message, retryable: false, detailsData, stack: traceback });
    return { status: 'failed', error: value, traceback };
  }
}
