// Programs ready to run on this node, and their compiled text for workflows, by hash.
// C1: a program is compiled once, however many ask for it at the same time, and whoever checked it first (`adopt`).
// C2: bounded by bytes of compiled text; the least recently used goes first. What runs keeps its own reference.
import { formatDiagnostic } from '../core/diagnostics.js';
import type { Diagnostic } from '../core/diagnostics.js';
import type { PinnedProgram, Program } from '../core/program.js';
import type { Artifact, CompileResult, EngineName, LoadedProgram, LuaEngine } from '../lua/engine.js';
import type { ArtifactSource } from '../temporal/contracts.js';
import { artifactText } from '../temporal/program-cache.js';
import { ProgramBrokenError, ProgramMissingError } from './errors.js';

/** 64 MB of compiled text. */
const DEFAULT_LIMIT = 64 * 1024 * 1024;

export interface ProgramCacheOptions {
  readonly engine: LuaEngine;
  readonly engineNamed: (name: EngineName) => LuaEngine;
  /** A stored program, whatever version it belongs to. */
  readonly load: (hash: string) => Promise<PinnedProgram | undefined>;
  /** Bytes of compiled text kept. Default 64 MB. */
  readonly limitBytes?: number;
}

interface Kept {
  readonly artifact: Artifact;
  /** Made when this node first runs it. */
  loaded: LoadedProgram | undefined;
  /** Made when a workflow first needs it. */
  text: string | undefined;
}

export class ProgramCache implements ArtifactSource {
  readonly #options: ProgramCacheOptions;
  readonly #limit: number;
  readonly #kept = new Map<string, Kept>();
  readonly #making = new Map<string, Promise<Kept | undefined>>();
  readonly #artifacts = new WeakMap<LoadedProgram, Artifact>();
  /** What the pipeline compiled to check it, until it is adopted under its hash. */
  readonly #checked = new WeakMap<Program, CompileResult>();
  #bytes = 0;
  /** The hash that was used last. */
  #newest: string | undefined;

  constructor(options: ProgramCacheOptions) {
    this.#options = options;
    this.#limit = options.limitBytes ?? DEFAULT_LIMIT;
  }

  /** For the pipeline: compiles, and keeps the result for `adopt`. */
  check(program: Program): readonly Diagnostic[] {
    const result = this.#options.engine.compile(program);
    this.#checked.set(program, result);
    return result.ok ? [] : result.diagnostics;
  }

  adopt(programs: Iterable<PinnedProgram>): void {
    for (const { hash, program } of programs) {
      const result = this.#checked.get(program);
      if (result?.ok === true) this.#keep(hash, result.artifact);
    }
  }

  /** Whether it is compiled and kept. */
  has(hash: string): boolean {
    return this.#kept.has(hash);
  }

  /** Ready to be instantiated; `entry` is for error messages. */
  get(hash: string, entry: string): LoadedProgram | Promise<LoadedProgram> {
    const kept = this.#touch(hash);
    if (kept !== undefined) return this.#load(kept);
    return this.#make(hash, entry).then((made) => {
      if (made === undefined) throw new ProgramMissingError(entry, hash);
      return this.#load(made);
    });
  }

  async artifact(hash: string, engine: string): Promise<string | undefined> {
    const { engine: own, engineNamed, load } = this.#options;
    if (engine === own.name) {
      const kept = this.#touch(hash) ?? (await this.#make(hash, hash));
      return kept === undefined ? undefined : (kept.text ??= artifactText(kept.artifact));
    }
    // A run that began under another engine: rare, so it is compiled when it is asked for.
    if (engine !== 'compiled' && engine !== 'fengari') return undefined;
    const pinned = await load(hash);
    if (pinned === undefined) return undefined;
    const compiled = engineNamed(engine).compile(pinned.program);
    if (!compiled.ok) throw broken(pinned.program.entry, compiled.diagnostics);
    return artifactText(compiled.artifact);
  }

  #load(kept: Kept): LoadedProgram {
    if (kept.loaded === undefined) {
      kept.loaded = this.#options.engine.load(kept.artifact);
      this.#artifacts.set(kept.loaded, kept.artifact);
    }
    return kept.loaded;
  }

  /** What a program of this cache was loaded from, for another thread to load. */
  artifactOf(loaded: LoadedProgram): Artifact {
    const artifact = this.#artifacts.get(loaded);
    if (artifact === undefined) throw new TypeError(`'${loaded.program.entry}' is not of this cache`);
    return artifact;
  }

  #touch(hash: string): Kept | undefined {
    const kept = this.#kept.get(hash);
    if (kept === undefined || hash === this.#newest) return kept;
    this.#newest = hash;
    this.#kept.delete(hash);
    this.#kept.set(hash, kept);
    return kept;
  }

  #make(hash: string, entry: string): Promise<Kept | undefined> {
    const making = this.#making.get(hash);
    if (making !== undefined) return making;
    const made = this.#compile(hash, entry).finally(() => this.#making.delete(hash));
    this.#making.set(hash, made);
    return made;
  }

  async #compile(hash: string, entry: string): Promise<Kept | undefined> {
    const pinned = await this.#options.load(hash);
    if (pinned === undefined) return undefined;
    const compiled = this.#options.engine.compile(pinned.program);
    if (!compiled.ok) throw broken(entry, compiled.diagnostics);
    return this.#keep(hash, compiled.artifact);
  }

  #keep(hash: string, artifact: Artifact): Kept {
    const known = this.#touch(hash);
    if (known !== undefined) return known;
    const kept: Kept = { artifact, loaded: undefined, text: undefined };
    this.#kept.set(hash, kept);
    this.#newest = hash;
    this.#bytes += artifact.size;
    for (const [oldest, { artifact: dropped }] of this.#kept) {
      if (this.#bytes <= this.#limit || oldest === hash) break;
      this.#kept.delete(oldest);
      this.#bytes -= dropped.size;
    }
    return kept;
  }
}

const broken = (entry: string, diagnostics: readonly Diagnostic[]): ProgramBrokenError =>
  new ProgramBrokenError(entry, diagnostics.map(formatDiagnostic));
