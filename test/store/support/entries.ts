// Entries and programs for tests of the registry.
import { createHash } from 'node:crypto';
import { type Data, dataObject } from '../../../src/core/data.js';
import type { PinnedProgram } from '../../../src/core/program.js';
import type { Entry } from '../../../src/registry/model/entry.js';
import { parseEntryId } from '../../../src/registry/model/ids.js';
import { pin } from '../../../src/registry/pipeline/programs.js';

export function entry(name: string, data: Record<string, Data> = {}, kind = 'registry.entry'): Entry {
  return { id: parseEntryId(`app:${name}`), kind, meta: dataObject({ of: name }), data: dataObject(data) };
}

/** A program of one unit; its source is a byte string. */
export function program(name: string, source: string): PinnedProgram {
  const id = `app:${name}`;
  const unit = { id, chunk: `${name}.lua`, source, imports: { json: { module: 'json' } } };
  return {
    hash: createHash('sha256').update(`${id}\n${source}`).digest('hex'),
    program: { entry: id, kind: 'function.lua', method: 'main', units: { [id]: unit } },
  };
}

/** The same under the hash that the platform would give it. */
export const pinned = (name: string, source: string): PinnedProgram => pin(program(name, source).program);

export function programs(...all: readonly PinnedProgram[]): ReadonlyMap<string, PinnedProgram> {
  return new Map(all.map((pinned) => [pinned.program.entry, pinned]));
}
