// What waits for what: when a service may start, and when it may stop. Sealed. Rules: table.ts (T2, T3, T11).
import type { ServiceSpec } from '../../src/temporal/service-contracts.js';
import { isOn, keyOf } from './table-state.js';
import type { Run, TableState } from './table-state.js';
export class ServiceOrder {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /** T2, T11. */
  isReady({ requires, after = [] }: ServiceSpec, node: string | undefined): boolean {
    const isReady = (id: string, isNeeded: boolean): boolean => {
      const required = this.#state.services.get(id);
      if (required === undefined || required.removed === true) return true;
      if (!isNeeded && !this.#state.isWanted(required, undefined))
        return required.spec.after?.every((each) => isReady(each, false)) ?? true;
      const keys =
        required.spec.settings.placement === 'one_node'
          ? [id]
          : node === undefined
            ? this.#state.keysOf(id)
            : [keyOf(id, node)];
      return keys.some((key) => this.#state.runs.get(key)?.told?.machine.state === 'Running');
    };
    return requires.every((id) => isReady(id, true)) && after.every((id) => isReady(id, false));
  }

  /** Whether it stops before that one, also where what is between them does not run (T11). */
  #comesAfter({ requires, after = [] }: ServiceSpec, id: string): boolean {
    if (requires.includes(id) || after.includes(id)) return true;
    return after.some((each) => {
      const between = this.#state.services.get(each)?.spec;
      if (
        between === undefined ||
        this.#state.keysOf(each).some((key) => this.#state.isActive(this.#state.runs.get(key)))
      )
        return false;
      return this.#comesAfter(between, id);
    });
  }

  /** T3. */
  isFree(run: Run): boolean {
    for (const [, other] of this.#state.runs) {
      const service = this.#state.services.get(other.id);
      if (service === undefined || !this.#comesAfter(service.spec, run.id) || !this.#state.isActive(other))
        continue;
      if (run.node !== undefined && !isOn(other, run.node) && other.node !== undefined) continue;
      if (!this.#state.isWanted(service, other.node)) return false;
      if (run.node !== undefined && isOn(other, run.node)) return false; // handed over first
    }
    return true;
  }

  withDependents(id: string): string[] {
    const found = new Set([id, ...this.#state.groups.leaves(id)]);
    for (let grown = true; grown;) {
      grown = false;
      for (const { spec } of this.#state.services.values())
        if (!found.has(spec.id) && spec.requires.some((each) => found.has(each))) {
          found.add(spec.id);
          grown = true;
        }
    }
    return [...found];
  }

  stopsItself(run: Run): boolean {
    const node = this.#state.nodes.get(run.told?.owner ?? run.node ?? '');
    return node?.state === 'draining' && node.stopsItself === true;
  }
}
