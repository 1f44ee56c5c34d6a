// Programs ready to run on this node, by hash.
// C1: a program is compiled once, however many calls ask for it at the same time.
// C2: bounded by bytes of artifact; the least recently used goes first. What runs keeps its own reference.
import type { PinnedProgram } from '../core/program.js';
import type { LoadedProgram, LuaEngine } from '../lua/engine.js';
import { formatDiagnostic } from '../core/diagnostics.js';
import { ProgramBrokenError, ProgramMissingError } from './errors.js';

/** 64 MB of artifact text. */
const DEFAULT_LIMIT = 64 * 1024 * 1024;

export interface ProgramCacheOptions {
  readonly engine: LuaEngine;
  readonly load: (hash: string) => Promise<PinnedProgram | undefined>;
  /** Bytes of artifact text kept. Default 64 MB. */
  readonly limitBytes?: number;
}

export class ProgramCache {
  readonly #options: ProgramCacheOptions;
  readonly #limit: number;
  readonly #ready = new Map<string, { readonly program: LoadedProgram; readonly bytes: number }>();
  readonly #loading = new Map<string, Promise<LoadedProgram>>();
  #bytes = 0;

  constructor(options: ProgramCacheOptions) {
    this.#options = options;
    this.#limit = options.limitBytes ?? DEFAULT_LIMIT;
  }

  /** `entry` is for error messages. */
  get(hash: string, entry: string): LoadedProgram | Promise<LoadedProgram> {
    const ready = this.#ready.get(hash);
    if (ready !== undefined) {
      this.#ready.delete(hash);
      this.#ready.set(hash, ready);
      return ready.program;
    }
    const loading = this.#loading.get(hash);
    if (loading !== undefined) return loading;
    const made = this.#make(hash, entry).finally(() => this.#loading.delete(hash));
    this.#loading.set(hash, made);
    return made;
  }

  async #make(hash: string, entry: string): Promise<LoadedProgram> {
    const pinned = await this.#options.load(hash);
    if (pinned === undefined) throw new ProgramMissingError(entry, hash);
    const compiled = this.#options.engine.compile(pinned.program);
    if (!compiled.ok) throw new ProgramBrokenError(entry, compiled.diagnostics.map(formatDiagnostic));
    const program = this.#options.engine.load(compiled.artifact);
    const bytes = compiled.artifact.text.length;
    this.#ready.set(hash, { program, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#ready) {
      if (this.#bytes <= this.#limit || oldest === hash) break;
      this.#ready.delete(oldest);
      this.#bytes -= freed;
    }
    return program;
  }
}
