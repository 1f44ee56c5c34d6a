// Where the functions and workflows that a program calls run. Sealed.
// R1: what the program's text names came with the pin; any other id is asked once by a local activity, and so recorded.
import { proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import { toBytes, toTextLossy } from '../../src/core/text.js';
import type { ProgramReference, Route, RouteResult } from '../../src/temporal/contracts.js';
import { ROUTE_ACTIVITY } from '../../src/temporal/names.js';
import { toDataOrThrow } from '../../src/temporal/payload-converter.js';

class RouteMissingError extends PlatformError {
  override readonly name = 'RouteMissingError';
  readonly code = 'ROUTE_MISSING';
  override readonly kind = 'NotFound' as const;
}

const ROUTE_TIMEOUT_MS = 2000;

export class Routes {
  readonly #reference: ProgramReference;
  readonly #asked = new Map<string, Promise<Route>>();

  constructor(reference: ProgramReference) {
    this.#reference = reference;
  }

  /** Known without asking. */
  known(id: string): Route | undefined {
    return Object.hasOwn(this.#reference.routes, id) ? this.#reference.routes[id] : undefined;
  }

  /** Rejects with NotFound when the registry has no such function or workflow. */
  find(id: string): Promise<Route> {
    const known = this.known(id);
    if (known !== undefined) return Promise.resolve(known);
    let asked = this.#asked.get(id);
    if (asked === undefined) {
      this.#asked.set(id, (asked = ask(id)));
      // What is not there now may be published later.
      asked.catch(() => this.#asked.delete(id));
    }
    return asked;
  }

  /** Whether runs on that host are Lua runs of this app: they take batches of messages, and their types are entries. */
  isOurs(host: string): boolean {
    const { workers } = this.#reference;
    if (Object.hasOwn(workers, host)) return true;
    return host === toBytes(workflowInfo().taskQueue) || Object.values(workers).includes(host);
  }

  /** The task queue that goes by a name in the program. As text. */
  queueNamed(name: string): string {
    const { workers } = this.#reference;
    const key = toBytes(name);
    return Object.hasOwn(workers, key) ? toTextLossy(workers[key] ?? '') : name;
  }

  /** The Nexus endpoint that goes by a name in the program. As text. */
  endpointNamed(name: string): string {
    const { endpoints = {} } = this.#reference;
    return Object.hasOwn(endpoints, name) ? (endpoints[name] ?? name) : name;
  }

  /** The task queue of a worker entry, or of a queue named as it is; undefined for an entry that is no worker. As text. */
  queueOfHost(host: string): string | undefined {
    const { workers } = this.#reference;
    if (Object.hasOwn(workers, host)) return toTextLossy(workers[host] ?? '');
    return host.includes(':') ? undefined : toTextLossy(host);
  }
}

async function ask(id: string): Promise<Route> {
  const activities = proxyLocalActivities<Record<string, (request: Data) => Promise<unknown>>>({
    scheduleToCloseTimeout: ROUTE_TIMEOUT_MS,
    retry: { maximumAttempts: 3, initialInterval: 200 },
    summary: `where ${id} runs`,
  });
  const request = dataObject({ id, taskQueue: toBytes(workflowInfo().taskQueue) });
  const route = toDataOrThrow(await activities[ROUTE_ACTIVITY]?.(request)) as unknown as RouteResult;
  if ('missing' in route) throw new RouteMissingError(toTextLossy(route.missing));
  return route;
}
