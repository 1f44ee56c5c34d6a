// Two nodes on an embedded Temporal; nodes, the server, or all of them are killed at random points. Nothing is lost,
// there is never a second server on the file, and none is left when the last node has gone.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processExit } from '../../src/temporal/dev-server-process.js';
import { TestFolders, buildOnce, cli } from '../e2e/cli-process.js';
import { Random } from '../lua-fuzz/random.js';
import { eventually, serversOn } from '../support/server-user.js';
import { readyNode } from './nodes-app.js';
import { figure, seed, times } from './scale.js';
import { QUEUE, StepsApp } from './steps-app.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

const KILLS = times(2, 20);
const FIRST_RUNS = times(4, 20);
const STEPS = 30;
// A step that was cut off is tried again after its 5 s; the rest is for slow machines.
const PROGRESS_MS = 20_000;

interface Server {
  readonly pid: number;
  readonly address: string;
}

describe.skipIf(process.platform !== 'linux')('nodes on an embedded Temporal', () => {
  it(
    `survive ${KILLS} kills of a node, of the server, or of all of them`,
    { timeout: times(240_000, 1_200_000) },
    async () => {
      const random = new Random(seed);
      const app = new StepsApp(folders);
      const state = join(app.folder, '.moontide');
      const server = (): Server => JSON.parse(readFileSync(join(state, 'temporal.json'), 'utf8')) as Server;
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, serversOn(state).length)), 25);
      const acknowledged: string[] = [];
      const waits: Record<string, number[]> = {};
      const start = async (count: number): Promise<void> => {
        const connection = await Connection.connect({ address: server().address });
        const client = new Client({ connection });
        try {
          for (let i = 0; i < count; i++) {
            const id = `run-${acknowledged.length + 1}`;
            await client.workflow.start('app:run', { taskQueue: QUEUE, workflowId: id, args: [id, STEPS] });
            acknowledged.push(id);
          }
        } finally {
          await connection.close();
        }
      };
      try {
        await Promise.all([app.startNode(), app.startNode()].map(readyNode));
        await start(FIRST_RUNS);
        for (let kill = 0; kill < KILLS; kill++) {
          await sleep(random.below(2500));
          const what = random.weighted([
            [3, 'server'],
            [3, 'node'],
            [2, 'server and node'],
            [1, 'all'],
            [1, 'all nodes'],
            [2, 'a node that boots'],
          ] as const);
          const nodes = app.nodes;
          const victims =
            what === 'all' || what === 'all nodes'
              ? nodes
              : what === 'server'
                ? []
                : what === 'a node that boots'
                  ? [app.startNode()]
                  : [random.pick(nodes)];
          if (what === 'a node that boots') await sleep(random.below(3000));
          // In either order, and sometimes with time between.
          const killServer = what.includes('server') || what === 'all';
          const kills = [
            ...victims.map((node) => () => node.signal('SIGKILL')),
            ...(killServer ? [() => process.kill(server().pid, 'SIGKILL')] : []),
          ];
          if (random.chance(50)) kills.reverse();
          for (const each of kills) {
            each();
            if (random.chance(30)) await sleep(random.below(300));
          }
          await Promise.all(victims.map(({ ended }) => ended));
          // A node in the place of each that was killed; progress counts from when there is one.
          const left = app.nodes.length;
          const fresh = Array.from({ length: 2 - left }, () => app.startNode());
          if (left === 0) await Promise.race(fresh.map(readyNode));
          const waited = await app.untilProgress(PROGRESS_MS);
          expect(waited, `progress after kill ${kill} (${what}), seed ${seed}`).toBeDefined();
          (waits[what] ??= []).push(waited ?? Infinity);
          await Promise.all(fresh.map(readyNode));
          await start(1);
        }
        expect(
          await eventually(() => app.rows() === acknowledged.length * STEPS, 120_000),
          `rows, seed ${seed}`,
        ).toBe(true);
        const connection = await Connection.connect({ address: server().address });
        const client = new Client({ connection });
        for (const id of acknowledged) expect(await client.workflow.getHandle(id).result()).toBe(id);
        await connection.close();
        await app.end('SIGTERM');
        expect(serversOn(state), `after the last node, seed ${seed}`).toEqual([]);
        expect(most, `servers at once, seed ${seed}`).toBe(1);
        figure('progress after a kill, milliseconds', { runs: acknowledged.length, ...waits });
      } finally {
        clearInterval(watch);
        await app.end('SIGKILL');
        for (const pid of serversOn(state)) process.kill(pid, 'SIGKILL');
      }
    },
  );

  it(
    'follow the server to another port when a stranger took the one it had',
    { timeout: 120_000 },
    async () => {
      const app = new StepsApp(folders);
      const state = join(app.folder, '.moontide');
      const server = (): Server => JSON.parse(readFileSync(join(state, 'temporal.json'), 'utf8')) as Server;
      const stranger = createServer();
      try {
        const nodes = [app.startNode(), app.startNode()];
        await Promise.all(nodes.map(readyNode));
        const before = server();
        const connection = await Connection.connect({ address: before.address });
        const { workflow } = new Client({ connection });
        for (let run = 0; run < 10; run++)
          await workflow.start('app:run', {
            taskQueue: QUEUE,
            workflowId: `run-${run}`,
            args: [`${run}`, 10],
          });
        await connection.close();
        expect(await eventually(() => app.rows() >= 10, 30_000)).toBe(true);
        // Frozen nodes do not see that the server is gone before the stranger has its port.
        for (const node of nodes) node.signal('SIGSTOP');
        process.kill(before.pid, 'SIGKILL');
        await processExit(before.pid, 5000);
        await new Promise<void>((resolve, reject) => {
          stranger.once('error', reject);
          stranger.listen(Number(before.address.split(':')[1]), '127.0.0.1', resolve);
        });
        for (const node of nodes) node.signal('SIGCONT');
        expect(await app.untilProgress(PROGRESS_MS)).toBeDefined();
        expect(server().address).not.toBe(before.address);
        const waited = await cli(['--app', app.folder, '--json', 'start', 'app:run', '"b"', '1', '--wait']);
        expect(waited).toMatchObject({ code: 0, stdout: '"b"\n' });
        expect(await eventually(() => app.rows() === 101, 60_000)).toBe(true);
        for (const node of nodes) node.signal('SIGTERM');
        expect((await Promise.all(nodes.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);
        expect(serversOn(state)).toEqual([]);
      } finally {
        stranger.close();
        await app.end('SIGKILL');
        for (const pid of serversOn(state)) process.kill(pid, 'SIGKILL');
      }
    },
  );

  it(
    'leave no server behind when the last was killed and anything of the app runs once more',
    { timeout: 120_000 },
    async () => {
      const app = new StepsApp(folders);
      const state = join(app.folder, '.moontide');
      await readyNode(app.startNode());
      await app.end('SIGKILL');
      expect(serversOn(state)).toHaveLength(1);
      const { code, stdout } = await cli([
        '--app',
        app.folder,
        '--json',
        'start',
        'app:run',
        '"late"',
        '1',
        '--wait',
      ]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '"late"\n' });
      expect(serversOn(state)).toEqual([]);
    },
  );
});
