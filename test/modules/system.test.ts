import { describe, expect, it } from 'vitest';
import { systemHandlers } from '../../src/modules/system/host.js';
import type { SystemAccess } from '../../src/modules/system/host.js';
import { systemSpec } from '../../src/modules/system/spec.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';
import { SoleCluster } from '../../src/runtime/relay/sole-cluster.js';

const exits: number[] = [];
const access: SystemAccess = {
  node: 'machine:1',
  others: () => [],
  locks: () => new SoleCluster({ whenEnded: () => true, cancel: () => undefined }),
  exit: (code) => void exits.push(code),
  running: () => 3,
  modules: () => [],
  hosts: () => [{ id: 'app:host', workers: 1, processes: 2, queued: 3 }],
  processes: (host: string) =>
    host === 'app:host'
      ? [{ pid: '{app:host|0x1}', entry: 'app:worker', state: 'waiting', since: 1_700_000_000_000 }]
      : undefined,
  services: () => [
    {
      id: 'app:a',
      status: 'Failed',
      desired: 'Running',
      lastUpdate: 1_700_000_000_123_000_000n,
      details: 'it broke',
    },
  ],
};
const lua = (body: string, allow = true, place: 'node' | 'workflow' = 'node') =>
  evaluate(body, {
    modules: [systemSpec],
    answers: nodeAnswers(
      systemHandlers(access, () => allow),
      { entry: 'app:main' },
    ),
    host: { place },
  });

describe('system', () => {
  it('tells the figures of this process', async () => {
    expect(
      await lua(
        'return system.process.pid(), system.process.cwd(), system.runtime.goroutines(), system.memory.allocated() > 1e6',
      ),
    ).toEqual([process.pid, process.cwd(), 3, true]);
  });

  it('counts collections', async () => {
    const [before, after] = await lua(
      'local a = system.memory.stats().num_gc system.gc.collect() return a, system.memory.stats().num_gc',
    );
    expect(after).toBeGreaterThanOrEqual(before as number);
  });

  it('tells the state of services', async () => {
    expect(await lua('return system.supervisor.states(), system.supervisor.state("app:a").details')).toEqual([
      [
        {
          id: 'app:a',
          status: 'Failed',
          desired: 'Running',
          last_update: 1_700_000_000_123_000_000n,
          details: 'it broke',
        },
      ],
      'it broke',
    ]);
  });

  it('tells the process hosts and what runs on one', async () => {
    expect(await lua('return system.hosts.list(), system.hosts.processes("app:host")')).toEqual([
      [{ id: 'app:host', workers: 1, processes: 2, stolen: 0, queue_depth: 3 }],
      [
        {
          pid: '{app:host|0x1}',
          host: 'app:host',
          source: 'app:worker',
          state: 'waiting',
          started_at: 1_700_000_000_000_000_000n,
        },
      ],
    ]);
    expect(await lua('local v, err = system.hosts.processes("app:none") return v, err:kind()')).toEqual([
      '<nil>',
      'NotFound',
    ]);
  });

  it('ends the node with a code, but not from a workflow', async () => {
    expect(await lua('return system.exit(), system.exit(7)')).toEqual([true, true]);
    expect(exits).toEqual([0, 7]);
    expect(await lua('local v, err = system.exit(1) return v, err:kind()', true, 'workflow')).toEqual([
      '<nil>',
      'Invalid',
    ]);
    expect(exits).toEqual([0, 7]);
  });

  it.each([
    'memory.stats()',
    'memory.allocated()',
    'memory.get_limit()',
    'gc.collect()',
    'runtime.goroutines()',
    'runtime.cpu_count()',
    'process.pid()',
    'process.hostname()',
    'process.cwd()',
    'hosts.list()',
    'hosts.processes("app:host")',
    'supervisor.states()',
    'supervisor.state("app:a")',
    'node.id()',
    'node.role()',
    'cluster.members()',
    'cluster.leader()',
    'cluster.size()',
    'modules()',
    'exit()',
  ])('system.%s asks for permission', async (call) => {
    expect(await lua(`local v, err = system.${call} return v, err:kind()`, false)).toEqual([
      '<nil>',
      'PermissionDenied',
    ]);
  });

  it.each([
    ['supervisor.state("")', 'Invalid'],
    ['supervisor.state()', 'Invalid'],
    ['supervisor.state("app:b")', 'NotFound'],
    ['runtime.max_procs(0)', 'Invalid'],
    ['runtime.max_procs(2)', 'Unavailable'],
    ['exit(-1)', 'Invalid'],
    ['exit(1.5)', 'Invalid'],
  ])('system.%s is %s', async (call, kind) => {
    expect(await lua(`local v, err = system.${call} return v, err:kind()`)).toEqual(['<nil>', kind]);
  });
});
