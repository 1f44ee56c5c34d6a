// The pipeline for single changes to a version: only what changes, and what a change reaches, is prepared anew.
// C1: reached are the entries that refer to what is deleted or gets another kind, and all that import a changed Lua entry,
//     directly or through others: their programs contain it.
// C2: the rest was prepared before and is taken as it is.
// C3: entries that nodes read from the folder when they start cannot be changed here: the change would count nowhere.
// C4: values that modules require follow their `ns.*` entries: entries that have one are changed with them.
import type { Diagnostic } from '../../core/diagnostics.js';
import { locate, sortDiagnostics } from '../load/located-entry.js';
import type { DependencyPatterns } from '../model/dependencies.js';
import type { Entry, EntryId } from '../model/entry.js';
import type { KindSpec } from '../model/kind.js';
import type { StateView } from '../registry-view.js';
import { shapeEmptyTables } from './empty-tables.js';
import type { PrepareResult } from './index.js';
import { changeRequirements, concernsRequirements, type RequirementChanges } from './requirement-changes.js';
import { checkSources } from './check-sources.js';
import { unembedded } from './embed.js';
import { importsOf, linkEntries, type ModuleNames } from './link.js';
import { sealedProblems } from './program-modules.js';
import { buildPrograms, type CompileProgram } from './programs.js';
import type { EntryScope } from './scope.js';
import { validateEntries } from './validate.js';

export interface ChangePipeline {
  readonly kinds: ReadonlyMap<string, KindSpec>;
  readonly modules: ModuleNames;
  readonly compile?: CompileProgram;
  /** Made from the same kinds, once. */
  readonly patterns: DependencyPatterns;
}

export interface WantedChanges {
  /** Created or changed, each once. */
  readonly puts: readonly Entry[];
  readonly deletes: ReadonlySet<EntryId>;
}

/** The entries that were put or get another value of a module's requirement, linked, and the programs and dependencies of these and of all that the changes reach. */
export function prepareChanges(
  view: StateView,
  { puts, deletes }: WantedChanges,
  { kinds, modules, compile, patterns }: ChangePipeline,
): PrepareResult {
  const wanted = puts.map((entry) => shapeEmptyTables(entry, kinds.get(entry.kind)));
  const required = requiredBy(view, wanted, deletes);
  const changed = new Map<string, Entry>([...wanted, ...required.entries].map((entry) => [entry.id, entry]));
  const shaped = [...changed.values()];
  const reached = reachedBy(view, changed, deletes, kinds, patterns);
  const all = [...shaped, ...reached];
  const scope = overlay(view, changed, deletes);
  const linked = linkEntries(all, { kinds, modules, scope, deleted: deletes });
  const withLinked = new Map<string, Entry>(linked.entries.map((entry) => [entry.id, entry]));
  const built = buildPrograms(linked.entries, {
    kinds,
    scope: overlay(view, withLinked, deletes),
    ...(compile === undefined ? {} : { compile }),
  });
  const diagnostics: Diagnostic[] = sortDiagnostics([
    ...validateEntries(shaped, { kinds, scope }),
    ...fixedProblems(view, shaped, deletes, kinds),
    ...unembedded(shaped),
    ...required.diagnostics,
    ...linked.diagnostics,
    ...checkSources(linked.entries, { kinds, scope: overlay(view, withLinked, deletes) }),
    ...built.diagnostics,
    ...sealedProblems(linked.entries, built.programs, modules),
  ]);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return {
    ok: true,
    entries: linked.entries.slice(0, shaped.length),
    dependencies: linked.dependencies,
    programs: built.programs,
    warnings: diagnostics,
  };
}

/** C4 */
function requiredBy(
  view: StateView,
  puts: readonly Entry[],
  deletes: ReadonlySet<EntryId>,
): RequirementChanges {
  const touched = [...puts, ...[...puts.map(({ id }) => id), ...deletes].flatMap((id) => view.get(id) ?? [])];
  if (!touched.some(concernsRequirements)) return { entries: [], diagnostics: [] };
  const changed = new Map<string, Entry>(puts.map((entry) => [entry.id, entry]));
  return changeRequirements(overlay(view, new Map(), new Set()), overlay(view, changed, deletes));
}

/** C3 */
function fixedProblems(
  view: StateView,
  puts: readonly Entry[],
  deletes: ReadonlySet<EntryId>,
  kinds: ReadonlyMap<string, KindSpec>,
): Diagnostic[] {
  const before = (id: EntryId): Entry[] => [view.get(id) ?? []].flat();
  const touched = [...puts.flatMap((entry) => [entry, ...before(entry.id)]), ...[...deletes].flatMap(before)];
  const fixed = touched.filter(({ kind }) => kinds.get(kind)?.atStart === true);
  return [...new Map(fixed.map((entry) => [entry.id, entry])).values()].map((entry) => ({
    severity: 'error',
    place: locate(entry).placeOf('/kind'),
    message: `a '${entry.kind}' counts from the start of a node on and cannot be changed at run time`,
    fix: 'change it in the folder, and start the nodes anew',
  }));
}

/** Unchanged entries that have to be looked at again (C1). */
function reachedBy(
  view: StateView,
  changed: ReadonlyMap<string, Entry>,
  deletes: ReadonlySet<EntryId>,
  kinds: ReadonlyMap<string, KindSpec>,
  patterns: DependencyPatterns,
): Entry[] {
  const reached = new Map<EntryId, Entry>();
  const dependentsOf = (id: string): readonly Entry[] =>
    view.state.dependents(id, 'references', (entry) => patterns.of(entry));
  const reach = (entry: Entry): boolean => {
    if (changed.has(entry.id) || deletes.has(entry.id) || reached.has(entry.id)) return false;
    reached.set(entry.id, entry);
    return true;
  };
  const sources: string[] = [];
  for (const [id, entry] of changed) {
    const before = view.get(id);
    if (before === undefined) continue;
    if (before.kind !== entry.kind) for (const dependent of dependentsOf(id)) reach(dependent);
    if (kinds.get(entry.kind)?.lua !== undefined) sources.push(id);
  }
  for (const id of deletes) for (const dependent of dependentsOf(id)) reach(dependent);
  sources.push(...reached.keys());
  for (let id = sources.pop(); id !== undefined; id = sources.pop())
    for (const dependent of dependentsOf(id))
      if (importsOf(dependent, kinds).has(id as EntryId) && reach(dependent)) sources.push(dependent.id);
  return [...reached.values()];
}

function overlay(
  view: StateView,
  changed: ReadonlyMap<string, Entry>,
  deletes: ReadonlySet<EntryId>,
): EntryScope {
  const isHere = (id: EntryId): boolean => !changed.has(id) && !deletes.has(id);
  return {
    get: (id) => changed.get(id) ?? (deletes.has(id as EntryId) ? undefined : view.get(id)),
    *ids() {
      yield* changed.keys() as Iterable<EntryId>;
      for (const id of view.state.keys()) if (isHere(id)) yield id;
    },
    *ofKind(kind) {
      for (const entry of changed.values()) if (entry.kind === kind) yield entry;
      for (const entry of view.ofKind(kind)) if (isHere(entry.id)) yield entry;
    },
  };
}
