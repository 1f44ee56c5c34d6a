// `tostring` of any value. Sealed.
// T1: tables, functions and threads show a number counted per instance, never an address, so that a replay prints the same.
import { LuaThread, LuaUserdata } from '../values.js';
import { raise, typeName } from './errors.js';
import { callSync, metaOf } from './metatables.js';
import { isNumber, numberToString } from './number.js';
import { first } from './protocol.js';
import type { Value } from './protocol.js';
import { Table } from './table.js';

/** Numbers of objects in one instance. */
export class Identities {
  readonly #numbers = new WeakMap<object, number>();
  #next = 1;
  of(value: object): number {
    let number = this.#numbers.get(value);
    if (number === undefined) this.#numbers.set(value, (number = this.#next++));
    return number;
  }
}

let identities = new Identities();
/** Called where an instance begins a step. */
export function setIdentities(of: Identities): void {
  identities = of;
}

/** `table: 0x00000001` */
function addressText(kind: string, value: object): string {
  return `${kind}: 0x${identities.of(value).toString(16).padStart(8, '0')}`;
}

/** What `tostring(value)` gives, metamethods included. */
export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberToString(value);
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return String(value);
    case 'function':
      return addressText(value.name.startsWith('[C]:') ? 'function: builtin' : 'function', value);
  }
  const handler = metaOf(value)?.table.getString('__tostring');
  if (handler !== undefined) {
    const text = first(callSync(handler, value));
    if (typeof text === 'string') return text;
    if (isNumber(text)) return numberToString(text);
    raise("'__tostring' must return a string");
  }
  if (value instanceof LuaThread) return addressText('thread', value);
  if (value instanceof Table) return addressText(typeName(value), value);
  return addressText(value instanceof LuaUserdata ? value.type.name : 'userdata', value as object);
}
