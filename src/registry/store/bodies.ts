// The forms in which stores keep entries and programs: JSON text by core/wire.ts. The same for every engine.
import { type Data, type DataObject, LuaFloat } from '../../core/data.js';
import type { PinnedProgram, Program } from '../../core/program.js';
import { decodeWire, encodeWire } from '../../core/wire.js';
import type { Entry } from '../model/entry.js';
import { parseEntryId } from '../model/ids.js';
import { StoreCorruptError } from './registry-store.js';

/** Strings of entries are text. */
export function encodeEntry({ kind, meta, data }: Entry): string {
  return encodeWire({ kind, meta, data }, { strings: 'text' });
}

export function decodeEntry(id: string, body: string): Entry {
  const value = decodeBody(body, 'text', `entry '${id}'`);
  const { kind, meta, data } = isObject(value) ? value : {};
  if (typeof kind !== 'string' || !isObject(meta) || !isObject(data))
    throw new StoreCorruptError(
      `entry '${id}' is stored without its kind, meta or data; restore the database from a backup`,
    );
  return Object.freeze({ id: parseEntryId(id), kind, meta, data });
}

/** Strings of programs are byte strings, as in the engine. */
export function encodeProgram(program: Program): string {
  return encodeWire(program as unknown as Data); // a Program is plain JSON by its type
}

export function decodeProgram(hash: string, body: string): PinnedProgram {
  const program = decodeBody(body, 'bytes', `program '${hash}'`);
  if (!isObject(program) || typeof program.entry !== 'string' || !isObject(program.units))
    throw new StoreCorruptError(
      `program '${hash}' is stored without its entry or units; restore the database from a backup`,
    );
  return { hash, program: program as unknown as Program };
}

function decodeBody(body: string, strings: 'text' | 'bytes', what: string): Data {
  try {
    return decodeWire(body, { strings });
  } catch (cause) {
    throw new StoreCorruptError(`${what} is stored as broken JSON; restore the database from a backup`, {
      cause,
    });
  }
}

function isObject(value: Data | undefined): value is DataObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat);
}
