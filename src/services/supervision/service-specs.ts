// The services of an app, from its entries: what each `lifecycle:` says, and what has to run before it.
// P1: a service requires what its lifecycle names and every service that its references lead to, through any number of entries
//     that are none.
// P2: a circle of requirements is refused where the app is read; the place names one of them.
import { mapIn } from '../../core/data-values.js';
import type { Data, DataObject } from '../../core/data.js';
import { LuaFloat } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { entryMilliseconds } from '../../core/durations.js';
import { DependencyPatterns } from '../../registry/model/dependencies.js';
import type { Entry } from '../../registry/model/entry.js';
import type { KindSpec } from '../../registry/model/kind.js';
import type { ServiceSettings, ServiceSpec } from '../../temporal/service-contracts.js';

/** Kinds whose services the supervisor keeps, and where their lives are when the entry does not say. */
const SERVICE_KINDS: ReadonlyMap<string, ServiceSettings['placement']> = new Map([
  ['process.service', 'one_node'],
]);

export const isService = ({ kind }: Pick<Entry, 'kind'>): boolean => SERVICE_KINDS.has(kind);

export function serviceSpecs(
  entries: Iterable<Entry>,
  kinds: Iterable<Pick<KindSpec, 'name' | 'references'>>,
): ServiceSpec[] {
  const byId = new Map([...entries].map((entry) => [entry.id as string, entry]));
  const services = [...byId.values()].filter(isService);
  if (services.length === 0) return [];
  const patterns = new DependencyPatterns(kinds);
  return services
    .map((entry) => ({
      id: entry.id,
      kind: entry.kind,
      autoStart: lifecycleOf(entry)['auto_start'] === true,
      requires: requiredBy(entry, byId, patterns),
      settings: settingsOf(entry),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** P2. */
export function circularServices(
  specs: readonly ServiceSpec[],
  placeOf: (id: string) => Place,
): readonly Diagnostic[] {
  const left = new Map(specs.map((spec) => [spec.id, spec]));
  for (let removed = true; removed;) {
    removed = false;
    for (const { id, requires } of left.values())
      if (requires.every((each) => !left.has(each))) {
        left.delete(id);
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

function circleIn(left: ReadonlyMap<string, ServiceSpec>): string[] {
  const path: string[] = [];
  let [id] = left.keys();
  while (id !== undefined && !path.includes(id)) {
    path.push(id);
    id = left.get(id)?.requires.find((each) => left.has(each));
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
  const seen = new Set<string>([service.id]);
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
