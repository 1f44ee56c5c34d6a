// What a program may do in one step: counted where loops come round and functions begin, and by builtins by size. Sealed.
// B1: counts depend on the program and its inputs only, so that a replay stops at the same place.
// B2: each unit takes its budget in slices into a variable of its own, which is cheap to count down; a step begins with none taken.
// B3: nothing in Lua catches it: not pcall, not a coroutine, no to-be-closed variable.
import { formatFrames } from '../instance/traceback.js';
import { currentEntries, framesOf } from './positions.js';
import { machine } from './machine.js';

const SLICE = 5000;

export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded';
  readonly traceback: string;
  constructor(message: string, traceback: string) {
    super(message);
    this.traceback = traceback;
  }
}

/** Takes another slice for a unit that has `left` (0 or less). */
export function refill(left: number): number {
  machine.budget -= SLICE;
  if (machine.budget < 0) exceeded();
  return left + SLICE;
}

/** Counts work of a builtin that grows with its input (characters copied, elements moved). */
export function charge(units: number): void {
  machine.budget -= units;
  if (machine.budget < 0) exceeded();
}

function exceeded(): never {
  const entries = currentEntries();
  const at = entries.find((entry) => entry.is === 'lua');
  const place = at === undefined ? '' : ` at ${at.chunk}:${at.line}`;
  throw new BudgetExceeded(
    `budget exceeded${place}: more than ${machine.budgetPerStep} instructions in one step`,
    formatFrames(framesOf(entries)),
  );
}
