// The stage `disable`: entries that configuration leaves out. Pure.
import type { Diagnostic } from '../../core/diagnostics.js';
import type { Placed } from '../load/config.js';
import { namespaceOf } from '../load/entry-id.js';
import { suggest } from '../load/nearest.js';
import { globMatcher } from '../model/query.js';
import type { Entry, EntryId } from '../model/entry.js';

export interface DisableRules {
  /** Globs: `*` is one segment (or a part of one), `**` any number: `legacy.**` is `legacy` and all below it. */
  readonly namespaces: readonly Placed<string>[];
  /** Ids, or globs of them. */
  readonly entries: readonly Placed<string>[];
}

export interface DisableResult<E extends Entry> {
  readonly entries: readonly E[];
  readonly disabled: ReadonlySet<EntryId>;
  readonly diagnostics: readonly Diagnostic[];
}

export function disableEntries<E extends Entry>(
  entries: readonly E[],
  rules: DisableRules,
): DisableResult<E> {
  const disabled = new Set<EntryId>();
  const diagnostics: Diagnostic[] = [];
  const apply = (
    patterns: readonly Placed<string>[],
    what: 'namespace' | 'entry',
    partOf: (entry: E) => string,
  ): void => {
    const parts = new Set(entries.map(partOf));
    for (const { value, place } of patterns) {
      const matches = globMatcher(value);
      const hits = entries.filter((entry) => matches(partOf(entry)));
      for (const entry of hits) disabled.add(entry.id);
      if (hits.length > 0) continue;
      // A pattern may be written for entries of other installations; a plain name is rather a slip.
      const isGlob = value.includes('*');
      const message = isGlob
        ? `no ${what} matches '${value}'`
        : `unknown ${what} '${value}' cannot be disabled`;
      diagnostics.push({
        severity: isGlob ? 'warning' : 'error',
        place,
        message,
        ...suggest(value, parts, 'remove it'),
      });
    }
  };
  apply(rules.namespaces, 'namespace', (entry) => namespaceOf(entry.id));
  apply(rules.entries, 'entry', (entry) => entry.id);
  return { entries: entries.filter((entry) => !disabled.has(entry.id)), disabled, diagnostics };
}
