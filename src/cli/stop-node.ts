// The orderly stop of a node.
// Q1: services first, then workers and functions, then components in reverse, then connections. Everything gets its turn, whatever
//     fails before; errors are gathered.
// Q2: all of it together takes the time to drain at most, and some seconds to say goodbye. What is not over by then is left
//     behind, and named: a node that has to go does go.
import type { AppContext } from '../core/app-context.js';
import type { ComponentSet } from '../core/components.js';
import { within } from '../core/within-host.js';
import { NodeStopTimeoutError } from '../runtime/errors.js';
import { keys } from '../runtime/keys.js';

export interface NodeParts {
  readonly app: AppContext;
  readonly set: Pick<ComponentSet, 'stop'>;
  readonly temporal: AsyncDisposable;
  readonly supervision: { stop(): Promise<void> } | undefined;
  readonly drainMs: number;
}

/** What workers take after their grace time to tell the server, and what each part has at least, however late it is. Milliseconds. */
const GOODBYE_MS = 6000;
const LEAST_MS = 1000;

export async function stopNode({ app, set, temporal, supervision, drainMs }: NodeParts): Promise<void> {
  const until = performance.now() + drainMs + GOODBYE_MS;
  const errors: unknown[] = [];
  const step = async (part: string, work: () => Promise<void> | undefined): Promise<void> => {
    const leftMs = Math.max(LEAST_MS, until - performance.now());
    try {
      await within(
        Promise.resolve(work()),
        leftMs,
        () => new NodeStopTimeoutError(part, drainMs + GOODBYE_MS),
      );
    } catch (error) {
      errors.push(...(error instanceof AggregateError ? (error.errors as unknown[]) : [error]));
    }
  };
  await step('its services', () => supervision?.stop());
  if (app.has(keys.lifecycle) && app.get(keys.lifecycle).state !== 'joined')
    await step('its workers', () => app.get(keys.lifecycle).drain());
  await step('its components', () => set.stop());
  await step('its connections to Temporal', async () => temporal[Symbol.asyncDispose]());
  app.get(keys.bus).close();
  if (errors.length > 0) throw new AggregateError(errors, 'the node did not stop cleanly');
}
