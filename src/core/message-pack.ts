// MessagePack of plain data and back. Sealed.
// By hand because no library tells a float from an integer of the same value; the tests hold it to one (msgpackr) otherwise.
// The format: https://github.com/msgpack/msgpack/blob/master/spec.md
// M1: a string that is UTF-8 is `str`, any other `bin`; both are byte strings on the way back.
// M2: an integer has the shortest form, a float is always 64 bits; the map of a table has string keys.
// M3: extensions (timestamps), maps with other keys and integers beyond 64 bits signed are refused.
import type { Data, DataObject } from './data.js';
import { dataObject, LuaFloat, MAX_DEPTH } from './data.js';
import { asInteger } from './durations.js';
import { isUtf8 } from './text.js';
import { TranscodeError } from './transcode-error.js';

const refuse = (why: string): TranscodeError => new TranscodeError(`MessagePack: ${why}`);

/** Big-endian bytes of a number. */
function big(value: bigint, bytes: number): string {
  let text = '';
  for (let shift = bytes - 1; shift >= 0; shift--)
    text += String.fromCharCode(Number((value >> BigInt(shift * 8)) & 255n));
  return text;
}

const byte = (value: number): string => String.fromCharCode(value & 255);

/** A tag and a length: up to `most` in the tag itself, else in 8 (where there is a tag for it), 16 or 32 bits. */
function head(
  length: number,
  fixed: number,
  most: number,
  tags: readonly [number | undefined, number, number],
): string {
  const [tag8, tag16, tag32] = tags;
  if (length <= most) return byte(fixed | length);
  if (tag8 !== undefined && length < 0x100) return byte(tag8) + byte(length);
  return length < 0x10000 ? byte(tag16) + big(BigInt(length), 2) : byte(tag32) + big(BigInt(length), 4);
}

function integerBytes(value: bigint): string {
  if (value >= 0n) {
    if (value < 0x80n) return big(value, 1);
    if (value < 0x100n) return byte(0xcc) + big(value, 1);
    if (value < 0x1_0000n) return byte(0xcd) + big(value, 2);
    return value < 0x1_0000_0000n ? byte(0xce) + big(value, 4) : byte(0xcf) + big(value, 8);
  }
  if (value >= -0x20n) return big(value, 1);
  if (value >= -0x80n) return byte(0xd0) + big(value, 1);
  if (value >= -0x8000n) return byte(0xd1) + big(value, 2);
  return value >= -0x8000_0000n ? byte(0xd2) + big(value, 4) : byte(0xd3) + big(value, 8);
}

function floatBytes(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return byte(0xcb) + big(view.getBigUint64(0), 8);
}

export function encodeMessagePack(data: Data): string {
  const parts: string[] = [];
  write(data, 0, parts);
  return parts.join('');
}

function write(data: Data, depth: number, parts: string[]): void {
  if (data === null) parts.push(byte(0xc0));
  else if (typeof data === 'boolean') parts.push(byte(data ? 0xc3 : 0xc2));
  else if (typeof data === 'bigint') parts.push(integerBytes(data));
  else if (typeof data === 'number')
    parts.push(
      Number.isSafeInteger(data) || Math.abs(data) === 2 ** 53
        ? integerBytes(BigInt(data))
        : floatBytes(data),
    );
  else if (data instanceof LuaFloat) parts.push(floatBytes(data.n));
  else if (typeof data === 'string') writeString(data, parts);
  else if (depth >= MAX_DEPTH) throw refuse(`the data is nested deeper than ${MAX_DEPTH} levels`);
  else if (Array.isArray(data)) {
    parts.push(head(data.length, 0x90, 15, [undefined, 0xdc, 0xdd]));
    for (const item of data) write(item, depth + 1, parts);
  } else {
    const entries = Object.entries(data);
    parts.push(head(entries.length, 0x80, 15, [undefined, 0xde, 0xdf]));
    for (const [key, item] of entries) {
      writeString(key, parts);
      write(item, depth + 1, parts);
    }
  }
}

function writeString(text: string, parts: string[]): void {
  parts.push(
    isUtf8(text)
      ? head(text.length, 0xa0, 31, [0xd9, 0xda, 0xdb])
      : head(text.length, 0, -1, [0xc4, 0xc5, 0xc6]),
    text,
  );
}

/** Throws a TranscodeError. */
export function decodeMessagePack(bytes: string): Data {
  const reader = new Reader(bytes);
  const data = reader.value(0);
  if (!reader.done) throw refuse(`there is more after the value, from byte ${reader.at + 1} on`);
  return data;
}

class Reader {
  readonly #bytes: string;
  at = 0;

  constructor(bytes: string) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.at === this.#bytes.length;
  }

  value(depth: number): Data {
    const tag = this.#number(1);
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag < 0x90) return this.#map(tag & 15, depth);
    if (tag < 0xa0) return this.#array(tag & 15, depth);
    if (tag < 0xc0) return this.#take(tag & 31);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xd9:
        return this.#take(this.#number(1));
      case 0xc5:
      case 0xda:
        return this.#take(this.#number(2));
      case 0xc6:
      case 0xdb:
        return this.#take(this.#number(4));
      case 0xca:
      case 0xcb:
        return this.#float(tag === 0xca ? 4 : 8);
      case 0xcc:
        return this.#number(1);
      case 0xcd:
        return this.#number(2);
      case 0xce:
        return this.#number(4);
      case 0xcf:
        return this.#unsigned64();
      case 0xd0:
        return asInteger(this.#signed(1));
      case 0xd1:
        return asInteger(this.#signed(2));
      case 0xd2:
        return asInteger(this.#signed(4));
      case 0xd3:
        return asInteger(this.#signed(8));
      case 0xdc:
        return this.#array(this.#number(2), depth);
      case 0xdd:
        return this.#array(this.#number(4), depth);
      case 0xde:
        return this.#map(this.#number(2), depth);
      case 0xdf:
        return this.#map(this.#number(4), depth);
      default:
        throw refuse(`byte ${this.at} is 0x${tag.toString(16)}, an extension that plain data cannot hold`);
    }
  }

  #take(length: number): string {
    const end = this.at + length;
    if (end > this.#bytes.length) throw refuse(`the value ends early, after ${this.#bytes.length} bytes`);
    const taken = this.#bytes.slice(this.at, end);
    this.at = end;
    return taken;
  }

  #unsigned(bytes: number): bigint {
    let value = 0n;
    for (const one of this.#take(bytes)) value = (value << 8n) | BigInt(one.charCodeAt(0));
    return value;
  }

  #number(bytes: number): number {
    let value = 0;
    for (const one of this.#take(bytes)) value = value * 256 + one.charCodeAt(0);
    return value;
  }

  #signed(bytes: number): bigint {
    return BigInt.asIntN(bytes * 8, this.#unsigned(bytes));
  }

  #unsigned64(): number | bigint {
    const value = this.#unsigned(8);
    if (value >= 2n ** 63n) throw refuse(`the integer ${value} has more than 64 bits signed`);
    return asInteger(value);
  }

  #float(bytes: number): Data {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, this.#unsigned(bytes) << BigInt(64 - bytes * 8));
    const value = bytes === 4 ? view.getFloat32(0) : view.getFloat64(0);
    if (!Number.isFinite(value)) throw refuse(`${value} is a number that plain data cannot hold`);
    return Number.isInteger(value) ? new LuaFloat(value) : value;
  }

  /** Each item takes a byte at least: a count beyond what is left is a lie that must not be believed. */
  #enter(count: number, depth: number): void {
    if (depth >= MAX_DEPTH) throw refuse(`the data is nested deeper than ${MAX_DEPTH} levels`);
    if (count > this.#bytes.length - this.at)
      throw refuse(`${count} items cannot be in the ${this.#bytes.length - this.at} bytes that are left`);
  }

  #array(count: number, depth: number): Data[] {
    this.#enter(count, depth);
    return Array.from({ length: count }, () => this.value(depth + 1));
  }

  #map(count: number, depth: number): DataObject {
    this.#enter(count * 2, depth);
    const object = dataObject();
    for (let index = 0; index < count; index++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') throw refuse('a map has a key that is no string');
      object[key] = this.value(depth + 1);
    }
    return object;
  }
}
