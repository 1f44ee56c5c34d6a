// Which env.variable entries placeholders (`${env:NAME}`) name.
import type { Data } from '../../core/data.js';
import { child, isObject } from '../load/pointer.js';
import type { Entry, EntryId } from '../model/entry.js';

const REFERENCE = /(?<!\$)\$\{(?:env:([^}|]+)(\|[^}]*)?|([A-Z0-9_]+)(\|[^}]*))\}/g;

export class EnvironmentNames {
  readonly #byName = new Map<string, EntryId>();

  constructor(variables: Iterable<Entry>) {
    for (const entry of variables) {
      this.#byName.set(entry.id, entry.id);
      const { variable } = entry.data;
      if (typeof variable === 'string') this.#byName.set(variable, entry.id);
    }
  }

  /** The variables that a value names, and the names that no variable has although there is no default. */
  find(value: Data): {
    readonly ids: EntryId[];
    readonly missing: { readonly pointer: string; readonly name: string }[];
  } {
    const ids = new Set<EntryId>();
    const missing: { pointer: string; name: string }[] = [];
    const visit = (part: Data, pointer: string): void => {
      if (typeof part === 'string')
        for (const [, long, longDefault, short, shortDefault] of part.matchAll(REFERENCE)) {
          const name = (long ?? short ?? '').trim();
          const id = this.#byName.get(name);
          if (id !== undefined) ids.add(id);
          else if ((longDefault ?? shortDefault) === undefined) missing.push({ pointer, name });
        }
      else if (Array.isArray(part)) part.forEach((item, index) => visit(item, child(pointer, index)));
      else if (isObject(part))
        for (const [key, item] of Object.entries(part)) visit(item, child(pointer, key));
    };
    visit(value, '');
    return { ids: [...ids], missing };
  }
}
