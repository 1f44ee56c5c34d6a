// Which lives a node that joins may begin at once. Sealed. Rules: table.ts (T8).
import type { NodeGrant, NodeJoin } from '../../src/temporal/service-contracts.js';
import type { ServiceOrder } from './order.js';
import { isIdle, keyOf } from './table-state.js';
import type { Run, Service, TableState } from './table-state.js';
export class Grants {
  readonly #state: TableState;
  readonly #order: ServiceOrder;

  constructor(state: TableState, order: ServiceOrder) {
    this.#state = state;
    this.#order = order;
  }

  /** T8. */
  grant({ node, queue }: NodeJoin): NodeGrant[] {
    const others = [...this.#state.nodes.values()].some(
      (each) => each.node !== node && each.state === 'serving',
    );
    const grants = new Map<string, NodeGrant>();
    const visited = new Set<string>();
    const visit = (service: Service): void => {
      const { spec } = service;
      if (visited.has(spec.id)) return;
      visited.add(spec.id);
      const { id, kind, settings } = spec;
      if (spec.supervises !== undefined) return;
      const requires = [...spec.requires, ...(spec.after ?? [])];
      for (const each of requires) {
        const required = this.#state.services.get(each);
        if (required !== undefined) visit(required);
      }
      const single = settings.placement === 'one_node';
      const key = single ? id : keyOf(id, node);
      const run: Run = this.#state.runs.get(key) ?? { id, ...(single ? {} : { node }) };
      const { granted, told } = run;
      const again = granted?.node === node && granted.queue === queue;
      if (!service.desired || service.removed === true || (single && others)) return;
      if (!this.#state.groups.permits(id)) return;
      const isFree = run.asked === undefined && granted === undefined && (told === undefined || isIdle(run));
      if (!again && !isFree) return;
      const first = requires.filter((each) => grants.has(each));
      const rest = (ids: readonly string[] = []): string[] => ids.filter((each) => !grants.has(each));
      const other = { ...spec, requires: rest(spec.requires), after: rest(spec.after) };
      if (!this.#order.isReady(other, single ? undefined : node)) return;
      const last = Math.max(told?.machine.token ?? 0, this.#state.tokens.get(id) ?? this.#state.firstToken);
      const token = again ? granted.token : last + 1; // T7
      this.#state.tokens.set(id, token);
      this.#state.runs.set(key, {
        ...run,
        asked: { verb: 'start', token: token - 1 },
        granted: { token, node, queue },
      });
      grants.set(id, { service: id, kind, token, settings, requires: first });
    };
    for (const service of this.#state.services.values()) visit(service);
    return [...grants.values()];
  }
}
