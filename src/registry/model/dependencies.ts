// What entries depend on, read from them by patterns per kind. Sealed.
//
//   pattern: JSON pointer into the fields, with `meta` beside them; `*` is any one segment
//   `/imports/*`  `/lifecycle/depends_on/*`  `/meta/temporal/workflow/worker`
//
// D1: entries are linked: the value at a pattern is a full id, or something that is no entry (a module, a placeholder).
// D2: an entry of a kind that nobody described depends on every id that it mentions.
import { type Data, LuaFloat } from '../../core/data.js';
import { mentionedIds } from './delta.js';
import type { Entry, EntryId } from './entry.js';
import { namespaceOf, resolveReference } from './ids.js';
import type { KindSpec } from './kind.js';

type Pattern = readonly string[];

export class DependencyPatterns {
  readonly #patterns: ReadonlyMap<string, readonly Pattern[]>;

  constructor(kinds: Iterable<Pick<KindSpec, 'name' | 'references'>>) {
    this.#patterns = new Map(
      [...kinds].map(({ name, references = [] }) => [
        name,
        references.map(({ pointer }) => segmentsOf(pointer)),
      ]),
    );
  }

  /** Each once, in the order of the patterns. */
  of(entry: Entry): EntryId[] {
    const patterns = this.#patterns.get(entry.kind);
    const found = new Set<EntryId>();
    const add = (value: Data): void => {
      if (typeof value !== 'string' || !value.includes(':') || value.includes('${')) return;
      const id = resolveReference(value, namespaceOf(entry.id));
      if (id !== undefined && id !== entry.id) found.add(id);
    };
    if (patterns === undefined) for (const id of mentionedIds(entry)) add(id);
    else
      for (const pattern of patterns) {
        if (pattern[0] === 'meta') visit(entry.meta, pattern, 1, add);
        else visit(entry.data, pattern, 0, add);
      }
    return [...found];
  }
}

const segmentsOf = (pointer: string): Pattern =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

function visit(value: Data | undefined, pattern: Pattern, at: number, found: (value: Data) => void): void {
  if (value === undefined) return;
  const segment = pattern[at];
  if (segment === undefined) {
    found(value);
    return;
  }
  if (typeof value !== 'object' || value === null || value instanceof LuaFloat) return;
  if (segment === '*')
    for (const item of Array.isArray(value) ? value : Object.values(value))
      visit(item, pattern, at + 1, found);
  else if (Array.isArray(value)) visit(value[Number(segment)], pattern, at + 1, found);
  else if (Object.hasOwn(value, segment)) visit(value[segment], pattern, at + 1, found);
}
