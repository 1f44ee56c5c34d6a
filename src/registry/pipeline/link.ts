// The stage `link`: every reference becomes a full id, and the edges between entries are known. Pure.
// K1: `imports` may also name a built-in module; those stay plain names.
// K2: a value that is a placeholder is left alone.
// K3: what is linked may refer to entries of its scope that are linked already.
import type { Data, DataObject } from '../../core/data.js';
import type { Diagnostic } from '../../core/diagnostics.js';
import { namespaceOf, resolveReference } from '../load/entry-id.js';
import { changed, fieldsOf, locate } from '../load/located-entry.js';
import { quotedList, suggest } from '../load/nearest.js';
import { child, expandPattern, readablePath, segmentsOf, valueAt, withValueAt } from '../load/pointer.js';
import { hasPlaceholder } from '../load/schema-check.js';
import { globalModules } from '../kinds/known-modules.js';
import type { Entry, EntryId } from '../model/entry.js';
import type { KindSpec } from '../model/kind.js';
import { findCycles } from '../model/cycles.js';
import { DependencyPatterns } from '../model/dependencies.js';
import { EnvironmentNames } from './environment-names.js';
import { type EntryScope, scopeOf } from './scope.js';

export interface ModuleNames {
  /** Modules that Lua code can use in this version. */
  readonly built: readonly string[];
  /** Modules that the format knows, built or not. */
  readonly known: readonly string[];
  /** Of those that are built, the ones of extensions, which workflows cannot hold. */
  readonly extensions?: readonly string[];
}

export interface LinkOptions {
  readonly kinds: ReadonlyMap<string, KindSpec>;
  readonly modules: ModuleNames;
  /** Entries that are left out, so that a reference to one can say so. */
  readonly disabled?: ReadonlySet<EntryId>;
  /** Entries that are being deleted, for the same reason. */
  readonly deleted?: ReadonlySet<EntryId>;
  /** What may be referred to; holds the entries themselves. Default: just them. */
  readonly scope?: EntryScope;
}

export interface LinkResult<E extends Entry> {
  readonly entries: readonly E[];
  /** By entry: the entries that it refers to, each once, in the order of the references. */
  readonly dependencies: ReadonlyMap<EntryId, readonly EntryId[]>;
  readonly diagnostics: readonly Diagnostic[];
}

export function linkEntries<E extends Entry>(entries: readonly E[], options: LinkOptions): LinkResult<E> {
  const scope = options.scope ?? scopeOf(entries);
  const linker = new Linker<E>(scope, options);
  const linked = entries.map((entry) => linker.link(entry));
  for (const cycle of findCycles(importsReached(linked, scope, options.kinds))) linker.tellCycle(cycle);
  return { entries: linked, dependencies: linker.dependencies, diagnostics: linker.diagnostics };
}

/** The import edges of entries and of all that they reach. */
function importsReached(
  entries: readonly Entry[],
  scope: EntryScope,
  kinds: ReadonlyMap<string, KindSpec>,
): Map<EntryId, Map<EntryId, string>> {
  const reached = new Map(entries.map((entry) => [entry.id, importsOf(entry, kinds)]));
  const open = [...reached.values()];
  for (let edges = open.pop(); edges !== undefined; edges = open.pop())
    for (const id of edges.keys()) {
      const entry = reached.has(id) ? undefined : scope.get(id);
      if (entry === undefined) continue;
      const further = importsOf(entry, kinds);
      reached.set(id, further);
      open.push(further);
    }
  return reached;
}

/** Import edges of a Lua entry: local name by imported entry, modules left out. */
export function importsOf(entry: Entry, kinds: ReadonlyMap<string, KindSpec>): Map<EntryId, string> {
  const found = new Map<EntryId, string>();
  if (kinds.get(entry.kind)?.lua === undefined) return found;
  for (const [name, value] of Object.entries((entry.data['imports'] ?? {}) as DataObject))
    if (typeof value === 'string' && value.includes(':')) {
      const id = resolveReference(value, namespaceOf(entry.id));
      if (id !== undefined && !found.has(id)) found.set(id, name);
    }
  return found;
}

class Linker<E extends Entry> {
  readonly diagnostics: Diagnostic[] = [];
  readonly dependencies = new Map<EntryId, readonly EntryId[]>();
  readonly #scope: EntryScope;
  readonly #kinds: ReadonlyMap<string, KindSpec>;
  readonly #built: ReadonlySet<string>;
  readonly #modules: ReadonlySet<string>;
  readonly #disabled: ReadonlySet<string>;
  readonly #deleted: ReadonlySet<string>;
  readonly #environment: EnvironmentNames;
  readonly #patterns: DependencyPatterns;
  /** Namespaces of modules that the app declares: `acme.http` for `acme/http`. */
  readonly #components: ReadonlyMap<string, string>;
  readonly #toldModules = new Set<string>();

  constructor(scope: EntryScope, { kinds, modules, disabled, deleted }: LinkOptions) {
    this.#scope = scope;
    this.#kinds = kinds;
    this.#patterns = new DependencyPatterns(kinds.values());
    this.#built = new Set([...globalModules, ...modules.built]);
    this.#modules = new Set([...this.#built, ...modules.known]);
    this.#disabled = disabled ?? new Set();
    this.#deleted = deleted ?? new Set();
    this.#environment = new EnvironmentNames(scope.ofKind('env.variable'));
    this.#components = new Map(
      [...scope.ofKind('ns.dependency')].flatMap((entry) => {
        const { component } = entry.data;
        return typeof component === 'string' ? [[component.replace('/', '.'), component]] : [];
      }),
    );
  }

  link(entry: E): E {
    const spec = this.#kinds.get(entry.kind);
    if (spec === undefined) return entry;
    let linked = entry;
    const fields = fieldsOf(entry);
    for (const { pointer: pattern, kinds, optional } of spec.references ?? [])
      for (const pointer of expandPattern(fields, pattern)) {
        const value = valueAt(fields, pointer);
        if (typeof value !== 'string' || hasPlaceholder(value)) continue;
        const isImport = spec.lua !== undefined && pattern === '/imports/*';
        const full = isImport
          ? this.#import(entry, pointer, value)
          : this.#reference(entry, pointer, value, optional);
        if (full === undefined) continue;
        if (full !== value) linked = withReference(linked, pointer, full);
        if (kinds !== undefined) this.#checkKind(entry, pointer, full, kinds);
      }
    if (spec.lua !== undefined) this.#checkModules(entry);
    const dependencies = new Set(this.#patterns.of(linked).filter((id) => this.#has(id)));
    for (const id of this.#environmentOf(entry, spec)) dependencies.add(id);
    this.dependencies.set(entry.id, [...dependencies]);
    return linked;
  }

  #has(id: EntryId): boolean {
    return this.#scope.get(id) !== undefined;
  }

  tellCycle(path: readonly EntryId[]): void {
    const [first, second] = path;
    const entry = first === undefined ? undefined : this.#scope.get(first);
    if (entry === undefined || second === undefined) return;
    const name = importsOf(entry, this.#kinds).get(second) ?? '';
    const message = `imports go in a circle: ${path.join(' -> ')}`;
    const fix = 'move what both need into a library of its own';
    this.#tell(entry, child('/imports', name), 'error', message, fix);
  }

  #tell(
    entry: Entry,
    pointer: string,
    severity: Diagnostic['severity'],
    message: string,
    fix?: string,
  ): void {
    const place = locate(entry).placeOf(pointer);
    this.diagnostics.push({ severity, place, message, ...(fix === undefined ? {} : { fix }) });
  }

  /** The full id, if there is such an entry. */
  #reference(entry: E, pointer: string, value: string, optional = false): EntryId | undefined {
    const id = resolveReference(value, namespaceOf(entry.id));
    if (id === undefined) {
      this.#tell(
        entry,
        pointer,
        'error',
        `bad entry id '${value}'`,
        "write 'namespace:name', or a name of this namespace",
      );
      return undefined;
    }
    if (this.#has(id)) return id;
    const verb = this.#disabled.has(id) ? 'disable' : this.#deleted.has(id) ? 'delete' : undefined;
    if (verb !== undefined) {
      const message = `entry '${id}' is ${verb}d, and '${entry.id}' needs it`;
      const fix = `${verb === 'disable' ? 'enable' : 'keep'} it, or ${verb} '${entry.id}' too`;
      this.#tell(entry, pointer, optional ? 'warning' : 'error', message, fix);
    } else if (!optional) this.#tellUnknown(entry, pointer, id, value, []);
    return undefined;
  }

  /** The full id of an entry, or the plain name of a module. */
  #import(entry: E, pointer: string, value: string): string | undefined {
    const bare = value.startsWith(':') ? value.slice(1) : value;
    if (bare.includes(':')) return this.#reference(entry, pointer, value);
    const id = resolveReference(bare, namespaceOf(entry.id));
    if (id !== undefined && (this.#has(id) || this.#disabled.has(id) || this.#deleted.has(id)))
      return this.#reference(entry, pointer, value);
    if (this.#modules.has(bare)) {
      this.#tellUnbuilt(entry, pointer, bare);
      return bare;
    }
    if (id === undefined) return this.#reference(entry, pointer, value);
    this.#tellUnknown(entry, pointer, id, bare, this.#modules);
    return undefined;
  }

  #tellUnknown(entry: E, pointer: string, id: EntryId, written: string, modules: Iterable<string>): void {
    const isBare = !written.includes(':');
    const own = `${namespaceOf(entry.id)}:`;
    const ids: string[] = [...this.#scope.ids()];
    // What is near is said as it was written: bare for bare.
    const candidates = isBare
      ? [...ids.filter((known) => known.startsWith(own)).map((known) => known.slice(own.length)), ...modules]
      : ids;
    const near = suggest(written, candidates).fix ?? suggest(id, ids).fix;
    const namespace = namespaceOf(id);
    const component = [...this.#components].find(
      ([name]) => namespace === name || namespace.startsWith(`${name}.`),
    );
    const fix =
      near ??
      (component === undefined
        ? 'add it'
        : `unpack module '${component[1]}' in '.wippy/vendor/${component[1]}'`);
    this.#tell(entry, pointer, 'error', `unknown entry '${id}'`, fix);
  }

  #checkKind(entry: E, pointer: string, id: string, kinds: readonly string[]): void {
    const target = this.#scope.get(id);
    if (target === undefined) return;
    const fits = kinds.some((kind) =>
      kind.endsWith('*') ? target.kind.startsWith(kind.slice(0, -1)) : target.kind === kind,
    );
    if (fits) return;
    const message = `'${id}' is a '${target.kind}', and '${readablePath(pointer)}' takes ${quotedList(kinds)}`;
    const candidates = kinds.flatMap((kind) => [...this.#scope.ofKind(kind)].map(({ id }) => id as string));
    this.#tell(entry, pointer, 'error', message, suggest(id, candidates, 'name another entry').fix);
  }

  #checkModules(entry: E): void {
    const modules = entry.data['modules'];
    if (!Array.isArray(modules)) return;
    const imports = (entry.data['imports'] ?? {}) as DataObject;
    for (const [index, name] of modules.entries()) {
      if (typeof name !== 'string' || name === '' || hasPlaceholder(name)) continue;
      const pointer = child('/modules', index);
      if (!this.#modules.has(name)) {
        this.#tell(entry, pointer, 'error', `unknown module '${name}'`, this.#moduleFix(name, entry));
        continue;
      }
      if (Object.hasOwn(imports, name))
        this.#tell(
          entry,
          pointer,
          'warning',
          `'${name}' is both a module and an import; the import counts`,
          'remove one',
        );
      this.#tellUnbuilt(entry, pointer, name);
    }
  }

  #moduleFix(name: string, entry: E): string {
    const own = resolveReference(name, namespaceOf(entry.id));
    if (own !== undefined && this.#has(own))
      return `move it to 'imports' as '${name.replace(/^.*[.:]/, '')}: ${name}'`;
    return suggest(name, this.#modules).fix ?? "entries of the app belong into 'imports'";
  }

  #tellUnbuilt(entry: E, pointer: string, name: string): void {
    if (this.#built.has(name) || this.#toldModules.has(name)) return;
    this.#toldModules.add(name);
    this.#tell(entry, pointer, 'warning', `module '${name}' is known but not built in this version`);
  }

  /** Variables that placeholders name. Only kinds that are built here resolve them, so only those are told. */
  #environmentOf(entry: E, spec: KindSpec): EntryId[] {
    if (spec.state !== 'full' || spec.schema === undefined) return [];
    const data = { ...entry.data };
    for (const field of spec.sources ?? []) delete data[field];
    const { ids, missing } = this.#environment.find(data);
    for (const { pointer, name } of missing) {
      const fix = `add an 'env.variable' with 'variable: ${name}'`;
      this.#tell(entry, pointer, 'warning', `no variable has the name '${name}'`, fix);
    }
    return ids.filter((id) => id !== entry.id);
  }
}

function withReference<E extends Entry>(entry: E, pointer: string, id: string): E {
  const segments = segmentsOf(pointer);
  if (segments[0] === 'meta')
    return changed(entry, { meta: withValueAt(entry.meta as Data, segments.slice(1), id) as DataObject });
  return changed(entry, { data: withValueAt(entry.data as Data, segments, id) as DataObject });
}
