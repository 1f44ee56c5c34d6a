// What entries stand for on this node: databases, stores, connections. Opened at first use, once.
// R1: two callers of one entry share one opening; an opening that fails is tried again by the next caller.
// R2: when the entry changes the next caller gets a new one; the old one is disposed when its last user lets go.
// R3: everything open is disposed when the node stops, last opened first.
import type { Entry } from '../registry/model/entry.js';
import type { KindHost, KindSpec } from '../registry/model/kind.js';
import { EntryIdleError, EntryKindError, EntryUnknownError, NodeStoppedError } from './errors.js';
import { nearest } from './nearest.js';

export interface ResourcesOptions {
  readonly kinds: (kind: string) => KindSpec | undefined;
  readonly host: KindHost;
  /** Ids of all entries, for the nearest name in an error. */
  readonly ids: () => Iterable<string>;
}

interface Opened {
  readonly entry: Entry;
  readonly value: Promise<AsyncDisposable & object>;
  users: number;
  stale: boolean;
  disposed: boolean;
}

/** Who uses resources and lets go of all of them at once: an instance, or one command of a workflow. */
export interface ResourceUser extends AsyncDisposable {
  use<T extends object>(entry: string, kind: string): Promise<T>;
}

export class Resources implements AsyncDisposable {
  readonly #options: ResourcesOptions;
  readonly #opened = new Map<string, Opened>();
  /** Stale ones whose users have not let go yet. */
  readonly #leaving = new Set<Opened>();
  #stopped = false;

  constructor(options: ResourcesOptions) {
    this.#options = options;
  }

  /** A user; `kind` of `use` may end in `*` (`db.sql.*`). */
  user(): ResourceUser {
    const held = new Set<Opened>();
    return {
      use: async <T extends object>(id: string, kind: string): Promise<T> => {
        const opened = this.#open(id, kind);
        if (!held.has(opened)) {
          held.add(opened);
          opened.users += 1;
        }
        // What an entry of a kind opens to is the kind's contract with the modules that ask for that kind.
        return (await opened.value) as unknown as T;
      },
      [Symbol.asyncDispose]: async () => {
        const mine = [...held];
        held.clear();
        for (const opened of mine) {
          opened.users -= 1;
          if (opened.stale && opened.users === 0) await this.#dispose(opened);
        }
      },
    };
  }

  /** To be called after a registry change: lets go of what changed or went. */
  async changed(): Promise<void> {
    for (const [id, opened] of this.#opened) {
      if (sameEntry(this.#options.host.get(id), opened.entry)) continue;
      this.#opened.delete(id);
      opened.stale = true;
      this.#leaving.add(opened);
      if (opened.users === 0) await this.#dispose(opened);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    const all = [...this.#leaving, ...this.#opened.values()].reverse();
    this.#opened.clear();
    const errors: unknown[] = [];
    for (const opened of all) {
      try {
        await this.#dispose(opened);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some resources could not be closed');
  }

  #open(id: string, kind: string): Opened {
    const { host, kinds, ids } = this.#options;
    if (this.#stopped) throw new NodeStoppedError(`cannot open '${id}'`);
    const entry = host.get(id);
    if (entry === undefined) throw new EntryUnknownError(id, nearest(id, ids()));
    const spec = kinds(entry.kind);
    if (!matches(entry.kind, kind)) throw new EntryKindError(id, entry.kind, `a ${kind} is needed here`);
    if (spec?.open === undefined) throw new EntryIdleError(id, entry.kind);
    const known = this.#opened.get(id);
    if (known !== undefined && sameEntry(known.entry, entry)) return known;
    const value = spec.open(entry, host);
    const opened: Opened = { entry, value, users: 0, stale: false, disposed: false };
    if (known !== undefined) {
      known.stale = true;
      this.#leaving.add(known);
    }
    this.#opened.set(id, opened);
    value.catch(() => {
      // The callers get the error from `value` itself; here only the slot is freed for the next try (R1).
      if (this.#opened.get(id) === opened) this.#opened.delete(id);
    });
    return opened;
  }

  async #dispose(opened: Opened): Promise<void> {
    this.#leaving.delete(opened);
    if (opened.disposed) return;
    opened.disposed = true;
    let value: AsyncDisposable;
    try {
      value = await opened.value;
    } catch {
      return; // it never opened; whoever asked has the error
    }
    await value[Symbol.asyncDispose]();
  }
}

const matches = (kind: string, wanted: string): boolean =>
  wanted.endsWith('*') ? kind.startsWith(wanted.slice(0, -1)) : kind === wanted;

/** The registry keeps the object of an entry that did not change; a rewritten but equal one is the same too. */
function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.kind === b.kind && canonical(a.data) === canonical(b.data) && canonical(a.meta) === canonical(b.meta)
  );
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
