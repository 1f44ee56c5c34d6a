// Byte strings between fengari (Uint8Array) and the seam (one char per byte). Sealed.
// S1: fengari's own table key for a string joins its bytes in hexadecimal without padding, so that "\x01\x23" and "\x12\x03"
//     are one key. Here the key is the string itself, which is right, faster, and makes crossing free once it is known.
//     Only reserved words keep fengari's key, since its lexer knows them by it.
import { lstring } from './internals.js';
import type { TString } from './internals.js';
import { chargeMemoryRunning, STRING_BYTES } from './meter.js';

const CHUNK = 8192;

export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

export function fromBytes(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode(...bytes);
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK)
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  return text;
}

const RESERVED: ReadonlyMap<string, string> = new Map(
  (
    'and break do else elseif end false for function goto if in local nil not or repeat return then true ' +
    'until while'
  )
    .split(' ')
    .map((word) => [word, lstring.luaS_hash(toBytes(word))]),
);

/** The key under which fengari's tables keep a string; no two strings have the same. */
export function keyOf(text: string): string {
  return text.startsWith('|') ? `|${text}` : (RESERVED.get(text) ?? text);
}

Object.defineProperty(lstring.TString.prototype, 'hash', {
  configurable: true,
  get(this: TString): string {
    return (this.tableKey ??= keyOf(textOf(this)));
  },
  set(): void {
    // The constructor clears its cache; ours is `tableKey`.
  },
});

export const textOf = (string: TString): string => (string.text ??= fromBytes(string.realstring));

export function newString(text: string): TString {
  chargeMemoryRunning(STRING_BYTES + text.length);
  const string = new lstring.TString(null, toBytes(text));
  string.text = text;
  return string;
}
