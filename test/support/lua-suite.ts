// The frame of a test file about Lua workflows: the shared server, apps that end with their test, short ways to start runs.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Data } from '../../src/core/data.js';
import { resultOf, startRun } from '../../src/temporal/client.js';
import type { CallHeaders, RunReference } from '../../src/temporal/client.js';
import type { CreateWorkerOptions } from '../../src/temporal/worker.js';
import { LuaApp, testBundle } from './lua-app.js';
import type { LuaAppOptions, SourceEntry, TestHandlers } from './lua-app.js';
import { testTemporal } from './temporal.js';
import type { TestTemporal } from './temporal.js';

export const workflow = (source: string): SourceEntry => ({ kind: 'workflow.lua', source });
export const fn = (source: string, meta?: SourceEntry['meta']): SourceEntry => ({
  kind: 'function.lua',
  source,
  ...(meta === undefined ? {} : { meta }),
});

export interface LuaSuite {
  readonly temporal: () => TestTemporal;
  /** An app without a worker. */
  readonly idle: (
    entries: Record<string, SourceEntry>,
    handlers?: TestHandlers,
    options?: LuaAppOptions,
  ) => LuaApp;
  /** An app with a worker. */
  readonly app: (
    entries: Record<string, SourceEntry>,
    options?: LuaAppOptions & { handlers?: TestHandlers; worker?: Partial<CreateWorkerOptions> },
  ) => Promise<LuaApp>;
  readonly start: (
    app: LuaApp,
    type: string,
    args?: readonly Data[],
    headers?: CallHeaders,
  ) => Promise<Required<RunReference>>;
  readonly run: (app: LuaApp, type: string, args?: readonly Data[]) => Promise<readonly Data[]>;
}

/** Call it inside `describe`. `server`: by default the shared one. */
export function luaSuite(server: () => Promise<TestTemporal> = testTemporal): LuaSuite {
  let temporal: TestTemporal | undefined;
  const apps: LuaApp[] = [];
  beforeAll(async () => {
    [temporal] = await Promise.all([server(), testBundle()]);
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app[Symbol.asyncDispose]();
  });
  afterAll(() => temporal?.[Symbol.asyncDispose]());
  const suite: LuaSuite = {
    temporal() {
      if (temporal === undefined) throw new Error('the server is not there yet');
      return temporal;
    },
    idle(entries, handlers = {}, options = {}) {
      const app = new LuaApp(suite.temporal(), entries, handlers, options);
      apps.push(app);
      return app;
    },
    async app(entries, { handlers, worker, ...options } = {}) {
      const app = suite.idle(entries, handlers, options);
      await app.worker(worker);
      return app;
    },
    start: (app, type, args = [], headers = {}) =>
      startRun(app.client, { type, taskQueue: app.queue, args, headers, workflowId: `t-${randomUUID()}` }),
    run: async (app, type, args = []) => resultOf(app.client, await suite.start(app, type, args)),
  };
  return suite;
}
