// The stage `bytecode`: every runnable Lua entry becomes a program, the closure over its imports, named by its hash.
// P1: the same entries give the same hashes: nothing but the entries' own data goes into a program.
// P2: every Lua source is compiled, those that no program reaches too, and each problem is told once.
import type { Data, DataObject } from '../../core/data.js';
import type { Diagnostic } from '../../core/diagnostics.js';
import type { Budget, Import, PinnedProgram, Program, Unit } from '../../core/program.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import { namespaceOf, resolveReference } from '../load/entry-id.js';
import type { LocatedEntry } from '../load/located-entry.js';
import { isObject } from '../load/pointer.js';
import type { Entry, EntryId } from '../model/entry.js';
import type { KindSpec } from '../model/kind.js';
import { canonicalHash, type CanonicalValue } from './canonical-json.js';
import { placeInText } from './check-sources.js';
import { type EntryScope, scopeOf } from './scope.js';

/** All problems of all units; their place's file is the unit's chunk. */
export type CompileProgram = (program: Program) => readonly Diagnostic[];

export interface ProgramOptions {
  readonly kinds: ReadonlyMap<string, KindSpec>;
  readonly compile?: CompileProgram;
  /** Entries whose source could not be read: no program reaches through them. */
  readonly withoutSource?: ReadonlySet<EntryId>;
  /** What may be imported; holds the entries themselves. Default: just them. */
  readonly scope?: EntryScope;
}

export interface ProgramResult {
  readonly programs: ReadonlyMap<EntryId, PinnedProgram>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Takes linked entries. An entry whose imports are broken gets no program; why is told by link. */
export function buildPrograms(entries: readonly Entry[], options: ProgramOptions): ProgramResult {
  const builder = new ProgramBuilder(options.scope ?? scopeOf(entries), options);
  const programs = new Map<EntryId, PinnedProgram>();
  const reached = new Set<string>();
  const diagnostics = new Compilation(entries, options.compile);
  const luaEntries = entries.filter(({ kind }) => options.kinds.get(kind)?.lua !== undefined);
  const isRunnable = ({ kind }: Entry): boolean => options.kinds.get(kind)?.lua === 'runnable';
  for (const entry of luaEntries.filter(isRunnable)) {
    const program = builder.build(entry);
    if (program === undefined) continue;
    programs.set(entry.id, pin(program));
    for (const id of Object.keys(program.units)) reached.add(id);
    diagnostics.compile(program);
  }
  for (const entry of luaEntries) {
    if (reached.has(entry.id)) continue;
    const alone = builder.build(entry) ?? builder.buildAlone(entry);
    if (alone !== undefined) diagnostics.compile(alone);
  }
  return { programs, diagnostics: diagnostics.found };
}

/** What is wrong with programs as they are stored, each told for its entry. */
export function compileStored(
  entries: readonly Entry[],
  programs: ReadonlyMap<string, PinnedProgram>,
  compile: CompileProgram | undefined,
): readonly Diagnostic[] {
  const diagnostics = new Compilation(entries, compile);
  for (const { program } of programs.values()) diagnostics.compile(program);
  return diagnostics.found;
}

export const pin = (program: Program): PinnedProgram => ({
  hash: canonicalHash(program as unknown as CanonicalValue),
  program,
});

class ProgramBuilder {
  readonly #scope: EntryScope;
  readonly #kinds: ReadonlyMap<string, KindSpec>;
  readonly #withoutSource: ReadonlySet<EntryId>;
  readonly #units = new Map<string, Unit | undefined>();

  constructor(scope: EntryScope, { kinds, withoutSource }: ProgramOptions) {
    this.#scope = scope;
    this.#kinds = kinds;
    this.#withoutSource = withoutSource ?? new Set();
  }

  build(entry: Entry): Program | undefined {
    const units: Record<string, Unit> = {};
    const open: string[] = [entry.id];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (Object.hasOwn(units, id)) continue;
      const unit = this.#unit(id);
      if (unit === undefined) return undefined;
      units[id] = unit;
      for (const target of Object.values(unit.imports)) if ('unit' in target) open.push(target.unit);
    }
    return this.#program(entry, units);
  }

  /** Only for finding syntax errors: the entry without what it imports. */
  buildAlone(entry: Entry): Program | undefined {
    const unit = this.#source(entry);
    return unit === undefined ? undefined : this.#program(entry, { [entry.id]: { ...unit, imports: {} } });
  }

  #program(entry: Entry, units: Readonly<Record<string, Unit>>): Program {
    const { method, budget } = entry.data;
    return {
      entry: entry.id,
      kind: entry.kind,
      ...(typeof method === 'string' ? { method: toBytes(method) } : {}),
      units,
      ...(isObject(budget) ? { budget: budgetOf(budget) } : {}),
    };
  }

  #unit(id: string): Unit | undefined {
    if (!this.#units.has(id)) this.#units.set(id, this.#makeUnit(id));
    return this.#units.get(id);
  }

  #makeUnit(id: string): Unit | undefined {
    const entry = this.#scope.get(id);
    const unit = entry === undefined ? undefined : this.#source(entry);
    if (entry === undefined || unit === undefined) return undefined;
    const imports: Record<string, Import> = Object.create(null) as Record<string, Import>;
    const { modules, imports: declared } = entry.data;
    for (const name of Array.isArray(modules) ? modules : [])
      if (typeof name === 'string') imports[toBytes(name)] = { module: name };
    for (const [name, target] of Object.entries(isObject(declared) ? declared : {})) {
      if (typeof target !== 'string') return undefined;
      const bare = target.replace(/^:/, '');
      const imported = bare.includes(':') ? resolveReference(bare, namespaceOf(id)) : undefined;
      if (imported !== undefined) imports[toBytes(name)] = { unit: imported };
      // An unlinked name is one that link could not find.
      else if (this.#scope.get(`${namespaceOf(id)}:${bare}`) !== undefined) return undefined;
      else imports[toBytes(name)] = { module: bare };
    }
    return { ...unit, imports };
  }

  #source(entry: Entry): Omit<Unit, 'imports'> | undefined {
    const { source, chunk, method } = entry.data;
    if (this.#kinds.get(entry.kind)?.lua === undefined) return undefined;
    if (typeof source !== 'string' || this.#withoutSource.has(entry.id)) return undefined;
    const isFunction = entry.kind === 'function.lua' && typeof method === 'string';
    return {
      id: entry.id,
      chunk: toBytes(typeof chunk === 'string' ? chunk : entry.id),
      source: toBytes(source),
      ...(isFunction ? { method: toBytes(method) } : {}),
    };
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function budgetOf(budget: DataObject): Budget {
  const { instructions, memory, on_exceed: onExceed } = budget;
  return {
    ...(typeof instructions === 'number' ? { instructions } : {}),
    ...(memory === undefined ? {} : { memory: byteCount(memory) }),
    ...(onExceed === 'fail' || onExceed === 'park' ? { on_exceed: onExceed } : {}),
  };
}

/** `64MB` and `64 MiB` are the same: 1,024s. */
function byteCount(value: Data): number {
  const [, number = '0', unit = ''] =
    /^(\d+(?:\.\d+)?)\s*([KMG]?)/.exec(typeof value === 'string' ? value : String(Number(value))) ?? [];
  return Math.floor(Number(number) * (UNITS[unit] ?? 1));
}

class Compilation {
  readonly found: Diagnostic[] = [];
  readonly #compile: CompileProgram | undefined;
  /** By chunk as text; several entries may share one file. */
  readonly #byChunk = new Map<string, Entry>();
  readonly #told = new Set<string>();

  constructor(entries: readonly Entry[], compile: CompileProgram | undefined) {
    this.#compile = compile;
    for (const entry of entries) {
      const { chunk } = entry.data;
      const name = typeof chunk === 'string' ? chunk : entry.id;
      if (!this.#byChunk.has(name)) this.#byChunk.set(name, entry);
    }
  }

  compile(program: Program): void {
    for (const diagnostic of this.#compile?.(program) ?? []) {
      const placed = this.#place(diagnostic);
      const { place, message } = placed;
      const key = `${place.file}\n${place.line}\n${place.column}\n${message}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.found.push(placed);
    }
  }

  /** From chunks to files of the app. */
  #place(diagnostic: Diagnostic): Diagnostic {
    const { file, line, column } = diagnostic.place;
    const chunk = toTextLossy(file);
    const entry = this.#byChunk.get(chunk) as (Entry & Partial<LocatedEntry>) | undefined;
    if (entry === undefined || (entry.file === undefined && entry.placeOf === undefined))
      return { ...diagnostic, place: { file: chunk, line, column } };
    const { place, inside } = placeInText(entry, 'source', line, column);
    const { message } = diagnostic;
    return { ...diagnostic, place, message: inside ? message : `line ${line} of the source: ${message}` };
  }
}
