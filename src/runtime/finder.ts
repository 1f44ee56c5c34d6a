// Finds entries by kind, namespace and meta. Answers are kept for one version of the registry.
// Operators of a text value: `=x` or plain equality, `~x` regular expression, `*x` contains, `^x` begins with, `$x` ends with.
// A kind or namespace may hold globs: `*` any letters but dots in a row of them, `**` any letters.
import type { Data, DataObject } from '../core/data.js';
import type { Entry } from '../registry/model/entry.js';
import type { RegistryService, RegistryView } from '../registry/model/registry.js';

export interface Query {
  readonly kind?: string;
  readonly namespace?: string;
  /** Dotted paths into `meta`: `{ type: 'test', 'command.name': 'migrate' }`. */
  readonly meta?: Readonly<Record<string, string | number | boolean>>;
}

/** Queries whose answers are kept. */
const KEPT = 200;

export class Finder {
  readonly #registry: RegistryService;
  #view: RegistryView | undefined;
  readonly #answers = new Map<string, readonly Entry[]>();

  constructor(registry: RegistryService) {
    this.#registry = registry;
  }

  /** Entries that match, sorted by id. */
  find(query: Query): readonly Entry[] {
    const view = this.#registry.current;
    if (view !== this.#view) {
      this.#view = view;
      this.#answers.clear();
    }
    const key = JSON.stringify([query.kind, query.namespace, Object.entries(query.meta ?? {}).sort()]);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const matches = matcher(query);
    const found = [...view.all()].filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1));
    if (this.#answers.size >= KEPT) this.#answers.clear();
    this.#answers.set(key, found);
    return found;
  }
}

function matcher(query: Query): (entry: Entry) => boolean {
  const tests: ((entry: Entry) => boolean)[] = [];
  const { kind, namespace } = query;
  if (kind !== undefined) {
    const matches = glob(kind);
    tests.push((entry) => matches(entry.kind));
  }
  if (namespace !== undefined) {
    const matches = glob(namespace);
    tests.push((entry) => matches(entry.id.slice(0, entry.id.indexOf(':'))));
  }
  for (const [path, wanted] of Object.entries(query.meta ?? {})) {
    const matches = operator(wanted);
    tests.push((entry) => matches(at(entry.meta, path)));
  }
  return (entry) => tests.every((test) => test(entry));
}

function operator(wanted: string | number | boolean): (value: Data | undefined) => boolean {
  if (typeof wanted !== 'string') return (value) => value === wanted;
  const rest = wanted.slice(1);
  const onText =
    (test: (text: string) => boolean) =>
    (value: Data | undefined): boolean =>
      typeof value === 'string' && test(value);
  switch (wanted[0]) {
    case '=':
      return (value) => value === rest;
    case '~': {
      const pattern = new RegExp(rest);
      return onText((text) => pattern.test(text));
    }
    case '*':
      return onText((text) => text.includes(rest));
    case '^':
      return onText((text) => text.startsWith(rest));
    case '$':
      return onText((text) => text.endsWith(rest));
    default:
      return (value) => value === wanted;
  }
}

function at(meta: Readonly<DataObject>, path: string): Data | undefined {
  let value: Data | undefined = meta;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !(step in value))
      return undefined;
    value = (value as DataObject)[step];
  }
  return value;
}

function glob(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const source = pattern
    .split(/(\*+)/)
    .map((part) =>
      part === '*' ? '[^.]*' : part.startsWith('*') ? '.*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  const compiled = new RegExp(`^${source}$`);
  return (text) => compiled.test(text);
}
