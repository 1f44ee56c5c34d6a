// The stage `sources`: texts of entries that are no Lua, each by its kind. Takes linked entries. Pure.
import type { Data } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { locate, type LocatedEntry } from '../load/located-entry.js';
import type { TextStart } from '../load/yaml-tree.js';
import type { Entry, EntryId } from '../model/entry.js';
import type { KindSpec, SourceProblem } from '../model/kind.js';
import { type EntryScope, scopeOf } from './scope.js';

export interface CheckSourcesOptions {
  readonly kinds: ReadonlyMap<string, KindSpec>;
  /** Entries whose sources could not be read: that is told already. */
  readonly withoutSource?: ReadonlySet<EntryId>;
  /** What references lead to. Default: the entries themselves. */
  readonly scope?: EntryScope;
}

export function checkSources(
  entries: readonly Entry[],
  { kinds, withoutSource, scope = scopeOf(entries) }: CheckSourcesOptions,
): Diagnostic[] {
  return entries.flatMap((entry) => {
    const spec = kinds.get(entry.kind);
    if (spec?.checkSources === undefined || withoutSource?.has(entry.id) === true) return [];
    return spec.checkSources(entry, (id) => scope.get(id)).map((problem) => diagnosticOf(entry, problem));
  });
}

function diagnosticOf(entry: Entry & Partial<LocatedEntry>, problem: SourceProblem): Diagnostic {
  const { message, fix } = problem;
  const { place, inside } = placeInText(entry, problem.field, problem.line, problem.column);
  return {
    severity: 'error',
    place,
    message: inside ? message : `line ${problem.line} of the ${problem.field}: ${message}`,
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Where a line of an entry's text stands. `inside`: the place is that of the line, not of the whole text. */
export function placeInText(
  entry: Entry & Partial<LocatedEntry>,
  field: string,
  line: number,
  column: number,
): { readonly place: Place; readonly inside: boolean } {
  if (entry.file !== undefined) return { place: { file: entry.file.path, line, column }, inside: true };
  const place = locate(entry).placeOf(`/${field}`);
  if (entry.inline === undefined) return { place, inside: false };
  return {
    place: { file: place.file, ...placeInline(entry.data[field], entry.inline, line, column) },
    inside: true,
  };
}

/** A place in a source that stands in a YAML file, there. What is missing behind the last line is missing at its end. */
function placeInline(text: Data | undefined, start: TextStart, line: number, column: number): TextStart {
  const lines = (typeof text === 'string' ? text : '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const isBehind = line > lines.length && lines.length > 0;
  const at = isBehind ? { line: lines.length, column: (lines.at(-1) ?? '').length + 1 } : { line, column };
  return { line: start.line + at.line - 1, column: at.column === 0 ? 0 : start.column + at.column - 1 };
}
