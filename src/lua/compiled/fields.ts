// The string fields of tables: records with hidden classes, all with one prototype (table.ts T4, T5, T8). Sealed.
import type { Value } from './machine.js';

export type Fields = Record<string, Value>;

const FIELDS_PROTOTYPE: object = Object.freeze(Object.create(null) as object);

/** The prototype for constructors of records (`function Point(x, y) { this.x = x; this.y = y }`). */
export const fieldsPrototype = (): object => FIELDS_PROTOTYPE;

function EmptyFields(): void {
  // fields come later
}
EmptyFields.prototype = FIELDS_PROTOTYPE;
const NewFields = EmptyFields as unknown as new () => Fields;

/** The constructor of records that get their fields one by one. */
export const emptyFields = (): new () => Fields => NewFields;

/** Makes records with these fields, for nothing: they are inherited (T8). */
export function inheritingRecords(fields: Readonly<Record<string, Value>>): () => Fields {
  const Inheriting = function (): void {
    // its own fields come later
  } as unknown as new () => Fields;
  // Not frozen: that would keep records from having a field of the same name. Nothing but records refers to it.
  Inheriting.prototype = Object.assign(Object.create(FIELDS_PROTOTYPE) as Fields, fields);
  return () => new Inheriting();
}

export const NO_FIELDS: Fields = Object.freeze(new NewFields());
const NO_NAMES: string[] = [];

/** Names of a table's fields, in order. */
export function fieldNames(owner: { fields: Fields }): string[] {
  const { fields } = owner;
  if (fields === NO_FIELDS) return NO_NAMES;
  const inherited = Object.getPrototypeOf(fields) as object;
  if (inherited !== FIELDS_PROTOTYPE) {
    const names = new Set([...Object.keys(inherited), ...Object.keys(fields)]);
    owner.fields = new NewFields();
    for (const name of names) owner.fields[name] = fields[name];
  }
  return Object.keys(owner.fields);
}

/** '0', '7', '4294967294': JavaScript orders these before other keys. */
export function isArrayIndexText(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 48 && first <= 57 && key.length <= 16 && /^(?:0|[1-9]\d*)$/.test(key);
}
