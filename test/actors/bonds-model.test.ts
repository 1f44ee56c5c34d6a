// Histories of links, monitors, ends and names against a model of what must be heard and who must be left.
// The processes are real (puppets of app/), the model is written from the documentation alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode } from '../../src/cli/run-node.js';
import type { RunningNode } from '../../src/cli/running-node.js';
import { dataObject } from '../../src/core/data.js';

const PUPPETS = 4;
const NAMES = ['ada', 'bo'];

type Op =
  | { readonly op: 'link' | 'unlink' | 'monitor' | 'unmonitor'; readonly by: number; readonly to: number }
  | { readonly op: 'trap'; readonly by: number; readonly on: boolean }
  | { readonly op: 'return' | 'fail' | 'terminate'; readonly by: number }
  | { readonly op: 'register' | 'unregister'; readonly by: number; readonly name: string };

const who = fc.integer({ min: 0, max: PUPPETS - 1 });
const pair = { by: who, to: who };
const operation: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('link' as const), ...pair }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('unlink' as const), ...pair }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('monitor' as const), ...pair }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('unmonitor' as const), ...pair }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('trap' as const), by: who, on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('return', 'fail', 'terminate'), by: who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom('register', 'unregister'),
      by: who,
      name: fc.constantFrom(...NAMES),
    }),
  },
);

/** What a process must be, by the documentation. */
interface Modelled {
  alive: boolean;
  traps: boolean;
  readonly links: Set<number>;
  readonly monitors: Set<number>;
  readonly heard: string[];
}

/** The result of each operation, what each process heard, who lives, and whose the names are. */
function predicted(history: readonly Op[]) {
  const all: Modelled[] = Array.from({ length: PUPPETS }, () => ({
    alive: true,
    traps: false,
    links: new Set(),
    monitors: new Set(),
    heard: [],
  }));
  const names = new Map<string, number>();
  const end = (first: number, failed: boolean): void => {
    const ends: { one: number; failed: boolean }[] = [{ one: first, failed }];
    for (const { one, failed: abnormal } of ends) {
      const ended = all[one]!;
      if (!ended.alive) continue;
      ended.alive = false;
      for (const [name, owner] of names) if (owner === one) names.delete(name);
      for (const watcher of ended.monitors) if (all[watcher]!.alive) all[watcher]!.heard.push(`EXIT ${one}`);
      for (const other of all) other.monitors.delete(one);
      for (const linked of ended.links) {
        const other = all[linked]!;
        other.links.delete(one);
        if (!abnormal || !other.alive) continue;
        if (other.traps) other.heard.push(`LINK_DOWN ${one}`);
        else ends.push({ one: linked, failed: true });
      }
    }
  };
  const results = history.map((step): string => {
    const by = all[step.by]!;
    if (!by.alive) return 'gone';
    switch (step.op) {
      case 'trap':
        by.traps = step.on;
        return 'true';
      case 'return':
      case 'fail':
      case 'terminate':
        end(step.by, step.op !== 'return');
        return 'ended';
      case 'register': {
        const owner = names.get(step.name);
        if (owner !== undefined && owner !== step.by) return 'AlreadyExists';
        names.set(step.name, step.by);
        return 'true';
      }
      case 'unregister':
        return String(names.delete(step.name));
      default: {
        const to = all[step.to]!;
        if (step.op === 'link' || step.op === 'monitor') {
          if (!to.alive) return 'NotFound';
          if (step.by === step.to) return 'true';
          if (step.op === 'monitor') to.monitors.add(step.by);
          else {
            to.links.add(step.by);
            by.links.add(step.to);
          }
        } else if (step.op === 'unmonitor') to.monitors.delete(step.by);
        else {
          to.links.delete(step.by);
          by.links.delete(step.to);
        }
        return 'true';
      }
    }
  });
  return {
    results,
    heard: all.map(({ heard, alive }) => (alive ? heard.toSorted() : [])),
    alive: all.map(({ alive }) => alive),
    names: NAMES.map((name) => names.get(name) ?? -1),
  };
}

let folder = '';
let node: RunningNode;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-bonds-'));
  await cp(join(import.meta.dirname, 'app'), folder, { recursive: true });
  node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

it(
  'links, monitors, ends and names are as the model has them, over 1,000 histories',
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (history) => {
        const outcome = await node.call('app:history', [
          history.map((step) => dataObject({ ...step })),
          PUPPETS,
          NAMES,
          'app:memory',
        ]);
        if (!outcome.ok) throw new Error(outcome.error.message);
        const got = JSON.parse(JSON.stringify(outcome.values[0])) as unknown;
        expect(got).toEqual(predicted(history));
      }),
      { numRuns: 1000 },
    );
  },
);
