// Where compiled code pauses: at a pass of a loop and at the entry of a function that calls, once its turn or its budget is used up. Sealed.
// R1: a pause is a suspension to the host (coroutine.ts C2) that asks nothing: the code goes on where it was.
// R2: where native code that cannot wait is in between (a comparator of sort, a replacement of gsub), it pauses at the first
//     place after that; the budget stops what never gets there.
// R3: the count is the same with and without pauses: what a unit has taken and not used goes back.
import { exceeded, reasonToPark, takeSlices } from './budget.js';
import { canSuspendToHost } from './coroutine.js';
import { machine, suspend } from './machine.js';
import type { Pause } from '../suspend.js';

const TURN: Pause = Object.freeze({ on: 'pause', why: 'turn' });

/** Asks the step that runs to give up its turn after so many instructions. */
export function turnAfter(instructions: number): void {
  machine.turnEnd = Math.max(machine.turnEnd, machine.budget - instructions);
}

/** Takes slices at a pass of a loop; -1: the code pauses, its frame is to be pushed. */
export function pause(left: number): number {
  const taken = takeSlices(left);
  return machine.budget < machine.turnEnd && ends(taken) ? -1 : taken;
}

/** The same at the entry of a function, which costs so much: its call is made again. */
export function pauseAtEntry(left: number, cost: number): number {
  const taken = takeSlices(left);
  const entersAgain = machine.entersAgain;
  machine.entersAgain = false;
  if (machine.budget >= machine.turnEnd || entersAgain || !ends(taken + cost)) return taken;
  machine.pausedEntry = true;
  return -1;
}

/** Whether the code pauses; `unused` is what it has taken and not used. */
function ends(unused: number): boolean {
  if (machine.budget < machine.floor) exceeded();
  if (!canSuspendToHost()) return false;
  const parks = machine.budget < 0 || machine.turnEnd === Infinity;
  suspend('host', parks ? ({ on: 'pause', why: 'budget', message: reasonToPark() } satisfies Pause) : TURN);
  machine.budget += unused + 1; // R3; the caller's unit is left with -1
  return true;
}
