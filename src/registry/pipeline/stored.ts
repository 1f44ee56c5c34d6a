// The check of changes that were made elsewhere, or long ago: whether this node, with its kinds, its modules and its engine,
// can have them. What they refer to was settled when they were made, and their programs are taken as they are stored.
import { setImmediate as pause } from 'node:timers/promises';
import type { Diagnostic } from '../../core/diagnostics.js';
import type { PinnedProgram } from '../../core/program.js';
import { sortDiagnostics } from '../load/located-entry.js';
import { type Change, sidesOf } from '../model/changes.js';
import type { EntryId } from '../model/entry.js';
import type { RegistryView } from '../model/registry.js';
import type { ChangePipeline } from './changes.js';
import { checkSources } from './check-sources.js';
import { compileStored } from './programs.js';
import { sealedProblems, unknownModules } from './program-modules.js';
import type { EntryScope } from './scope.js';
import { validateEntries } from './validate.js';

export interface StoredCheck {
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** By entry: those that were compiled. */
  readonly programs: ReadonlyMap<EntryId, PinnedProgram>;
}

/** Programs that are read and compiled in one go. */
const AT_ONCE = 16;

/** `changes` lead to `next`; `programOf` gives a stored program, undefined when it is not to be compiled again. */
export async function checkStored(
  changes: readonly Change[],
  next: RegistryView,
  programOf: (hash: string) => Promise<PinnedProgram | undefined>,
  { kinds, modules, compile }: ChangePipeline,
): Promise<StoredCheck> {
  const held = changes.flatMap((change) => sidesOf(change).after ?? []);
  const entries = held.map(({ entry }) => entry);
  const programs = new Map<EntryId, PinnedProgram>();
  const compiled: Diagnostic[] = [];
  for (let from = 0; from < held.length; from += AT_ONCE) {
    const batch = new Map<EntryId, PinnedProgram>();
    await Promise.all(
      held.slice(from, from + AT_ONCE).map(async ({ entry: { id }, program: hash }) => {
        const program = hash === undefined ? undefined : await programOf(hash);
        if (program !== undefined) batch.set(id, program);
      }),
    );
    compiled.push(...compileStored(entries, batch, compile));
    for (const [id, program] of batch) programs.set(id, program);
    await pause(); // the node serves meanwhile
  }
  const scope: EntryScope = {
    get: (id) => next.get(id),
    *ids() {
      for (const { id } of next.all()) yield id;
    },
    ofKind: (kind) => next.ofKind(kind),
  };
  const found = [
    ...validateEntries(entries, { kinds, scope }),
    ...checkSources(entries, { kinds, scope }),
    ...unknownModules(entries, programs, modules),
    ...sealedProblems(entries, programs, modules),
    ...compiled,
  ];
  return { diagnostics: sortDiagnostics(found), programs };
}
