// What a program may do in one step: instructions, counted where loops come round and functions begin, and by builtins by
// size; and bytes that it allocates. Sealed.
// B1: counts depend on the program and its inputs only, so that a replay stops at the same place: neither on what is kept
//     of earlier runs, nor on how far V8 has optimized.
// B2: each unit takes its instructions in slices into a variable of its own, which is cheap to count down; a step begins with
//     none taken.
// B3: nothing in Lua catches it: not pcall, not a coroutine, no to-be-closed variable.
//     A step that is to park instead may overdraw as much again until it comes to a place where it can (turn.ts).
// B4: memory is what is asked for, not what is alive: garbage counts, and V8's own bytes are estimated (the constants below).
//     Small amounts are only counted; whoever takes much looks whether it is there, the rest is seen at the next slice.
// B5: where something big uses up the turn, the units lose what they have taken, and so look at their next pass: a loop
//     around it would else go on for a whole slice of its own few instructions, which may be many budgets.
import { formatFrames } from '../instance/traceback.js';
import { currentEntries, framesOf } from './positions.js';
import type { StackEntry } from './positions.js';
import { machine } from './machine.js';
import { stepEnded, took } from './collection.js';

const SLICE = 5000;

/** Bytes of a string besides its characters. */
export const STRING_BYTES = 32;
/** Bytes of a position of an array, with what growing takes on top. */
export const ELEMENT_BYTES = 24;
/** Bytes of an entry of a hash: its place in the index, its key and its value. */
export const ENTRY_BYTES = 96;
/** Bytes of a new field of a record. */
export const FIELD_BYTES = 24;
/** Bytes of a table without its contents. */
export const TABLE_BYTES = 96;
/** Instructions of making an error: V8 collects the stack for it. */
export const ERROR_COST = 2500;
/** Instructions of switching to a coroutine. */
export const SWITCH_COST = 20;
/** Instructions and bytes of calling a function of a module, whatever it does. */
export const HOST_CALL_COST = 60;
export const HOST_CALL_BYTES = 48;
/** Instructions and bytes of an element of a value that crosses to a module. */
const CROSSING_COST = 10;
const CROSSING_BYTES = 16;
/** Bytes of a userdata with what is behind it. */
export const USERDATA_BYTES = 200;
/** Bytes of a coroutine of the scheduler, besides the coroutine. */
export const THREAD_BYTES = 800;
/** Bytes of a suspended activation. */
export const FRAME_BYTES = 160;
/** Bytes of a coroutine before it runs. */
export const COROUTINE_BYTES = 320;

/** Lua code counts down from this, since V8 is quick with small integers only; what is beyond waits in the reserve. Bytes. */
const PORTION = 8 * 1024 * 1024;

export interface Limits {
  readonly instructions: number;
  /** Bytes. */
  readonly memory: number;
}

/** What a step does besides being stopped. */
export interface StepRules {
  /** Instructions after which it gives up its turn; Infinity: never. */
  readonly turn: number;
  /** It parks where its budget is used up. */
  readonly parks: boolean;
}
export const NO_PAUSE: StepRules = Object.freeze({ turn: Infinity, parks: false });

export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded';
  readonly traceback: string;
  readonly resource: keyof Limits;
  readonly limit: number;
  constructor(message: string, traceback: string, resource: keyof Limits, limit: number) {
    super(message);
    this.traceback = traceback;
    this.resource = resource;
    this.limit = limit;
  }
}

/** A step begins. */
export function beginStep({ instructions, memory }: Limits, { turn, parks }: StepRules = NO_PAUSE): void {
  if (!machine.hasPaused) stepEnded(machine.memoryPerStep - machine.memory - machine.reserve);
  machine.hasPaused = false;
  machine.budget = machine.budgetPerStep = instructions;
  machine.floor = parks ? -instructions : 0;
  machine.turnEnd = Math.max(instructions - turn, 0);
  machine.watch = turn === Infinity ? machine.floor : machine.turnEnd;
  machine.slice = Math.min(SLICE, turn);
  machine.entersAgain = false;
  machine.memoryPerStep = memory;
  machine.overdraft = parks ? memory : 0;
  machine.memory = Math.min(memory, PORTION);
  machine.reserve = memory - machine.memory;
  machine.heardOf = memory;
}

/** The step has got what else a new step would begin with: it has its whole budget again, and the rest of its turn. */
export function renewStep(): void {
  const turn = machine.budget - machine.turnEnd;
  machine.budget = machine.budgetPerStep;
  machine.turnEnd = machine.watch = machine.budgetPerStep - turn; // B5
  machine.memory = Math.min(machine.memoryPerStep, PORTION);
  machine.reserve = machine.memoryPerStep - machine.memory;
  machine.heardOf = machine.memoryPerStep;
}

/** What is left of a step that has paused. */
export interface StepLeft {
  readonly budget: number;
  /** Bytes. */
  readonly memory: number;
  readonly heardOf: number;
  readonly limits: Limits;
}

export function keepStep(): StepLeft {
  machine.hasPaused = true;
  const memory = machine.memory + machine.reserve;
  // It may pause before its portion is used up, time and again.
  if (machine.heardOf - memory >= PORTION) tellTaken();
  return {
    budget: machine.budget,
    memory,
    heardOf: machine.heardOf,
    limits: { instructions: machine.budgetPerStep, memory: machine.memoryPerStep },
  };
}

/** A step goes on after its pause, for another turn. */
export function resumeStep({ budget, memory, heardOf, limits }: StepLeft, { turn }: StepRules): void {
  beginStep(limits);
  machine.budget = budget;
  machine.watch = machine.turnEnd = Math.max(budget - turn, 0);
  machine.slice = Math.min(SLICE, turn);
  machine.memory = Math.min(memory, PORTION);
  machine.reserve = memory - machine.memory;
  machine.heardOf = heardOf;
}

/** Takes slices for a unit that has `left` (less than 0) until it has some. */
export function takeSlices(left: number): number {
  do {
    machine.budget -= machine.slice;
    left += machine.slice;
  } while (left < 0);
  if (machine.memory < 0) needMemory();
  return left;
}

/** The same where nothing can pause: once the turn is over it takes no more than was used, and whoever can pause looks next (B5). */
export function refill(left: number): number {
  if (machine.floor < 0 || machine.budget >= machine.turnEnd) return takeSlicesNow(left);
  machine.budget += left;
  if (machine.memory < 0) needMemory();
  if (machine.budget < machine.floor) exceeded();
  return 0;
}

function takeSlicesNow(left: number): number {
  const taken = takeSlices(left);
  if (machine.budget < machine.floor) exceeded();
  return taken;
}

/** Counts work of a builtin that grows with its input (characters copied, elements moved). */
export function charge(units: number): void {
  machine.budget -= units;
  if (machine.budget >= machine.watch) return;
  if (machine.budget < machine.floor) exceeded();
  lookSoon();
}

/** The budget is below `machine.watch`: units look at their next pass or call (B5). */
export function lookSoon(): void {
  machine.budget += machine.taker?.giveBack() ?? 0;
  machine.watch = Math.max(machine.budget - SLICE, machine.floor); // not each time where nothing can pause
}

/** Counts memory that is about to be taken, and refuses what is not there. */
export function chargeMemory(bytes: number): void {
  if (bytes > memoryLeft()) exceededMemory();
  if ((machine.memory -= bytes) < 0) needMemory();
}

export const memoryLeft = (): number => machine.memory + machine.reserve + machine.overdraft;

/** More was counted than there was left of the portion. */
export function needMemory(): void {
  while (machine.memory < 0) {
    if (machine.reserve <= 0) overdraw();
    const more = Math.min(machine.reserve, PORTION);
    machine.reserve -= more;
    machine.memory += more;
  }
  tellTaken();
}

function tellTaken(): void {
  const left = machine.memory + machine.reserve;
  if (left === Infinity) return; // without a limit V8 goes by its own rules
  took(machine.heardOf - left, machine.memoryPerStep - left);
  machine.heardOf = left;
}

/** The step goes on, to the next place where it can park. */
function overdraw(): void {
  if (machine.overdraft <= 0) exceededMemory();
  machine.reserve = machine.overdraft;
  machine.heardOf += machine.overdraft;
  machine.overdraft = 0;
  machine.turnEnd = Infinity;
}

/** Counts a string that a builtin is about to make, and the work of making it. */
export function chargeText(length: number): void {
  charge(length);
  chargeMemory(length + STRING_BYTES);
}

/** Counts what a value had that has crossed to a module. */
export function chargeCrossing(elements: number): void {
  machine.memory -= elements * CROSSING_BYTES;
  charge(elements * CROSSING_COST);
}

/** Makes what the realm keeps for all runs, at whoever's first use: nobody pays for it (B1). */
export function uncounted<T>(make: () => T): T {
  const { budget, memory, reserve, turnEnd } = machine;
  machine.budget = machine.reserve = Infinity;
  machine.turnEnd = 0;
  machine.memory = PORTION;
  try {
    return make();
  } finally {
    machine.budget = budget;
    machine.memory = memory;
    machine.reserve = reserve;
    machine.turnEnd = turnEnd;
  }
}

export function exceededMemory(): never {
  stop('memory', machine.memoryPerStep, 'bytes of memory');
}

export function exceeded(): never {
  stop('instructions', machine.budgetPerStep, 'instructions');
}

function stop(resource: keyof Limits, limit: number, what: string): never {
  const entries = currentEntries();
  throw new BudgetExceeded(
    exceededText(entries, `more than ${limit} ${what}`, resource),
    formatFrames(framesOf(entries)),
    resource,
    limit,
  );
}

function exceededText(entries: readonly StackEntry[], what: string, resource: keyof Limits): string {
  const at = entries.find((entry) => entry.is === 'lua');
  const place = at === undefined ? '' : ` at ${at.chunk}:${at.line}`;
  return `budget exceeded${place}: ${what} in one step; 'budget.${resource}' of the entry sets the limit`;
}

/** What a step is told to park for, at the code that runs. */
export function reasonToPark(): string {
  return machine.budget < 0
    ? exceededText(currentEntries(), `more than ${machine.budgetPerStep} instructions`, 'instructions')
    : exceededText(currentEntries(), `more than ${machine.memoryPerStep} bytes of memory`, 'memory');
}
