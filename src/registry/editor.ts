// Changes of the registry by their meaning: entries are checked, linked and compiled before anything is taken.
// E1: what is wrong with any of the changes is told in one go, and nothing is changed.
// E2: programs that contain a changed source are made anew in the same version; what a change does not reach is left alone.
// E3: publishing a folder keeps what was made at run time (merge-runtime.ts).
// E4: what was made elsewhere or long ago is checked as far as this node's kinds, modules and engine go (pipeline/stored.ts).
import { formatDiagnostic, type Diagnostic } from '../core/diagnostics.js';
import { type ExitCode, PlatformError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { PinnedProgram } from '../core/program.js';
import {
  type ApplyResult,
  type FullSetRequest,
  type RequestedChange,
  requestedChanges,
  type RollbackNote,
} from './apply-request.js';
import { mergeRuntime } from './merge-runtime.js';
import type { Change } from './model/changes.js';
import { buildDelta } from './model/delta.js';
import { DependencyPatterns } from './model/dependencies.js';
import type { Entry, EntryId } from './model/entry.js';
import type { KindSpec } from './model/kind.js';
import type { RegistryView } from './model/registry.js';
import { type ChangePipeline, prepareChanges } from './pipeline/changes.js';
import type { Prepared } from './pipeline/index.js';
import type { ModuleNames } from './pipeline/link.js';
import type { CompileProgram } from './pipeline/programs.js';
import { checkStored } from './pipeline/stored.js';
import type { StateView } from './registry-view.js';
import type { Registry } from './service.js';
import { RegistryConflictError } from './store/registry-store.js';

export interface EditorOptions {
  readonly registry: Registry;
  readonly log: Logger;
  readonly kinds: ReadonlyMap<string, KindSpec>;
  readonly modules: ModuleNames;
  readonly compile: CompileProgram;
  /** Hears of programs that were compiled and are in the store now. */
  readonly adopt?: (programs: Iterable<PinnedProgram>) => void;
  /** Whether a program is known to compile. Default: none is. */
  readonly isReady?: (hash: string) => boolean;
}

export interface Edit extends RollbackNote {
  readonly changes: readonly RequestedChange[];
  /** The version that the changes were made for; another newest one is a conflict. Default: the newest here. */
  readonly base?: number;
}

/** The changes cannot be taken; `diagnostics` says why, in one go. */
export class RegistryChangesError extends PlatformError {
  override readonly name = 'RegistryChangesError';
  readonly code = 'REGISTRY_CHANGES';
  override readonly kind = 'Invalid';
  override readonly exitCode: ExitCode = 2;
  /** Errors and warnings, sorted by place; an entry without a file has its id for one. */
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[], lead = 'nothing was changed') {
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(formatDiagnostic);
    const more = errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : '';
    super(`${lead}: ${errors.slice(0, SHOWN).join('; ')}${more}`);
    this.diagnostics = diagnostics;
  }
}

/** Problems and entries that a message names. */
const SHOWN = 5;

export class RegistryEditor {
  readonly #options: EditorOptions;
  readonly #registry: Registry;
  readonly #log: Logger;
  readonly #pipeline: ChangePipeline;
  readonly #adopt: (programs: Iterable<PinnedProgram>) => void;

  constructor(options: EditorOptions) {
    const { registry, log, kinds, modules, compile, adopt = () => undefined } = options;
    this.#options = options;
    this.#registry = registry;
    this.#log = log;
    this.#pipeline = { kinds, modules, compile, patterns: new DependencyPatterns(kinds.values()) };
    this.#adopt = adopt;
  }

  /** The same for another registry. */
  over(registry: Registry): RegistryEditor {
    return new RegistryEditor({ ...this.#options, registry });
  }

  /** What an entry refers to, by its kind. */
  dependenciesOf(entry: Entry): readonly EntryId[] {
    return this.#pipeline.patterns.of(entry);
  }

  /** One version with all the changes. Throws RegistryChangesError, RegistryConflictError, RegistryRejectedError. */
  async apply({ changes, base, ...note }: Edit): Promise<ApplyResult> {
    const before = note.key === undefined ? undefined : await this.#registry.resultOf(note.key);
    if (before !== undefined) return before;
    const { registry, view } = await this.#at(base);
    const wanted = wantedChanges(view, changes);
    const prepared = this.#prepare(view, wanted.puts, wanted.deletes);
    const puts = new Map(prepared.entries.map((entry) => [entry.id, entry]));
    const asked = new Set(wanted.puts.map(({ id }) => id));
    const result = await registry.apply({
      ...note,
      comment: note.comment ?? summaryOf(changes),
      base: view.version.number,
      changes: [
        ...changes.map((change): RequestedChange => {
          if (change.op === 'delete') return change;
          return { op: change.op, entry: puts.get(change.entry.id) ?? change.entry };
        }),
        // What changes with them: entries that get another value of a module's requirement.
        ...prepared.entries
          .filter(({ id }) => !asked.has(id))
          .map((entry): RequestedChange => ({ op: 'update', entry })),
      ],
      programs: prepared.programs,
      dependencies: prepared.dependencies,
      origin: 'runtime',
    });
    this.#adopt(prepared.programs.values());
    return result;
  }

  /** A new version with the state of an old one (E4). Throws RegistryChangesError, RegistryRejectedError. */
  async rollback(number: number, note: RollbackNote = {}): Promise<ApplyResult> {
    const registry = this.#registry;
    const before = note.key === undefined ? undefined : await registry.resultOf(note.key);
    if (before !== undefined) return before;
    const target = await registry.at(number);
    const changes = buildDelta(registry.current.state, target.state, (entry) => this.dependenciesOf(entry));
    const programs = await this.#checkStored(changes, target, 'nothing was changed');
    this.#adopt(programs);
    return registry.rollback(number, note);
  }

  /** Of a version that others have stored: throws RegistryChangesError where this node cannot have it (E4). */
  async check(changes: readonly Change[], next: RegistryView): Promise<void> {
    this.#adopt(await this.#checkStored(changes, next, 'it does not fit this node'));
  }

  /** What would be taken for the changes. Throws what `apply` throws for changes that cannot be. */
  rehearse(changes: readonly RequestedChange[]): readonly Diagnostic[] {
    const view = this.#registry.current;
    const { puts, deletes } = wantedChanges(view, changes);
    return this.#prepare(view, puts, deletes).warnings;
  }

  /** The app as its folder has it becomes the newest version (E3). */
  publish(request: Omit<FullSetRequest, 'merge'>): Promise<ApplyResult> {
    const { programs = new Map() } = request;
    return this.#registry.apply({
      ...request,
      merge: (view, folder) =>
        mergeRuntime({
          view,
          folder,
          programs,
          pipeline: this.#pipeline,
          historyOf: (entry, options) => this.#registry.historyOf(entry, options),
          log: this.#log,
        }),
    });
  }

  async #at(base: number | undefined): Promise<{ registry: Registry; view: StateView }> {
    const registry = this.#registry;
    if (base !== undefined && base > registry.current.version.number) await registry.catchUp();
    const view = registry.current;
    if (base !== undefined && base !== view.version.number)
      throw new RegistryConflictError(base, view.version.number);
    return { registry, view };
  }

  async #checkStored(
    changes: readonly Change[],
    next: RegistryView,
    lead: string,
  ): Promise<Iterable<PinnedProgram>> {
    const { isReady = () => false } = this.#options;
    const programOf = async (hash: string): Promise<PinnedProgram | undefined> =>
      isReady(hash) ? undefined : this.#registry.program(hash);
    const { diagnostics, programs } = await checkStored(changes, next, programOf, this.#pipeline);
    if (diagnostics.some(({ severity }) => severity === 'error'))
      throw new RegistryChangesError(diagnostics, lead);
    return programs.values();
  }

  #prepare(view: StateView, puts: readonly Entry[], deletes: ReadonlySet<EntryId>): Prepared {
    const prepared = prepareChanges(view, { puts, deletes }, this.#pipeline);
    if (!prepared.ok) throw new RegistryChangesError(prepared.diagnostics);
    return prepared;
  }
}

/** What the changes leave of each entry that they name. Throws RegistryChangesError for a list that does not fit the version. */
function wantedChanges(
  view: StateView,
  changes: readonly RequestedChange[],
): { readonly puts: readonly Entry[]; readonly deletes: ReadonlySet<EntryId> } {
  const puts = new Map<EntryId, Entry>();
  const deletes = new Set<EntryId>();
  for (const change of requestedChanges(view.state, { changes })) {
    if (change.op === 'delete') deletes.add(change.before.id);
    else puts.set(change.after.id, change.after);
  }
  return { puts: [...puts.values()], deletes };
}

/** A comment for changes that came without one. */
function summaryOf(changes: readonly RequestedChange[]): string {
  const parts = changes
    .slice(0, SHOWN)
    .map((change) => `${change.op} ${change.op === 'delete' ? change.id : change.entry.id}`);
  const more = changes.length > SHOWN ? ` and ${changes.length - SHOWN} more` : '';
  return `${parts.join(', ')}${more}`;
}
