// What entries stand for on this node: databases, stores, connections. Opened at first use, once.
// R1: two callers of one entry share one opening; an opening that fails is tried again by the next caller.
// R2: when the entry changes the next caller gets a new one; the old one is disposed when its last user lets go.
// R3: what an entry opened for itself (a store its database) it keeps as long as it is open; when that changes it is opened anew.
// R4: everything open is disposed when the node stops, last opened first.
import type { Entry } from '../registry/model/entry.js';
import type { KindHost, KindSpec } from '../registry/model/kind.js';
import { EntryIdleError, EntryKindError, EntryUnknownError, NodeStoppedError } from './errors.js';
import { nearest } from './nearest.js';

/** What of a KindHost the node gives; the rest are the resources themselves. */
export type NodeHost = Omit<KindHost, 'resource'>;

export interface ResourcesOptions {
  readonly kinds: (kind: string) => KindSpec | undefined;
  readonly host: NodeHost;
  /** Ids of all entries, for the nearest name in an error. */
  readonly ids: () => Iterable<string>;
}

interface Opened {
  readonly entry: Entry;
  readonly value: Promise<AsyncDisposable & object>;
  /** R3 */
  readonly user: HeldResources;
  users: number;
  stale: boolean;
  disposed: boolean;
}

/** Who uses resources and lets go of all of them at once: an instance, or one command of a workflow. */
export interface ResourceUser extends AsyncDisposable {
  use<T extends object>(entry: string, kind: string): Promise<T>;
}

interface HeldResources extends ResourceUser {
  readonly held: ReadonlySet<Opened>;
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
    return this.#user();
  }

  #user(): HeldResources {
    const held = new Set<Opened>();
    return {
      held,
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

  /** To be called after a registry change: lets go of what changed or went, and of what stands on it. */
  async changed(): Promise<void> {
    for (const [id, opened] of [...this.#opened].filter(([, one]) => this.#isStale(one))) {
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

  #isStale(opened: Opened): boolean {
    if (opened.stale || !sameEntry(this.#options.host.get(opened.entry.id), opened.entry)) return true;
    return [...opened.user.held].some((one) => this.#isStale(one));
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
    if (known !== undefined && !this.#isStale(known)) return known;
    const user = this.#user();
    const value = spec.open(entry, { ...host, resource: (other, wanted) => user.use(other, wanted) });
    const opened: Opened = { entry, value, user, users: 0, stale: false, disposed: false };
    if (known !== undefined) {
      known.stale = true;
      this.#leaving.add(known);
    }
    this.#opened.set(id, opened);
    value.catch(() => {
      // The callers get the error from `value` itself; here only the slot is freed for the next try (R1).
      if (this.#opened.get(id) === opened) this.#opened.delete(id);
      void user[Symbol.asyncDispose]();
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
    try {
      await value[Symbol.asyncDispose]();
    } finally {
      await opened.user[Symbol.asyncDispose]();
    }
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
