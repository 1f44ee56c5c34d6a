// string.pack, string.packsize and string.unpack. Sealed.
import { argumentError, raise } from '../compiled/errors.js';
import { fromHalves, highOf, lowOf } from '../compiled/int64.js';
import type { Integer } from '../compiled/int64.js';
import { float } from '../compiled/number.js';
import { builtin, charge, chargeText, results } from '../compiled/protocol.js';
import type { Result, Value } from '../compiled/protocol.js';
import { doubleArgument, integerArgument, optionalPosition, textArgument } from './arguments.js';
import { MAX_SIZE, PackFormat } from './pack-format.js';
import { piece } from './pieces.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { fromCharCode } = String;
const { min } = Math;

const VIEW = new DataView(new ArrayBuffer(8));

/** The lowest `size` bytes of an integer of any size, sign-extended. */
function integerBytes(value: Integer, size: number, isLittle: boolean): string {
  const low = lowOf(value);
  const high = highOf(value);
  const sign = high < 0 ? 255 : 0;
  let bytes = '';
  for (let at = 0; at < size; at++) {
    const byte = at < 4 ? (low >>> (8 * at)) & 255 : at < 8 ? (high >>> (8 * (at - 4))) & 255 : sign;
    const character = fromCharCode(byte);
    bytes = isLittle ? bytes + character : character + bytes;
  }
  return bytes;
}

/** Whether `size` bytes (below 8) hold the value. */
function fits(value: Integer, size: number, isSigned: boolean): boolean {
  const low = lowOf(value);
  const high = highOf(value);
  const unused = 32 - 8 * (size > 4 ? size - 4 : size);
  const top = size > 4 ? high : low;
  const isCut = isSigned ? (top << unused) >> unused === top : (top << unused) >>> unused === top >>> 0;
  if (size > 4) return isCut;
  return isCut && high === (isSigned ? low >> 31 : 0);
}

function doubleBytes(value: number, size: number, isLittle: boolean): string {
  if (size === 4) VIEW.setFloat32(0, value);
  else VIEW.setFloat64(0, value);
  let bytes = '';
  for (let at = 0; at < size; at++) {
    const character = fromCharCode(VIEW.getUint8(at));
    bytes = isLittle ? character + bytes : bytes + character;
  }
  return bytes;
}

export const pack = builtin('string.pack', function (format: Value, ...values: Value[]): Result {
  const name = 'string.pack';
  const options = new PackFormat(textArgument(format, 1, name, arguments.length), name);
  // A value that is not there is nil in PUC's words.
  const count = Infinity;
  let bytes = '';
  let at = 0;
  while (!options.isAtEnd) {
    options.next(bytes.length);
    bytes += '\0'.repeat(options.padding);
    const { kind, size, isLittle } = options;
    const index = at + 2;
    const value = values[at];
    if (kind === 'padding') bytes += '\0';
    if (kind === 'padding' || kind === 'align' || kind === 'none') continue;
    at++;
    switch (kind) {
      case 'int':
      case 'unsigned': {
        const integer = integerArgument(value, index, name, count);
        if (size < 8 && !fits(integer, size, kind === 'int')) {
          argumentError(index, name, kind === 'int' ? 'integer overflow' : 'unsigned overflow');
        }
        bytes += integerBytes(integer, size, isLittle);
        break;
      }
      case 'float':
      case 'double':
        bytes += doubleBytes(doubleArgument(value, index, name, count), size, isLittle);
        break;
      case 'char': {
        const text = textArgument(value, index, name, count);
        if (text.length > size) argumentError(index, name, 'string longer than given size');
        chargeText(size);
        bytes += text + '\0'.repeat(size - text.length);
        break;
      }
      case 'string': {
        const text = textArgument(value, index, name, count);
        if (size < 4 && text.length >= 2 ** (8 * size)) {
          argumentError(index, name, 'string length does not fit in given size');
        }
        chargeText(text.length);
        bytes += integerBytes(text.length, size, isLittle) + text;
        break;
      }
      case 'zero': {
        const text = textArgument(value, index, name, count);
        if (text.includes('\0')) argumentError(index, name, 'string contains zeros');
        chargeText(text.length);
        bytes += `${text}\0`;
        break;
      }
    }
  }
  chargeText(bytes.length);
  return bytes;
});

export const packsize = builtin('string.packsize', function (format: Value): Result {
  const name = 'string.packsize';
  const options = new PackFormat(textArgument(format, 1, name, arguments.length), name);
  let total = 0;
  while (!options.isAtEnd) {
    options.next(total);
    if (options.kind === 'string' || options.kind === 'zero') {
      argumentError(1, name, 'variable-length format');
    }
    total += options.padding + options.size;
    if (total > MAX_SIZE) argumentError(1, name, 'format result too large');
  }
  return total;
});

export const unpack = builtin('string.unpack', function (format: Value, data: Value, init: Value): Result {
  const name = 'string.unpack';
  const count = arguments.length;
  const options = new PackFormat(textArgument(format, 1, name, count), name);
  const text = textArgument(data, 2, name, count);
  const first = optionalPosition(init, 1, 3, name, count);
  let at = first > 0 ? first - 1 : first < 0 && -first <= text.length ? text.length + first : -1;
  if (at < 0 || at > text.length) argumentError(3, name, 'initial position out of string');
  const values: Value[] = [];
  while (!options.isAtEnd) {
    options.next(at);
    const { kind, size, isLittle } = options;
    if (at + options.padding + size > text.length) argumentError(2, name, 'data string too short');
    at += options.padding;
    switch (kind) {
      case 'int':
      case 'unsigned':
        values.push(readInteger(text, at, size, isLittle, kind === 'int'));
        break;
      case 'float':
      case 'double':
        values.push(readDouble(text, at, size, isLittle));
        break;
      case 'char':
        values.push(piece(text, at, at + size));
        break;
      case 'string': {
        const length = readInteger(text, at, size, isLittle, false);
        if (typeof length !== 'number' || length < 0 || at + size + length > text.length) {
          argumentError(2, name, 'data string too short');
        }
        values.push(piece(text, at + size, at + size + length));
        at += length;
        break;
      }
      case 'zero': {
        const end = text.indexOf('\0', at);
        const zero = end < 0 ? text.length : end;
        charge(zero - at);
        values.push(piece(text, at, zero));
        at = zero + 1;
        break;
      }
      case 'padding':
      case 'align':
      case 'none':
        break;
    }
    at += size;
  }
  values.push(at + 1);
  charge(values.length);
  return results(values);
});

function readInteger(text: string, at: number, size: number, isLittle: boolean, isSigned: boolean): Integer {
  const byte = (n: number): number => text.charCodeAt(isLittle ? at + n : at + size - 1 - n);
  let low = 0;
  let high = 0;
  const limit = min(size, 8);
  for (let n = 0; n < limit; n++) {
    if (n < 4) low |= byte(n) << (8 * n);
    else high |= byte(n) << (8 * (n - 4));
  }
  if (size < 8 && isSigned) {
    if (size <= 4) {
      const unused = 32 - 8 * size;
      low = (low << unused) >> unused;
      high = low >> 31;
    } else {
      const unused = 32 - 8 * (size - 4);
      high = (high << unused) >> unused;
    }
  }
  const filler = isSigned && high < 0 ? 255 : 0;
  for (let n = 8; n < size; n++) {
    if (byte(n) !== filler) raise(`${String(size)}-byte integer does not fit into Lua Integer`);
  }
  return fromHalves(high, low);
}

function readDouble(text: string, at: number, size: number, isLittle: boolean): Value {
  for (let n = 0; n < size; n++) VIEW.setUint8(n, text.charCodeAt(isLittle ? at + size - 1 - n : at + n));
  return float(size === 4 ? VIEW.getFloat32(0) : VIEW.getFloat64(0));
}
