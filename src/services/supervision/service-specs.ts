// The services of an app, from its entries: what each `lifecycle:` says, and what has to run before it.
// P1: a service requires what its lifecycle names and every service that its references lead to, through any number of entries
//     that are none.
// P2: a circle of requirements is refused where the app is read; the place names one of them.
// P3: who requires a process.supervisor requires all that is in it, and what that requires all of it does too. The order of its
//     children is their `after`. A child is of one supervisor, runs on one node, and has no restarts of its own.
import { mapIn } from '../../core/data-values.js';
import type { Data, DataObject } from '../../core/data.js';
import { LuaFloat } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { entryMilliseconds } from '../../core/durations.js';
import { DependencyPatterns } from '../../registry/model/dependencies.js';
import type { Entry } from '../../registry/model/entry.js';
import type { KindSpec } from '../../registry/model/kind.js';
import type { GroupSpec, ServiceSettings, ServiceSpec } from '../../temporal/service-contracts.js';

/** Kinds whose services the supervisor keeps, and where their lives are when the entry does not say. */
const SERVICE_KINDS: ReadonlyMap<string, ServiceSettings['placement']> = new Map([
  ['process.service', 'one_node'],
  ['process.supervisor', 'one_node'],
]);
const GROUP = 'process.supervisor';

export const isService = ({ kind }: Pick<Entry, 'kind'>): boolean => SERVICE_KINDS.has(kind);

export function serviceSpecs(
  entries: Iterable<Entry>,
  kinds: Iterable<Pick<KindSpec, 'name' | 'references'>>,
): ServiceSpec[] {
  const byId = new Map([...entries].map((entry) => [entry.id as string, entry]));
  const services = [...byId.values()].filter(isService);
  if (services.length === 0) return [];
  const patterns = new DependencyPatterns(kinds);
  const groups = new GroupTree(services);
  return services
    .map((entry): ServiceSpec => {
      const { id, kind } = entry;
      const group = groups.parentOf(id);
      const supervises = groups.specOf(id);
      const requires = groups.withParents(id).flatMap((each) => requiredBy(each, byId, patterns));
      const after = groups.before(id);
      return {
        id,
        kind,
        autoStart: lifecycleOf(entry)['auto_start'] === true,
        requires: sorted(requires.flatMap((each) => groups.leaves(each))),
        settings: settingsOf(entry),
        ...(group === undefined ? {} : { group }),
        ...(after.length === 0 || supervises !== undefined ? {} : { after: sorted(after) }),
        ...(supervises === undefined ? {} : { supervises }),
      };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

const sorted = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

const childrenOf = ({ kind, data }: Entry): readonly string[] => {
  const { children } = data;
  return kind === GROUP && Array.isArray(children)
    ? children.filter((child): child is string => typeof child === 'string')
    : [];
};

/** Who is whose child; of one that several have, the first. */
class GroupTree {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #parents = new Map<string, string>();

  constructor(services: readonly Entry[]) {
    this.#entries = new Map(services.map((entry) => [entry.id, entry]));
    for (const entry of services)
      for (const child of childrenOf(entry))
        if (!this.#parents.has(child) && !this.#isWithin(entry.id, child)) this.#parents.set(child, entry.id);
  }

  #isWithin(id: string, group: string): boolean {
    for (let at: string | undefined = id; at !== undefined; at = this.#parents.get(at))
      if (at === group) return true;
    return false;
  }

  parentOf(id: string): string | undefined {
    return this.#parents.get(id);
  }

  childrenOf(id: string): readonly string[] {
    const entry = this.#entries.get(id);
    return entry === undefined ? [] : childrenOf(entry).filter((child) => this.#parents.get(child) === id);
  }

  /** Services in it that are no groups; of one that is none itself. */
  leaves(id: string): readonly string[] {
    if (this.#entries.get(id)?.kind !== GROUP) return [id];
    return this.childrenOf(id).flatMap((child) => this.leaves(child));
  }

  /** It, and the groups that it is in. */
  withParents(id: string): readonly Entry[] {
    const found: Entry[] = [];
    for (let at: string | undefined = id; at !== undefined; at = this.#parents.get(at)) {
      const entry = this.#entries.get(at);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  /** What starts right before it in its group; before the first of a group, what comes before that. */
  before(id: string): readonly string[] {
    const parent = this.#parents.get(id);
    if (parent === undefined) return [];
    const siblings = this.childrenOf(parent);
    for (let at = siblings.indexOf(id) - 1; at >= 0; at -= 1) {
      const leaves = this.leaves(siblings[at] as string);
      if (leaves.length > 0) return leaves;
    }
    return this.before(parent);
  }

  specOf(id: string): GroupSpec | undefined {
    const entry = this.#entries.get(id);
    if (entry?.kind !== GROUP) return undefined;
    const { strategy, max_restarts: maxRestarts, within } = entry.data;
    return {
      strategy: strategy === 'one_for_all' || strategy === 'rest_for_one' ? strategy : 'one_for_one',
      maxRestarts: typeof maxRestarts === 'number' ? maxRestarts : 3,
      withinMs: Math.ceil(entryMilliseconds(within) ?? 5000),
      children: this.childrenOf(id),
    };
  }
}

/** P3. */
export function groupProblems(
  entries: Iterable<Entry>,
  placeOf: (id: string, pointer: string) => Place,
): Diagnostic[] {
  const services = new Map([...entries].filter(isService).map((entry) => [entry.id as string, entry]));
  const parents = new Map<string, string>();
  const problems: Diagnostic[] = [];
  const error = (id: string, pointer: string, message: string, fix: string): void =>
    void problems.push({ severity: 'error', place: placeOf(id, pointer), message, fix });
  for (const entry of services.values())
    for (const [at, child] of childrenOf(entry).entries()) {
      const pointer = `/children/${at}`;
      const other = parents.get(child);
      if (other !== undefined)
        error(
          entry.id,
          pointer,
          other === entry.id
            ? `'${child}' is twice a child of '${other}'`
            : `'${child}' is a child of '${other}' already`,
          'a service is a child of one supervisor; drop one of the two',
        );
      else if (isAbove(child, entry.id, parents))
        error(
          entry.id,
          pointer,
          `supervisors are each other's children: ${entry.id} -> ${child}`,
          'drop one of the two',
        );
      else parents.set(child, entry.id);
      const lifecycle = mapIn(services.get(child)?.data['lifecycle']);
      if (lifecycle['placement'] === 'every_node')
        error(
          child,
          '/lifecycle/placement',
          `a child of a supervisor runs on one node, and '${child}' says every_node`,
          `take it out of the children of '${entry.id}', or drop 'placement'`,
        );
      if (lifecycle['restart'] !== undefined)
        error(
          child,
          '/lifecycle/restart',
          `when '${child}' starts again is said by its supervisor '${entry.id}'`,
          "drop 'restart'; max_restarts and within of the supervisor are what counts",
        );
    }
  return problems;
}

/** Whether `group` is, or is in, `id`. */
function isAbove(id: string, group: string, parents: ReadonlyMap<string, string>): boolean {
  for (let at: string | undefined = group; at !== undefined; at = parents.get(at)) if (at === id) return true;
  return false;
}

/** P2. */
export function circularServices(
  specs: readonly ServiceSpec[],
  placeOf: (id: string) => Place,
): readonly Diagnostic[] {
  const left = new Map(specs.map((spec) => [spec.id, spec]));
  for (let removed = true; removed;) {
    removed = false;
    for (const spec of left.values())
      if (before(spec).every((each) => !left.has(each))) {
        left.delete(spec.id);
        removed = true;
      }
  }
  const circle = circleIn(left);
  const [first] = circle;
  if (first === undefined) return [];
  return [
    {
      severity: 'error',
      place: placeOf(first),
      message: `services require each other in a circle: ${[...circle, first].join(' -> ')}`,
      fix: 'drop one of the requirements; none of them could ever start',
    },
  ];
}

const before = (spec: ServiceSpec | undefined): readonly string[] => [
  ...(spec?.requires ?? []),
  ...(spec?.after ?? []),
];

function circleIn(left: ReadonlyMap<string, ServiceSpec>): string[] {
  const path: string[] = [];
  let [id] = left.keys();
  while (id !== undefined && !path.includes(id)) {
    path.push(id);
    id = before(left.get(id)).find((each) => left.has(each));
  }
  return id === undefined ? [] : path.slice(path.indexOf(id));
}

/** P1. */
function requiredBy(
  service: Entry,
  byId: ReadonlyMap<string, Entry>,
  patterns: DependencyPatterns,
): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<string>([service.id, ...childrenOf(service)]);
  const visit = (entry: Entry): void => {
    for (const id of patterns.of(entry)) {
      const other = byId.get(id);
      if (other === undefined || seen.has(id)) continue;
      seen.add(id);
      if (isService(other)) found.add(id);
      else visit(other);
    }
  };
  visit(service);
  return [...found].sort();
}

const lifecycleOf = (entry: Entry): Readonly<DataObject> => mapIn(entry.data['lifecycle']);

function settingsOf(entry: Entry): ServiceSettings {
  const lifecycle = lifecycleOf(entry);
  const restart = mapIn(lifecycle['restart']);
  const ms = (value: Data | undefined, otherwise: number): number =>
    Math.ceil(entryMilliseconds(value) ?? otherwise);
  const number = (value: Data | undefined, otherwise: number): number =>
    value instanceof LuaFloat ? value.n : typeof value === 'number' ? value : otherwise;
  const placement =
    lifecycle['placement'] === 'every_node' || lifecycle['placement'] === 'one_node'
      ? lifecycle['placement']
      : (SERVICE_KINDS.get(entry.kind) ?? 'one_node');
  const onLostLease = lifecycle['on_lost_lease'];
  return {
    startTimeoutMs: ms(lifecycle['start_timeout'], 10_000),
    stopTimeoutMs: ms(lifecycle['stop_timeout'], 10_000),
    stableMs: ms(lifecycle['stable_threshold'], 5000),
    initialDelayMs: ms(restart['initial_delay'], 1000),
    maxDelayMs: ms(restart['max_delay'], 90_000),
    backoffFactor: number(restart['backoff_factor'], 2),
    jitter: number(restart['jitter'], 0.1),
    maxAttempts: number(restart['max_attempts'], 0),
    adoptTimeoutMs: ms(lifecycle['adopt_timeout'], 15_000),
    placement,
    onLostLease:
      onLostLease === 'keep' || onLostLease === 'stop'
        ? onLostLease
        : placement === 'every_node'
          ? 'keep'
          : 'stop',
  };
}
