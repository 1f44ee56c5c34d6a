// A life of a service on its node, without a server: what may run of it.
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/core/logger.js';
import { Life } from '../../../src/services/supervision/service-life.js';
import type { ServiceInstance } from '../../../src/services/supervision/service-life.js';
import type { Lease, LeaseLoss, ServiceSettings } from '../../../src/temporal/service-contracts.js';

const settings: ServiceSettings = {
  startTimeoutMs: 60_000,
  stopTimeoutMs: 60_000,
  stableMs: 5000,
  initialDelayMs: 1000,
  maxDelayMs: 1000,
  backoffFactor: 2,
  jitter: 0,
  maxAttempts: 0,
  placement: 'one_node',
  onLostLease: 'stop',
  adoptTimeoutMs: 15_000,
};

/** A life whose start takes until `started` is called; its process asks `mayRun` as a runner does. */
function startingLife(holdsUntil: () => number) {
  let mayRun = (): boolean => false;
  let started: (instance: ServiceInstance) => void = () => undefined;
  const killed: string[] = [];
  const life = new Life(
    { service: 'app:s', kind: 'test', token: 1, settings },
    {
      node: 'here',
      queue: 'here',
      starters: new Map([
        [
          'test',
          (_id, _fence, _signal, asked): Promise<ServiceInstance> => {
            mayRun = asked;
            return new Promise((resolve) => (started = resolve));
          },
        ],
      ]),
      logger: silentLogger,
      tell: () => Promise.resolve(),
      changed: () => undefined,
    },
    holdsUntil,
  );
  const begun = life.begin();
  const instance: ServiceInstance = {
    ended: new Promise(() => undefined),
    stop: (reason) => void killed.push(reason),
    kill: (reason) => void killed.push(reason),
  };
  return { life, begun, killed, mayRun: () => mayRun(), started: () => started(instance) };
}

it('runs while its lease holds', async () => {
  const { begun, mayRun, started } = startingLife(() => Infinity);
  expect(mayRun()).toBe(true);
  started();
  expect(await begun).toBe('Running');
  expect(mayRun()).toBe(true);
});

it('runs nothing of a start that is given up, at once, and ends what comes of it', async () => {
  const { life, begun, killed, mayRun, started } = startingLife(() => Infinity);
  void life.end('lost', 'its node stops');
  expect(mayRun()).toBe(false);
  started();
  expect(await begun).toBe('over');
  expect(mayRun()).toBe(false);
  expect(killed).toEqual(['its start was given up']);
});

it('runs nothing of a start during which its lease has run out', async () => {
  const { begun, killed, mayRun, started } = startingLife(() => -Infinity);
  expect(mayRun()).toBe(false);
  expect(mayRun()).toBe(false);
  started();
  expect(await begun).toBe('over');
  expect(killed).toEqual(['its start was given up']);
});

/** A lease that the server ends when `lose` is called. */
function leaseOf(run: string) {
  let listener: (why: LeaseLoss) => void = () => undefined;
  const lease: Lease = {
    workflowId: 'service',
    runId: run,
    heartbeat: () => undefined,
    signal: { aborted: false, onEnd: (told) => (listener = told) },
  };
  return { lease, lose: (why: LeaseLoss) => listener(why) };
}

it('lets go of a lease that is withdrawn after its life ended unheard, as its node would wait for it for ever', async () => {
  let holdsUntil = Infinity;
  const { life, begun, mayRun } = startingLife(() => holdsUntil);
  const { lease, lose } = leaseOf('first');
  const held = life.take(lease, undefined);
  holdsUntil = -Infinity;
  expect(mayRun()).toBe(false);
  expect(await begun).toBe('over');
  lose('cancelled');
  expect(await held).toMatchObject({ end: 'lost' });
});

it('lets go of its older lease where a newer one comes while its node stops', async () => {
  const { life, begun, started } = startingLife(() => Infinity);
  started();
  expect(await begun).toBe('Running');
  const older = life.take(leaseOf('first').lease, 'Running');
  void life.stopQuietly('its node stops');
  const newer = life.take(leaseOf('second').lease, 'Running');
  expect(await older).toMatchObject({ end: 'lost', reason: 'it has a newer lease' });
  life.release('its node goes');
  expect(await newer).toMatchObject({ end: 'lost', reason: 'its node goes' });
});
