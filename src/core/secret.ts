// Secrets in durable code: a workflow holds a reference, a node puts the value in its place. Sealed.
// S1: a reference is told from every table of a program or a caller by its class: `{"$secret": ...}` in somebody's input is a
//     table like any other.
// S2: the wire refuses references (core/wire.ts): they go only where somebody asked `nameSecrets` for their places.
// S3: a name on its way to a node is `{ "$secret": "<entry id>" }`, and its place travels beside it.
import { dataObject, LuaFloat } from './data.js';
import type { Data, DataObject } from './data.js';

/** Where a value is inside data: keys, and indexes from 0. */
export type DataPath = readonly (string | number)[];

/** A secret by the entry id of its variable. */
export class SecretReference {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

/** Why a reference does not go somewhere; follows its path. */
export const SECRET_STAYS =
  'is a secret, which goes to functions and commands only; read it with env.get where it is used';

/** A reference as it lies inside plain data; whatever does not know it refuses it as an instance of a class. */
export const secretReference = (id: string): Data => new SecretReference(id) as unknown as Data;

export interface NamedSecrets {
  readonly data: Data;
  /** Places of names in `data`. */
  readonly places: readonly DataPath[];
}

const NONE: readonly DataPath[] = Object.freeze([]);

/** Turns references into names, and says where those are. Data without references stays the same object. */
export function nameSecrets(data: Data): NamedSecrets {
  const places: DataPath[] = [];
  const named = name(data, [], places);
  return places.length === 0 ? { data, places: NONE } : { data: named, places };
}

function name(data: Data, path: DataPath, places: DataPath[]): Data {
  if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return data;
  if (Array.isArray(data)) {
    let named: Data[] | undefined;
    for (const [index, item] of data.entries()) {
      const inner = name(item, [...path, index], places);
      if (inner !== item) (named ??= [...data])[index] = inner;
    }
    return named ?? data;
  }
  if ((data as object) instanceof SecretReference) {
    places.push(path);
    return dataObject({ $secret: (data as unknown as SecretReference).id });
  }
  let named: DataObject | undefined;
  for (const key of Object.keys(data)) {
    const item = data[key];
    if (item === undefined) continue;
    const inner = name(item, [...path, key], places);
    if (inner !== item) (named ??= dataObject(data))[key] = inner;
  }
  return named ?? data;
}

/** Puts values in the place of names; a place that holds no name is left. `data` is not changed. */
export function fillSecrets(data: Data, places: readonly DataPath[], valueOf: (id: string) => Data): Data {
  return places.reduce((filled, place) => fill(filled, place, 0, valueOf), data);
}

function fill(data: Data, place: DataPath, depth: number, valueOf: (id: string) => Data): Data {
  if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return data;
  const step = place[depth];
  if (step === undefined) {
    const id = Array.isArray(data) ? undefined : data['$secret'];
    return typeof id === 'string' ? valueOf(id) : data;
  }
  if (Array.isArray(data)) {
    if (typeof step !== 'number' || data[step] === undefined) return data;
    return data.with(step, fill(data[step], place, depth + 1, valueOf));
  }
  const item = Object.hasOwn(data, step) ? data[step] : undefined;
  if (item === undefined) return data;
  const copy = dataObject(data);
  copy[step] = fill(item, place, depth + 1, valueOf);
  return copy;
}

/** Places as data, for a header. */
export const placesToData = (places: readonly DataPath[]): Data => places.map((place) => [...place]);

/** The reverse; what is malformed is no place. */
export function placesFromData(data: Data): readonly DataPath[] {
  if (!Array.isArray(data)) return NONE;
  return data.filter(
    (place): place is (string | number)[] =>
      Array.isArray(place) && place.every((step) => typeof step === 'string' || typeof step === 'number'),
  );
}
