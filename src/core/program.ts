// A program: the closure of one runnable entry, as data. Sealed.
// P1: a program is immutable and named by the SHA-256 of its canonical JSON (registry/pipeline makes both).
// P2: `units` holds every Lua source that the entry can reach through imports, by entry id; a unit sees only its own modules and imports.

/** What a local name of `require` (and the global of the same name) stands for. */
export type Import = { readonly unit: string } | { readonly module: string };

export interface Unit {
  /** Entry id. */
  readonly id: string;
  /** Chunk name in error messages: the file's path relative to the app's source folder, e.g. `orders/order.lua`. */
  readonly chunk: string;
  /** The source's bytes as a byte string. */
  readonly source: string;
  /** Set when the unit is a function.lua: an import gives its method, not its table. */
  readonly method?: string;
  /** Declared local name -> unit or built-in module. Modules of the allow-list stand under their own name. */
  readonly imports: Readonly<Record<string, Import>>;
}

export interface Budget {
  readonly instructions?: number;
  readonly memory?: number;
  readonly on_exceed?: 'fail' | 'park';
}

export interface Program {
  /** The runnable entry's id; its unit is `units[entry]`. */
  readonly entry: string;
  readonly kind: string;
  /** The method of the chunk's table that runs; absent: the chunk returns the function itself. */
  readonly method?: string;
  readonly units: Readonly<Record<string, Unit>>;
  readonly budget?: Budget;
}

export interface PinnedProgram {
  /** Lower-case hex SHA-256. */
  readonly hash: string;
  readonly program: Program;
}
