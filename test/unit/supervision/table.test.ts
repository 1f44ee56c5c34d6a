// What the supervisor knows and does about it, without a server: nodes that come and go at once.
import { describe, expect, it } from 'vitest';
import type { ServiceMachine, ServiceSpec } from '../../../src/temporal/service-contracts.js';
import { ServiceTable } from '../../../workflows/supervision/table.js';

const settings: ServiceSpec['settings'] = {
  startTimeoutMs: 1000,
  stopTimeoutMs: 1000,
  stableMs: 5000,
  initialDelayMs: 1000,
  maxDelayMs: 1000,
  backoffFactor: 2,
  jitter: 0,
  maxAttempts: 0,
  adoptTimeoutMs: 15_000,
  placement: 'one_node',
  onLostLease: 'stop',
};
const single: ServiceSpec = { id: 'app:single', kind: 'test', autoStart: true, requires: [], settings };
const join = (node: string, services: readonly ServiceSpec[] = [single]) => ({
  node,
  queue: `queue of ${node}`,
  startedAt: 0,
  registryVersion: 1,
  services,
  attributes: false,
});
const machine = (more: Partial<ServiceMachine>): ServiceMachine => ({
  state: 'Running',
  wanted: true,
  since: 0,
  reason: '',
  token: 1,
  alive: true,
  attempts: 0,
  ...more,
});

describe('the table of the supervisor', () => {
  it('starts a service again that two nodes handed over and stopped while both of them went', () => {
    const table = new ServiceTable(undefined, 0);
    const { grants } = table.join(join('a'), 0);
    const { token } = grants[0]!;
    table.began(
      {
        node: 'a',
        queue: 'queue of a',
        lives: [{ service: 'app:single', token, state: 'Running', since: 0 }],
      },
      0,
    );
    table.join(join('b'), 0);
    expect(table.nodes.leave('a', 0)).toBe(false); // b serves
    expect(table.orders(0)).toMatchObject([{ command: { verb: 'handover', node: 'a' } }]);
    table.told({ id: 'app:single', seq: 1, machine: machine({ state: 'Starting', token: token + 1 }) }, 0);
    expect(table.nodes.leave('b', 0)).toBe(true); // nobody does
    expect(table.orders(0)).toMatchObject([{ command: { verb: 'stop' } }]);
    // The life has begun on b meanwhile, which says that it has stopped it before its run says that it runs.
    table.nodes.told({ node: 'b', state: 'left', stopped: [{ service: 'app:single', token: token + 1 }] }, 0);
    expect(table.nodes.isDrained('a')).toBe(true);
    expect(table.views.services()).toMatchObject([{ id: 'app:single', state: 'Stopped' }]);
    table.nodes.told({ node: 'a', state: 'left' }, 0);
    expect(table.join(join('c'), 0).grants).toMatchObject([{ service: 'app:single', token: token + 2 }]);
  });
});
