// What joined strings cost. V8 keeps `a .. b` as a pair of its parts and copies both when somebody looks at the characters. Sealed.
// R1: a short string is paid for in full when it is joined. A long one costs a pair then, and its characters when something
//     first looks at them: so a text that grows piece by piece costs what it is long, not the square of it.
// R2: V8 does not tell whether a string has been copied. What is known is how many strings of a length have been joined: of
//     so many the characters are paid for, whichever string of the length is looked at. So what is copied is never more than
//     what was paid for.
// R3: the count is the instance's, from step to step: a replay pays the same.
import { charge, chargeMemory, exceededMemory, memoryLeft, STRING_BYTES } from './budget.js';
import { machine } from './machine.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { ceil, max } = Math;

/** Strings of this length and more are paid for when they are looked at. */
export const LONG = 128;
/** A pair, and its place in the count. */
const PAIR_BYTES = 64;
/** Characters that are copied while one instruction runs. */
const COPIED_AT_ONCE = 16;
/** Lengths that are told apart; beyond, the count is one of characters. */
const MOST_LENGTHS = 100_000;

/** The joined strings of an instance whose characters nobody has looked at. */
export class Ropes {
  /** How many by length. */
  #joined: Map<number, number> | undefined;
  /** Characters of those that are counted together. */
  #others = 0;
  /** A length of which none is left, the last that was asked for. */
  #none = 0;

  add(length: number): void {
    const joined = (this.#joined ??= new Map<number, number>());
    const count = joined.get(length);
    if (count === undefined && joined.size >= MOST_LENGTHS) {
      for (const [known, times] of joined) this.#others += known * times;
      joined.clear();
    }
    joined.set(length, (count ?? 0) + 1);
    if (length === this.#none) this.#none = 0;
  }

  look(length: number): void {
    const joined = this.#joined;
    if (joined === undefined || length === this.#none) return;
    const count = joined.get(length);
    if (count !== undefined) {
      if (count > 1) joined.set(length, count - 1);
      else joined.delete(length);
    } else if (this.#others > 0) this.#others = max(0, this.#others - length);
    else {
      this.#none = length;
      return;
    }
    charge(ceil(length / COPIED_AT_ONCE));
    chargeMemory(length);
  }
}

/** Whose strings they are; most instances join no long ones, and need no count. */
export interface RopeOwner {
  ropes: Ropes | undefined;
}

let current: RopeOwner | undefined;

/** Called where an instance's code begins to run; gives back what was set before. */
export function setRopes(owner: RopeOwner | undefined): RopeOwner | undefined {
  const before = current;
  current = owner;
  return before;
}

/** Counts a string that was just joined. */
export function joined(text: string): string {
  const { length } = text;
  if (length < LONG) machine.memory -= length + STRING_BYTES;
  else joinedLong(length);
  return text;
}

function joinedLong(length: number): void {
  if (length > memoryLeft()) exceededMemory(); // nobody could look at it
  chargeMemory(PAIR_BYTES);
  if (current !== undefined) (current.ropes ??= new Ropes()).add(length);
}

/** The same for a string that is compared, or looked for among keys: all of its characters may be read each time. */
export function compareText(length: number): void {
  charge(ceil(length / COPIED_AT_ONCE));
  lookAt(length);
}

/** `a === b` where `a` is at least LONG. */
export function sameText(a: string, b: unknown): boolean {
  if (typeof b === 'string' && a.length === b.length) {
    compareText(a.length);
    lookAt(b.length);
  }
  return a === b;
}

/** The characters of a string of at least LONG are going to be read. */
export function lookAt(length: number): void {
  current?.ropes?.look(length);
}
