// A node whose registry is a SQLite file looks for nodes on other machines that serve the same queues.
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { assertSoleMachine } from '../../src/cli/sole-machine.js';
import type { WorkerPlan } from '../../src/services/temporal/worker-plan.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

describe('a node on a registry file', () => {
  const { app, temporal } = luaSuite();

  it('is refused while a node on another machine serves the app, and only then', async () => {
    const serveAs = async (identity: string): Promise<WorkerPlan> => {
      const made = await app({ 'app:main': workflow('return 1') }, { worker: { overrides: { identity } } });
      const worker = { taskQueue: made.queue, workflows: new Map([['app:main', {}]]), autoStart: true };
      return { workers: [worker] } as unknown as WorkerPlan;
    };
    const check = (plan: WorkerPlan, engine: 'sqlite' | 'postgres' = 'sqlite'): Promise<void> => {
      const place =
        engine === 'sqlite'
          ? { engine, path: '/app/.moontide/registry.db', own: true }
          : { engine, url: 'postgres://localhost/x', schema: 'moontide' };
      return assertSoleMachine('shop', place, temporal().temporal, plan);
    };
    const [here, elsewhere, named] = [
      await serveAs(`4711@${hostname()}`),
      await serveAs('4711@elsewhere'),
      await serveAs('blue worker'),
    ];
    const refusal = async (): Promise<string> =>
      check(elsewhere).then(
        () => 'taken',
        (error: unknown) => String(error),
      );
    await expect
      .poll(refusal, { timeout: 20_000 })
      .toContain(
        "the app 'shop' is served by a node on the machine 'elsewhere', and the registry here is the file '/app/.moontide/registry.db'",
      );
    await expect(check(elsewhere)).rejects.toMatchObject({ code: 'REGISTRY_SECOND_MACHINE', exitCode: 2 });
    await check(here);
    await check(named);
    await check(elsewhere, 'postgres');
  });
});
