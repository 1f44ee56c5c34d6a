// Pieces of strings, as they are cut out of longer ones, and what they cost. Sealed.
// P1: V8 keeps a long piece as a reference to what it was cut from, so it costs the same whatever its length; a short one is copied.
import { STRING_BYTES } from '../compiled/budget.js';
import { machine } from '../compiled/protocol.js';

/** V8 copies what is shorter. */
const COPIED = 13;

/** `text.slice(from, to)`, counted. */
export function piece(text: string, from: number, to: number): string {
  machine.memory -= to - from < COPIED ? STRING_BYTES : STRING_BYTES + COPIED;
  return text.slice(from, to);
}
