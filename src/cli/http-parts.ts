// HTTP on a node: the plan of a version's http entries, and the servers that follow it. What serves is loaded where an app has a server.
import { locate } from '../registry/load/located-entry.js';
import type { ChangeListener } from '../registry/change-listeners.js';
import { changedSides } from '../registry/model/changes.js';
import type { Change } from '../registry/model/changes.js';
import type { Entry } from '../registry/model/entry.js';
import type { RegistryView } from '../registry/model/registry.js';
import { outermost } from '../runtime/command-context.js';
import type { FunctionPool } from '../runtime/function-pool.js';
import type { NodeService } from '../runtime/supervisor-client.js';
import type { HttpGateway, HttpGatewayOptions } from '../services/http/gateway.js';
import { concernsHttp, planHttp } from '../services/http/plan.js';
import type { HttpPlan } from '../services/http/plan.js';
import { planListener } from './plan-listener.js';
import { AppErrors } from './prepare-app.js';

export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** Throws AppErrors. */
export function httpPlanOf(entries: Iterable<Entry>, fill: (text: string) => string): HttpPlan {
  const plan = planHttp({ entries, fill, placeOf: (entry, pointer) => locate(entry).placeOf(pointer) });
  if (plan.diagnostics.length > 0) throw new AppErrors(plan.diagnostics);
  return plan;
}

/** A function is called for a request as for any caller outside; it has the request at hand. */
export const httpCall =
  (functions: () => FunctionPool): HttpGatewayOptions['call'] =>
  ({ func, exchange, timeoutMs }) =>
    functions().callAtOnce({
      entry: func,
      args: NO_ARGUMENTS,
      frame: { ...outermost, http: exchange },
      caller: exchange,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });

const NO_ARGUMENTS: readonly never[] = Object.freeze([]);

export class HttpServing implements NodeService {
  readonly name = 'moontide.http';
  readonly requires: readonly string[] = [];
  readonly #options: Omit<HttpGatewayOptions, 'plan'>;
  #plan: HttpPlan;
  #gateway: HttpGateway | undefined;
  #started = false;

  constructor(options: Omit<HttpGatewayOptions, 'plan'>, plan: HttpPlan) {
    this.#options = options;
    this.#plan = plan;
  }

  get stopTimeoutMs(): number {
    return this.#gateway?.stopTimeoutMs ?? 1000;
  }

  /** Where each server listens, by its entry. */
  addresses(): ReadonlyMap<string, Listening> {
    return this.#gateway?.addresses() ?? new Map();
  }

  async start(): Promise<void> {
    this.#started = true;
    await (await this.#needed())?.start();
  }

  async stop(): Promise<void> {
    this.#started = false;
    await this.#gateway?.stop();
  }

  /** Keeps the servers to the newest version. */
  listener(): ChangeListener {
    return planListener({
      name: 'http',
      concerns: concernsHttp,
      plan: (view) => httpPlanOf(view.all(), this.#options.fill),
      otherwise: 'no server could answer it',
      committed: (view, changes) => this.#committed(view, changes),
    });
  }

  async #committed(view: RegistryView, changes: readonly Change[]): Promise<void> {
    if (!changes.flatMap(changedSides).some(concernsHttp)) return;
    this.#plan = httpPlanOf(view.all(), this.#options.fill);
    if (!this.#started) return;
    if (this.#gateway === undefined) await (await this.#needed())?.start();
    else await this.#gateway.changed();
  }

  async #needed(): Promise<HttpGateway | undefined> {
    if (this.#gateway !== undefined || this.#plan.servers.length === 0) return this.#gateway;
    const { HttpGateway: Gateway } = await import('../services/http/gateway.js');
    this.#gateway = new Gateway({ ...this.#options, plan: () => this.#plan });
    return this.#gateway;
  }
}
