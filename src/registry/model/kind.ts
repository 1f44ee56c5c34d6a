// A kind: what entries of one `kind:` may say, what they refer to, and what they become on a node. Sealed.
// K1: our own kinds and those of extensions are made the same way.
import type { DataObject } from '../../core/data.js';
import type { Entry } from './entry.js';

/** JSON Schema (draft 2020-12) as plain JSON. */
export type JsonSchema = { readonly [key: string]: unknown };

/** What opening a resource may use of its node. */
export interface KindHost {
  /** Absolute path of the app's folder. */
  readonly appFolder: string;
  /** Absolute path of the folder for the app's state (`.moontide/`), made if it is missing. */
  readonly stateFolder: string;
  /** Value of a declared environment variable (env.variable entries, by entry id or by `variable` name). */
  env(name: string): string | undefined;
  get(id: string): Entry | undefined;
  ofKind(kind: string): readonly Entry[];
  /** Content of an embedded file by its hash; undefined when nobody has it. */
  file(hash: string): Promise<Uint8Array | undefined>;
  /** What another entry stands for on this node, opened with it and kept open as long as this one is; when that entry changes this one is opened anew. `kind` may end in `*`. */
  resource<T extends object>(entry: string, kind: string): Promise<T>;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: DataObject): void;
}

/** What is wrong with the text of one of an entry's `sources`. */
export interface SourceProblem {
  readonly field: string;
  /** 1-based, within the text. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly fix?: string;
}

/** What is wrong with one of an entry's fields that its schema cannot say. */
export interface FieldProblem {
  /** JSON pointer within the entry: `/cron/0`. */
  readonly pointer: string;
  readonly message: string;
  readonly fix?: string;
}

export interface KindSpec {
  readonly name: string;
  readonly summary: string;
  /** 'full': built. 'accepted': checked, idle, warned once. 'refused': an error with `refusal`. */
  readonly state: 'full' | 'accepted' | 'refused';
  readonly refusal?: string;
  /** Of the entry's fields besides `name`, `kind` and `meta`; absent: anything goes. */
  readonly schema?: JsonSchema;
  /** Of `meta`; absent: anything goes. */
  readonly metaSchema?: JsonSchema;
  /** JSON pointers of fields that hold entry ids, `*` for any one segment: `/imports/*`, `/lifecycle/depends_on/*`, `/meta/temporal/workflow/worker`. A bare name means the entry's own namespace. */
  readonly references?: readonly {
    readonly pointer: string;
    readonly kinds?: readonly string[];
    readonly optional?: boolean;
  }[];
  /** Looks at fields that fit the schema; placeholders are not filled yet. Pure. */
  checkFields?(entry: Entry): readonly FieldProblem[];
  /** Fields whose `file://` value is replaced by the file's text. */
  readonly sources?: readonly string[];
  /** Fields, by the names on the way to them (`tls.cert`), whose `file://` value is kept as a path from the app's folder: the file is there, and read when it is needed. */
  readonly files?: readonly string[];
  /** Looks at the text of `sources` when an app is loaded or changed; references are entry ids. Pure. Lua is checked by its compiler. */
  checkSources?(entry: Entry, find: (id: string) => Entry | undefined): readonly SourceProblem[];
  /** Set for kinds whose source is Lua and that make programs. */
  readonly lua?: 'runnable' | 'library';
  /** Nodes read such entries from the folder when they start: changing one at run time is refused. */
  readonly atStart?: boolean;
  /** Opens what the entry stands for on this node: at first use, once; disposed when the node stops or the entry changes. */
  open?(entry: Entry, host: KindHost): Promise<AsyncDisposable & object>;
}

export function defineKind(spec: KindSpec): KindSpec {
  return Object.freeze(spec);
}
