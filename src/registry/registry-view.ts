// One version of the registry in memory: immutable, with indexes made when they are first asked for.
import { expressionMatcher } from './expressions.js';
import type { Entry } from './model/entry.js';
import { type Filter, parseQuery, type Query, type QueryOptions } from './model/query.js';
import type { RegistryView, VersionInfo } from './model/registry.js';
import type { VersionState } from './model/version-state.js';

/** Answers that are kept for a version. */
const KEPT = 1_000;

export class StateView implements RegistryView {
  readonly version: VersionInfo;
  readonly state: VersionState;
  readonly #answers = new Map<string, readonly Entry[]>();

  constructor(version: VersionInfo, state: VersionState) {
    this.version = version;
    this.state = state;
  }

  get size(): number {
    return this.state.size;
  }

  get(id: string): Entry | undefined {
    return this.state.get(id)?.entry;
  }

  /** Sorted by id. */
  all(): readonly Entry[] {
    return this.state.all();
  }

  ofKind(kind: string): readonly Entry[] {
    return this.select(
      kind.endsWith('*') ? parseQuery({ '^.kind': kind.slice(0, -1) }) : parseQuery({ '.kind': kind }),
    );
  }

  namespace(namespace: string): readonly Entry[] {
    return this.state.namespace(namespace);
  }

  find(filter: Filter, options: Pick<QueryOptions, 'loose'> = {}): readonly Entry[] {
    return this.select(parseQuery(filter, { ...options, expression: expressionMatcher }));
  }

  select(query: Query): readonly Entry[] {
    const known = this.#answers.get(query.key);
    if (known !== undefined) {
      this.#answers.delete(query.key);
      this.#answers.set(query.key, known);
      return known;
    }
    const found = Object.freeze(this.state.find(query));
    this.#answers.set(query.key, found);
    if (this.#answers.size > KEPT) this.#answers.delete(this.#answers.keys().next().value ?? query.key);
    return found;
  }

  programHash(id: string): string | undefined {
    return this.state.get(id)?.program;
  }
}
