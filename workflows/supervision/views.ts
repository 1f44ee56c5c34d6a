// The table as people and nodes see it. Sealed.
import { toTextLossy } from '../../src/core/text.js';
import type {
  GroupView,
  NodeView,
  ServiceSpec,
  ServiceState,
  ServiceView,
} from '../../src/temporal/service-contracts.js';
import { keyOf } from './table-state.js';
import type { Run, TableState } from './table-state.js';
/** In these it may be that it cannot start yet. */
const RESTS: ReadonlySet<ServiceState> = new Set(['Unknown', 'Stopped']);

export class TableViews {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  services(): ServiceView[] {
    const views: ServiceView[] = [];
    for (const { spec, desired, since } of this.#state.services.values()) {
      const keys = this.#state.keysOf(spec.id);
      const common = {
        id: spec.id,
        kind: spec.kind,
        requires: spec.requires,
        placement: spec.settings.placement,
      };
      const group = this.#state.groups.get(spec.id)?.machine;
      if (group !== undefined) {
        const { alive: _alive, ...shown } = group;
        views.push({ ...common, ...shown });
      } else if (keys.length === 0)
        views.push({
          ...common,
          state: 'Unknown',
          wanted: desired,
          since,
          reason: desired ? this.#waitsFor(spec) : '',
          token: this.#state.tokens.get(spec.id) ?? 0,
          attempts: 0,
        });
      for (const key of keys) {
        const { told, node, asked } = this.#state.runs.get(key) as Run;
        const machine = told?.machine;
        const rests = machine !== undefined && RESTS.has(machine.state) && asked === undefined;
        const waits = desired && rests ? this.#waitsFor(spec) : '';
        views.push({
          ...common,
          ...(node === undefined ? {} : { node }),
          ...(told?.owner === undefined ? {} : { owner: told.owner }),
          state: machine?.state ?? (asked === undefined ? 'Unknown' : 'Starting'),
          wanted: waits === '' ? (machine?.wanted ?? desired) : true,
          since: machine?.since ?? since,
          reason: waits === '' ? (machine?.reason ?? '') : waits,
          token: machine?.token ?? 0,
          attempts: machine?.attempts ?? 0,
          ...(machine?.retryAt === undefined ? {} : { retryAt: machine.retryAt }),
        });
      }
    }
    return views.sort((a, b) => (keyOf(a.id, a.node) < keyOf(b.id, b.node) ? -1 : 1));
  }

  #waitsFor({ requires, after = [] }: ServiceSpec): string {
    const missing = [...requires, ...after].filter(
      (id) => this.#state.services.has(id) && !this.#state.isUp(id),
    );
    return missing.length === 0 ? '' : `waits for ${missing.join(', ')}`;
  }

  groups(): GroupView[] {
    return this.#state.groups
      .data()
      .map(({ id, machine: { state, since, reason } }) => ({ id, state, since, reason }));
  }

  nodes(): NodeView[] {
    return [...this.#state.nodes.values()].map(({ node, state, since, startedAt, registryVersion }) => ({
      node,
      state,
      since,
      startedAt,
      registryVersion,
      services: [...this.#state.runs.values()]
        .filter((run) => this.#state.isActive(run) && (run.told?.owner ?? run.node) === node)
        .map(({ id }) => id)
        .sort(),
    }));
  }

  problemWith(id: string): string | undefined {
    const service = typeof id === 'string' ? this.#state.services.get(id) : undefined;
    if (service !== undefined && service.removed !== true) return undefined;
    return `there is no service '${toTextLossy(String(id))}'; \`moontide services\` lists them`;
  }

  longestMs(): number {
    let longest = 0;
    for (const { spec } of this.#state.services.values())
      longest = Math.max(longest, spec.settings.startTimeoutMs + spec.settings.stopTimeoutMs);
    return longest;
  }
}
