// A node that runs programs which take all memory stays small: what one leaves behind is gone before the next has grown as big.
// The short form runs every fifth bomb of the corpus, with the usual budgets; what is measured is the process, not what V8 says of itself.
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bombs } from '../abuse/hogs.js';
import type { Hog } from '../abuse/hogs.js';
import { CliProcess, TestFolders, buildOnce } from '../e2e/cli-process.js';
import { figure, times } from './scale.js';

const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

const STOPPED = /budget exceeded at \S+:1: more than \d+ (instructions|bytes of memory) in one step/;
const MB = 1024 * 1024;
/** The default of `budget.memory`. */
const BUDGET_MB = 64;
const MARGIN_MB = 150;

const everyNth = (hogs: readonly Hog[], step: number): readonly Hog[] =>
  hogs.filter((_hog, at) => at % step === 0);
const chosen = everyNth(bombs, times(5, 1));

const quoted = (text: string): string => JSON.stringify(text); // YAML reads JSON's texts

/** Resident memory of a process. Megabytes. */
const residentMb = (pid: number): number =>
  (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / MB;

describe.skipIf(process.platform !== 'linux')('the memory of a node', () => {
  it.each(['workflow', 'function'] as const)(
    'is below the budget and 150 MB while hogs run as a %s',
    { timeout: 400_000 },
    async (kind) => {
      const entries = chosen.map(
        ({ text }, at) =>
          `  - { name: hog${at}, kind: ${kind}.lua, source: ${quoted(`return function() ${text}\nend`)} }`,
      );
      const app = folders.make({
        'moontide.yaml': 'name: hogs\n',
        '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: one, kind: function.lua, source: "return function() return 1 end" }
  - name: call
    kind: workflow.lua
    modules: [funcs]
    source: |
      local funcs = require("funcs")
      return function(name)
        local value, err = funcs.call(name)
        return err and err:message() or value
      end
${entries.join('\n')}
`,
      });
      const node = new CliProcess(['--app', app, '--json', 'run']);
      const [, address = ''] = await node.until(/"address":"([^"]+)"/, 120_000);
      const connection = await Connection.connect({ address });
      const { workflow } = new Client({ connection });
      const gone = node.ended.then(({ stderr }) => {
        throw new Error(`the node has ended:\n${stderr}`);
      });
      gone.catch(() => undefined); // told to who waits for a run
      const run = (type: string, id: string, args: unknown[] = []): Promise<unknown> =>
        Promise.race([workflow.execute(type, { taskQueue: 'hogs', workflowId: id, args }), gone]);
      const messageOf = async (at: number): Promise<string> => {
        if (kind === 'function') return String(await run('app:call', `hog-${at}`, [`app:hog${at}`]));
        const failed: unknown = await run(`app:hog${at}`, `hog-${at}`).catch((error: unknown) => error);
        return String((failed as { readonly cause?: Error }).cause?.message ?? failed);
      };
      for (let warm = 0; warm < 5; warm++) expect(await run('app:call', `w-${warm}`, ['app:one'])).toBe(1);

      const pid = node.child.pid ?? 0;
      const before = residentMb(pid);
      let most = before;
      let current = '';
      let worst = '';
      const watch = setInterval(() => {
        if (node.child.exitCode !== null || node.child.signalCode !== null) return;
        const now = residentMb(pid);
        if (now <= most) return;
        most = now;
        worst = current;
      }, 20);
      try {
        for (const [at, { name }] of chosen.entries()) {
          current = name;
          expect(`${name}: ${await messageOf(at)}`).toMatch(STOPPED);
        }
      } finally {
        clearInterval(watch);
        await connection.close();
      }
      figure(`memory of a node with hogs as a ${kind}`, {
        hogs: chosen.length,
        before_mb: Math.round(before),
        growth_mb: Math.round(most - before),
        worst,
      });
      expect(most - before).toBeLessThan(BUDGET_MB + MARGIN_MB);
      node.signal('SIGTERM');
      await node.ended;
    },
  );
});
