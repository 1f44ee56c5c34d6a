// `tostring` of any value. Sealed.
// T1: tables, functions and threads show a number counted per instance, never an address, so that a replay prints the same.
import { LuaThread, LuaUserdata } from '../values.js';
import { charge, chargeMemory, STRING_BYTES } from './budget.js';
import { argumentError, raise, typeName } from './errors.js';
import { call, callSync, metaOf } from './metatables.js';
import { isNumber, numberToString } from './number.js';
import { builtin, first, Frame, push, S } from './protocol.js';
import type { Result, Value } from './protocol.js';
import { Table } from './table.js';

/** Numbers of objects in one instance. */
export class Identities {
  #numbers: WeakMap<object, number> | undefined;
  #next = 1;
  of(value: object): number {
    const numbers = (this.#numbers ??= new WeakMap());
    let number = numbers.get(value);
    if (number === undefined) numbers.set(value, (number = this.#next++));
    return number;
  }
}

/** Whose objects they are; most instances never show an address. */
export interface IdentityOwner {
  identities: Identities | undefined;
}

let owner: IdentityOwner = { identities: undefined };
/** Called where an instance's code begins to run; gives back what was set before. */
export function setIdentities(of: IdentityOwner): IdentityOwner {
  const before = owner;
  owner = of;
  return before;
}

/** Instructions of writing a number. */
const NUMBER_COST = 10;
/** Instructions and bytes of giving an object its number. */
const ADDRESS_COST = 40;
const ADDRESS_BYTES = 96;

/** `table: 0x00000001` */
function addressText(kind: string, value: object): string {
  charge(ADDRESS_COST);
  chargeMemory(ADDRESS_BYTES);
  const identities = (owner.identities ??= new Identities());
  return `${kind}: 0x${identities.of(value).toString(16).padStart(8, '0')}`;
}

/** What `tostring(value)` gives, metamethods included. */
export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (isNumber(value)) {
    charge(NUMBER_COST);
    chargeMemory(STRING_BYTES);
    return numberToString(value);
  }
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return String(value);
    case 'function':
      return addressText(value.name.startsWith('[C]:') ? 'function: builtin' : 'function', value);
    default: // objects: tables, threads, userdata
  }
  const handler = metaOf(value)?.table.getString('__tostring');
  if (handler !== undefined) return madeText(callSync(handler, value));
  return plainText(value);
}

/** What a `__tostring` gave. */
function madeText(result: Result): string {
  const text = first(result);
  if (typeof text === 'string') return text;
  if (isNumber(text)) return numberToString(text);
  return raise("'__tostring' must return a string");
}

class TextFrame extends Frame {
  override readonly native = 'tostring';
  override resume(result: Result): Result {
    return madeText(result);
  }
}

/** The builtin: its metamethod may wait. */
export const tostring = builtin('tostring', (...values: Value[]): Result => {
  const [value] = values;
  if (value === undefined && values.length === 0) argumentError(1, 'tostring', 'value expected');
  const handler = metaOf(value)?.table.getString('__tostring');
  if (handler === undefined) return toText(value);
  const result = call(handler, [value]);
  return result === S ? push(new TextFrame()) : madeText(result);
});

function plainText(value: Value): string {
  if (value instanceof LuaThread) return addressText('thread', value);
  if (value instanceof Table) return addressText(typeName(value), value);
  return addressText(value instanceof LuaUserdata ? value.type.name : 'userdata', value as object);
}
