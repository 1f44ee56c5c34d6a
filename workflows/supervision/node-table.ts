// The nodes of an app: who serves, who goes, and what becomes of the lives that one had. Sealed. Rules: table.ts (T9, T10).
import type { NodeTold } from '../../src/temporal/service-contracts.js';
import { isOn } from './table-state.js';
import type { Order, TableState } from './table-state.js';
/** Nodes that are gone and still shown. */
const GONE_NODES = 20;

export class NodeTable {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /** T9. */
  loseLives(node: string, which: 'stop' | 'all'): Order[] {
    const orders: Order[] = [];
    for (const [key, run] of this.#state.runs) {
      if (run.granted?.node === node && which === 'all') {
        delete run.granted;
        delete run.asked;
        if (run.told === undefined) this.#state.runs.delete(key);
        continue;
      }
      if (!isOn(run, node) || run.told?.machine.alive !== true) continue;
      const settings = this.#state.services.get(run.id)?.spec.settings;
      if (which === 'all' || settings?.onLostLease !== 'keep')
        orders.push({ type: 'send', key, command: { verb: 'lost', node } });
    }
    return orders;
  }

  /** What has to be told to runs; undefined where it is no news. */
  told({ node, state, stopped }: NodeTold, now: number): readonly Order[] | undefined {
    const known = this.#state.nodes.get(node);
    if (known === undefined || known.state === state) return undefined;
    if (state === 'silent') return this.loseLives(node, 'stop');
    if (Array.isArray(stopped) && known.stopsItself === true) this.#stopped(node, stopped, now);
    known.state = state;
    known.since = now;
    const orders = this.#state.isNodeGone(node) ? this.loseLives(node, 'all') : [];
    this.forgetNodes();
    return orders;
  }

  /** T10. */
  #stopped(node: string, lives: NonNullable<NodeTold['stopped']>, now: number): void {
    const stopped = new Map(lives.map(({ service, token }) => [service, token]));
    for (const run of this.#state.runs.values()) {
      const token = stopped.get(run.id);
      if (token === undefined || (run.node !== undefined && run.node !== node)) continue;
      // The node may have had a life that its run has not told of yet, and it will not: its lease says that this is known.
      if (run.told !== undefined && run.told.machine.token > token) continue;
      const { owner: _owner, machine, ...rest } = run.told ?? { id: run.id, seq: 0 };
      const { retryAt: _retryAt, ...last } = machine ?? { attempts: 0 };
      run.told = {
        ...rest,
        ...(run.node === undefined ? {} : { node: run.node }),
        machine: {
          ...last,
          token,
          state: 'Stopped',
          wanted: false,
          alive: false,
          since: now,
          reason: '',
        },
      };
      delete run.asked;
      delete run.granted;
      this.#state.tokens.set(run.id, Math.max(this.#state.tokens.get(run.id) ?? 0, token));
    }
  }

  isServing(node: string): boolean {
    return this.#state.nodes.get(node)?.state === 'serving';
  }

  hasNode(node: string): boolean {
    return this.#state.nodes.has(node);
  }

  drain(node: string, now: number): void {
    const known = this.#state.nodes.get(node);
    if (known?.state !== 'serving') return;
    known.state = 'draining';
    known.since = now;
  }

  /** The node goes; true when it stops its services itself (T10). */
  leave(node: string, now: number): boolean {
    this.drain(node, now);
    const known = this.#state.nodes.get(node);
    if (known?.state !== 'draining' || this.#state.anyServing()) return false;
    known.stopsItself = true;
    return true;
  }

  isDrained(node: string): boolean {
    const state = this.#state.nodes.get(node)?.state;
    if (state === 'left' || state === 'lost') return true;
    return [...this.#state.runs.values()].every((run) => !this.#state.isActive(run) || !isOn(run, node));
  }

  forgetNodes(): void {
    const gone = [...this.#state.nodes.values()]
      .filter(({ node }) => this.#state.isNodeGone(node))
      .sort((a, b) => a.since - b.since);
    for (const { node } of gone.slice(0, Math.max(0, gone.length - GONE_NODES)))
      this.#state.nodes.delete(node);
  }

  /** Queues of the nodes that serve, each with the node's own life. */
  servingQueues(): string[] {
    return [...this.#state.nodes.values()]
      .filter(({ state }) => state === 'serving')
      .map(({ queue }) => queue);
  }
}
