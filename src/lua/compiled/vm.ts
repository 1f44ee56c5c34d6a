// One Lua state of the compiled engine. Sealed.
// V1: library and module tables are shared by all instances and frozen; an instance owns its environments and what it makes.
// V2: the entry's environment is the global table. A library's own holds what is always there and what it declares; what it
//     writes to other globals goes to the entry's, and is seen by all units.
// V3: only one Vm runs at a time; where its code begins to run, it is made the current one, and what was current is put back after.
import type { Command } from '../../core/command.js';
import type { Program, Unit } from '../../core/program.js';
import type { LuaFrame, ModuleLookup, Vm, VmStep, VmThread } from '../engine.js';
import { newError as newErrorObject } from '../instance/error-object.js';
import { random, randomSeed } from '../instance/random.js';
import { formatFrames } from '../instance/traceback.js';
import { UnitLoader } from '../instance/units.js';
import type { UnitHost } from '../instance/units.js';
import type { HostCall, InstanceContext } from '../instance-context.js';
import { setLibraryHost } from '../library/surroundings.js';
import type { LibraryHost } from '../library/surroundings.js';
import type { ModuleSpec } from '../module.js';
import type { Answer, Pause, SuspendRequest } from '../suspend.js';
import { LuaFloat, LuaTable } from '../values.js';
import type { HostFunction, LuaFunction, LuaValue } from '../values.js';
import {
  beginStep,
  BudgetExceeded,
  charge,
  ERROR_COST,
  keepStep,
  NO_PAUSE,
  renewStep,
  resumeStep,
  SWITCH_COST,
  THREAD_BYTES,
  uncounted,
} from './budget.js';
import type { Limits, StepLeft, StepRules } from './budget.js';
import { canSuspendToHost, Coroutine, enter } from './coroutine.js';
import { environmentOf } from './environments.js';
import type { StandardEnvironment } from './environments.js';
import { framesOfError, toLuaError } from './errors.js';
import { hostCall, hostFunction, raiseInHostFrame, setHostCall } from './host-functions.js';
import { metaOfTable } from './metatables.js';
import { currentEntries, framesOf, heapEntries, stackWith } from './positions.js';
import { all, machine, results, S } from './protocol.js';
import { setRopes } from './ropes.js';
import type { RopeOwner, Ropes } from './ropes.js';
import type { Callable, Result, Value } from './protocol.js';
import { fromHostValue, Table, toHostValue } from './table.js';
import { setIdentities } from './text.js';
import type { Identities, IdentityOwner } from './text.js';
import type { LoadedUnit } from './unit.js';

/** What a program may do in one step when its entry says nothing: well under a second on a slow machine, once it is warm. */
const DEFAULT_LIMITS: Limits = { instructions: 50_000_000, memory: 64 * 1024 * 1024 };
/** In a workflow, whose sandbox is slower, and where Temporal waits 10 s for the end of a step. */
const WORKFLOW_LIMITS: Limits = { ...DEFAULT_LIMITS, instructions: 20_000_000 };

/** In a workflow a step is one piece: it must not depend on what else the worker does. */
const ONE_PIECE: StepRules = Object.freeze({ turn: Infinity, parks: false });
const PARKING: StepRules = Object.freeze({ turn: Infinity, parks: true });
/** Of a node, whose instances all have the same turns. */
let nodeRules = ONE_PIECE;

function rulesOf({ host, program }: InstanceContext): StepRules {
  const { place, turnInstructions: turn = Infinity } = host;
  if (place === 'workflow') return program.budget?.on_exceed === 'park' ? PARKING : ONE_PIECE;
  if (nodeRules.turn !== turn) nodeRules = Object.freeze({ turn, parks: false });
  return nodeRules;
}

/** The loaded unit of each unit of the program. */
export type Units = (unit: Unit) => LoadedUnit;

/** One object, since there are many instances: a Lua state, and what its host functions get as their call. */
export class CompiledVm implements Vm, UnitHost, HostCall, RopeOwner, IdentityOwner {
  readonly instance: InstanceContext;
  readonly #units: Units;
  /** Loaded units of which code has run: the first, which most instances have only, and the others. */
  #used: LoadedUnit | undefined;
  #alsoUsed: LoadedUnit[] | undefined;
  readonly #standard: StandardEnvironment;
  readonly #loader: UnitLoader;
  readonly #globals: Table;
  readonly #limits: Limits;
  /** What was left when the step paused. */
  #left: StepLeft | undefined;
  /** Made when they are first needed. */
  identities: Identities | undefined;
  ropes: Ropes | undefined;

  constructor(context: InstanceContext, modules: ModuleLookup, units: Units) {
    this.instance = context;
    this.#units = units;
    this.#standard = environmentOf(modules, requireOf);
    const { budget } = context.program;
    const usual = context.host.place === 'workflow' ? WORKFLOW_LIMITS : DEFAULT_LIMITS;
    this.#limits = budget === undefined ? usual : { ...usual, ...budget };
    this.#loader = new UnitLoader(this);
    const { entry } = this.#loader;
    this.#globals = uncounted(() => this.newGlobals(entry));
  }

  private newGlobals(entry: Unit): Table {
    const globals = this.#standard.newEnvironment(entry);
    if (hasUnitImports(entry)) this.readImports(globals, entry, undefined);
    return globals;
  }

  get main(): LuaFunction {
    return MAIN;
  }

  get program(): Program {
    return this.instance.program;
  }

  find(module: string): ModuleSpec | undefined {
    return this.#standard.modules.find(module);
  }

  get loader(): UnitLoader {
    return this.#loader;
  }

  where(): string {
    charge(ERROR_COST);
    const [entry] = stackWith(1).entries(1);
    return entry?.is === 'lua' ? `${entry.chunk}:${entry.line}` : '';
  }

  traceback(): string {
    charge(ERROR_COST);
    return formatFrames(framesOf(currentEntries()));
  }

  frames(): readonly LuaFrame[] {
    return framesOf(currentEntries());
  }

  charge(units: number): void {
    charge(units);
  }

  answerAtOnce(command: Command): Answer | undefined {
    if (!canSuspendToHost()) return undefined;
    const answer = this.instance.answerAtOnce(command);
    if (answer !== undefined) this.renewBudget();
    return answer;
  }

  renewBudget(): void {
    if (this.instance.host.place === 'node') renewStep();
  }

  newTable(): LuaTable {
    return new Table();
  }

  newThread(fn: LuaFunction): VmThread {
    return new ScheduledCoroutine(this, fn as Callable);
  }

  beginStep(isWhole = false): void {
    beginStep(this.#limits, isWhole ? NO_PAUSE : rulesOf(this.instance));
    this.giveBack();
  }

  pauseStep(): void {
    machine.budget += this.giveBack();
    this.#left = keepStep();
  }

  resumeStep(): void {
    if (this.#left === undefined) throw new TypeError('no step has paused');
    this.giveBack(); // what others have left there
    resumeStep(this.#left, rulesOf(this.instance));
    this.#left = undefined;
  }

  /** What the units have taken of the budget in advance. */
  giveBack(): number {
    let instructions = this.#used?.giveBack() ?? 0;
    if (this.#alsoUsed !== undefined) for (const unit of this.#alsoUsed) instructions += unit.giveBack();
    return instructions;
  }

  close(): void {
    // Everything is garbage once the instance lets go of it.
  }

  chunk(unit: Unit): LuaFunction {
    const loaded = this.#units(unit);
    if (loaded !== this.#used && this.#alsoUsed?.includes(loaded) !== true) {
      if (this.#used === undefined) this.#used = loaded;
      else (this.#alsoUsed ??= []).push(loaded);
      loaded.giveBack();
    }
    return loaded.main(this.environment(unit));
  }

  module(spec: ModuleSpec): LuaValue {
    return this.#standard.module(spec);
  }

  standard(name: string): LuaValue {
    const value = this.#standard.globals[name];
    return value instanceof LuaTable ? value : undefined;
  }

  /** Runs code of this instance (V3). */
  enter(coroutine: Coroutine, value: Result): Result {
    const call = setHostCall(this);
    const libraryHost = setLibraryHost(LIBRARY_HOST);
    const identities = setIdentities(this);
    const ropes = setRopes(this);
    const { taker } = machine;
    machine.taker = this;
    try {
      return enter(coroutine, value);
    } finally {
      machine.taker = taker;
      setHostCall(call);
      setLibraryHost(libraryHost);
      setIdentities(identities);
      setRopes(ropes);
    }
  }

  private environment(unit: Unit): Table {
    if (unit === this.#loader.entry) return this.#globals;
    const environment = this.#standard.newEnvironment(unit);
    this.readImports(environment, unit, this.#globals);
    return environment;
  }

  /** Loads an import when it is first read as a global, and sends a library's other globals to the entry's. */
  private readImports(environment: Table, unit: Unit, shared: Table | undefined): void {
    const hidden = this.#loader.entry.imports;
    const read: HostFunction = (call, _environment, key) => {
      if (typeof key !== 'string') return shared?.get(key);
      const found = this.#loader.importOf(unit, key);
      if (found !== undefined && 'unit' in found) return this.#loader.value(call, unit, key, found);
      return shared === undefined || Object.hasOwn(hidden, key) ? undefined : shared.get(key);
    };
    const metatable = new Table();
    metatable.setField('__index', hostFunction(read));
    if (shared !== undefined) metatable.setField('__newindex', shared);
    environment.meta = metaOfTable(metatable);
  }
}

/** Looked at for each instance: without a list of the imports. */
function hasUnitImports({ imports }: Unit): boolean {
  for (const name in imports) if ('unit' in imports[name]!) return true;
  return false;
}

function loaderOf(call: HostCall): UnitLoader {
  if (call instanceof CompiledVm) return call.loader;
  throw new TypeError('the call is of another engine');
}

/** The main of every instance. */
const MAIN = hostFunction((call, ...args) => loaderOf(call).main(call, args));

const requireOf = (unit: Unit): Callable =>
  hostFunction((call, name) => loaderOf(call).require(call, unit, name));

/** Instructions of drawing a number: in a workflow the SDK draws it. */
const RANDOM_COST = 60;

/** Of whatever instance runs. */
const LIBRARY_HOST: LibraryHost = Object.freeze({
  random: () => {
    machine.budget -= RANDOM_COST;
    const drawn = random(hostCall());
    return drawn instanceof LuaFloat ? drawn.n : Number(drawn);
  },
  randomSeed: (seed: number) =>
    void randomSeed(hostCall(), Number.isInteger(seed) ? new LuaFloat(seed) : seed),
  print: (line: string) => hostCall().instance.host.print(line),
});

/** A coroutine that only the host resumes. */
class ScheduledCoroutine extends Coroutine implements VmThread {
  readonly #vm: CompiledVm;
  #phase: 'new' | 'started' | 'paused' = 'new';

  constructor(vm: CompiledVm, fn: Callable) {
    super(fn);
    machine.memory -= THREAD_BYTES;
    this.#vm = vm;
  }

  get thread(): Coroutine {
    return this;
  }

  override get isRoot(): boolean {
    return true;
  }

  resume(values: readonly LuaValue[]): VmStep {
    if (this.#phase === 'new') this.#phase = 'started';
    return this.run(results(values.map(fromHostValue)));
  }

  raise(error: LuaValue): VmStep {
    if (this.#phase === 'new') return { status: 'failed', error, traceback: '' };
    raiseInHostFrame(error);
    return this.run(undefined);
  }

  frames(): readonly LuaFrame[] {
    return framesOf(heapEntries(this.top));
  }

  private run(value: Result): VmStep {
    if (this.#phase === 'paused') this.#phase = 'started';
    else machine.budget -= SWITCH_COST;
    let result: Result;
    try {
      result = this.#vm.enter(this, value);
    } catch (thrown) {
      return this.failed(thrown);
    }
    if (result === S) {
      const request = machine.payload as SuspendRequest | Pause;
      if (request.on === 'pause') this.#phase = 'paused';
      return { status: 'suspended', request };
    }
    return { status: 'done', values: all(result).map(toHostValue) };
  }

  private failed(thrown: unknown): VmStep {
    machine.barrier = machine.levels = machine.depth = 0;
    machine.handler = undefined;
    if (thrown instanceof BudgetExceeded) {
      const { message, traceback, resource, limit } = thrown;
      const detailsData = { budget: resource, limit };
      const error = newErrorObject({
        kind: 'Internal',
        message,
        retryable: false,
        detailsData,
        stack: traceback,
      });
      return { status: 'failed', error, traceback };
    }
    const error = toLuaError(thrown);
    if (error === undefined) throw thrown; // a bug of the host
    const traceback = formatFrames(framesOfError(error, this));
    return { status: 'failed', error: toHostValue(error.value as Value), traceback };
  }
}
