// The pipeline: loaded entries to entries that can run, or all that is wrong with them.
// Stages: override, disable, requirements, embed, validate, link, sources, bytecode (programs.ts), modules (program-modules.ts). Each is a pure function in its own file.
// I1: what is wrong in one stage does not hide what is wrong in the next ones.
import type { Diagnostic } from '../../core/diagnostics.js';
import type { PinnedProgram } from '../../core/program.js';
import type { LoadResult } from '../load/app.js';
import { sortDiagnostics } from '../load/located-entry.js';
import type { Entry, EntryId } from '../model/entry.js';
import type { KindSpec } from '../model/kind.js';
import { checkSources } from './check-sources.js';
import type { StoredFile } from '../store/registry-store.js';
import { disableEntries } from './disable.js';
import { embedFiles } from './embed.js';
import { linkEntries, type ModuleNames } from './link.js';
import { applyOverrides, parseOverride, type Override } from './override.js';
import { fillRequirements } from './requirements.js';
import { sealedProblems } from './program-modules.js';
import { buildPrograms, type CompileProgram } from './programs.js';
import { validateEntries } from './validate.js';

export interface PipelineOptions {
  readonly kinds: readonly KindSpec[];
  readonly modules: ModuleNames;
  readonly compile?: CompileProgram;
}

export interface PrepareOptions extends PipelineOptions {
  /** `namespace:entry:path=value` of the command line; they win over configuration. */
  readonly overrides?: readonly string[];
}

export interface Prepared<E extends Entry = Entry> {
  readonly ok: true;
  readonly entries: readonly E[];
  /** By entry: the entries that it refers to. */
  readonly dependencies: ReadonlyMap<EntryId, readonly EntryId[]>;
  readonly programs: ReadonlyMap<EntryId, PinnedProgram>;
  /** What entries name by hashes. */
  readonly files?: readonly StoredFile[];
  readonly warnings: readonly Diagnostic[];
}
export interface Unprepared {
  readonly ok: false;
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
}
export type PrepareResult<E extends Entry = Entry> = Prepared<E> | Unprepared;

export function prepareApp(load: LoadResult, options: PrepareOptions): PrepareResult {
  const diagnostics = [...load.diagnostics];
  const overrides: Override[] = [...load.config.override].map(([key, { value, place }]) => ({
    key,
    value,
    place,
  }));
  for (const text of options.overrides ?? []) {
    const parsed = parseOverride(text);
    if (parsed.ok) overrides.push(parsed.override);
    else diagnostics.push(parsed.diagnostic);
  }
  const overridden = applyOverrides(load.entries, overrides);
  const enabled = disableEntries(overridden.entries, load.config.disable);
  const filled = fillRequirements(enabled.entries, enabled.disabled);
  const { files, ...embedded } = embedFiles(filled.entries);
  for (const stage of [overridden, enabled, filled, embedded]) diagnostics.push(...stage.diagnostics);
  const withoutSource = new Set<EntryId>();
  for (const [id, problems] of load.entryDiagnostics) {
    if (enabled.disabled.has(id)) continue;
    withoutSource.add(id);
    diagnostics.push(...problems);
  }
  const soFar = { disabled: enabled.disabled, withoutSource, diagnostics };
  const prepared = prepare(embedded.entries, options, soFar);
  return prepared.ok ? { ...prepared, files } : prepared;
}

/** For entries that come from elsewhere than an app's folder: the store, a change at run time. */
export function prepareEntries<E extends Entry>(
  entries: readonly E[],
  options: PipelineOptions,
): PrepareResult<E> {
  return prepare(entries, options, { disabled: new Set(), withoutSource: new Set(), diagnostics: [] });
}

interface SoFar {
  readonly disabled: ReadonlySet<EntryId>;
  readonly withoutSource: ReadonlySet<EntryId>;
  readonly diagnostics: readonly Diagnostic[];
}

function prepare<E extends Entry>(
  entries: readonly E[],
  { kinds: specs, modules, compile }: PipelineOptions,
  { disabled, withoutSource, diagnostics: before }: SoFar,
): PrepareResult<E> {
  const kinds = new Map(specs.map((spec) => [spec.name, spec]));
  const validated = validateEntries(entries, { kinds, withoutSource });
  const linked = linkEntries(entries, { kinds, modules, disabled });
  const built = buildPrograms(linked.entries, {
    kinds,
    withoutSource,
    ...(compile === undefined ? {} : { compile }),
  });
  const diagnostics = sortDiagnostics([
    ...before,
    ...validated,
    ...linked.diagnostics,
    ...checkSources(linked.entries, { kinds, withoutSource }),
    ...built.diagnostics,
    ...sealedProblems(linked.entries, built.programs, modules),
  ]);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return {
    ok: true,
    entries: linked.entries,
    dependencies: linked.dependencies,
    programs: built.programs,
    warnings: diagnostics,
  };
}
