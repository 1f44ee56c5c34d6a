// The state machine of a service against its written rules: a world of lives, crashes, stops, timeouts and lost nodes drives it,
// and a second opinion, which knows only what has happened so far, says what must be.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LifeEnd, ServiceMachine, ServiceState } from '../../../src/temporal/service-contracts.js';
import { delayMs, turn, unknown } from '../../../workflows/supervision/machine.js';
import type { Rules, ServiceEffect, ServiceEvent } from '../../../workflows/supervision/machine.js';

const RULES: Rules = {
  stableMs: 5000,
  initialDelayMs: 1000,
  maxDelayMs: 90_000,
  backoffFactor: 2,
  jitter: 0.1,
  maxAttempts: 0,
  onLostLease: 'stop',
  ofNode: false,
  grouped: false,
};

/** What the world may do. `stale`: news and ends of a life that is over. */
type Happening =
  | {
      readonly what:
        'start' | 'stop' | 'restart' | 'running' | 'due' | 'nodeLost' | 'startTimeout' | 'nodeStops';
    }
  | { readonly what: 'granted'; readonly state: 'Starting' | 'Running' }
  | { readonly what: 'ends'; readonly how: 'returned' | 'failed' | 'final' }
  | { readonly what: 'stale'; readonly news: 'running' | 'ended' }
  | { readonly what: 'time'; readonly ms: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Happening>({ what: 'start' }) },
  { weight: 2, arbitrary: fc.constant<Happening>({ what: 'stop' }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ what: 'restart' }) },
  { weight: 6, arbitrary: fc.constant<Happening>({ what: 'running' }) },
  { weight: 6, arbitrary: fc.constant<Happening>({ what: 'due' }) },
  { weight: 2, arbitrary: fc.constant<Happening>({ what: 'nodeLost' }) },
  { weight: 2, arbitrary: fc.constant<Happening>({ what: 'startTimeout' }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ what: 'nodeStops' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('granted' as const),
      state: fc.constantFrom('Starting' as const, 'Running' as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('ends' as const),
      how: fc.constantFrom('returned' as const, 'failed' as const, 'failed' as const, 'final' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('stale' as const),
      news: fc.constantFrom('running' as const, 'ended' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 9000 }) }),
  },
);

const rules: fc.Arbitrary<Rules> = fc.record({
  stableMs: fc.constantFrom(1, 5000),
  initialDelayMs: fc.constantFrom(0, 1000),
  maxDelayMs: fc.constantFrom(3000, 90_000),
  backoffFactor: fc.constantFrom(1, 1.5, 2),
  jitter: fc.constantFrom(0, 0.1, 1),
  maxAttempts: fc.constantFrom(0, 0, 1, 3),
  onLostLease: fc.constantFrom('stop' as const, 'keep' as const),
  ofNode: fc.boolean(),
  grouped: fc.boolean(),
});

/** The picture at the head of the file as a table; what is not in it does not change the state. */
const PICTURE: Readonly<Record<string, ServiceState>> = {
  'Unknown start': 'Starting',
  'Stopped start': 'Starting',
  'Exited start': 'Starting',
  'Failed start': 'Starting',
  'Unknown restart': 'Starting',
  'Stopped restart': 'Starting',
  'Exited restart': 'Starting',
  'Failed restart': 'Starting',
  'Starting restart': 'Stopping',
  'Running restart': 'Stopping',
  'Starting stop': 'Stopping',
  'Running stop': 'Stopping',
  'Exited stop': 'Stopped',
  'Failed stop': 'Stopped',
  'Starting running': 'Running',
  'Starting returned': 'Exited',
  'Running returned': 'Exited',
  'Starting final': 'Exited',
  'Running final': 'Exited',
  'Starting failed': 'Failed',
  'Running failed': 'Failed',
  'Failed due': 'Starting',
};

/** What has happened, as the second opinion knows it. */
interface Fact {
  readonly fact: 'command' | 'failed';
  readonly stable?: boolean;
}

class World {
  machine: ServiceMachine = unknown(7, 0);
  now = 0;
  /** The life that a node has, by its token; undefined: none. */
  life: { token: number; runningSince: number | undefined } | undefined;
  timer: number | undefined;
  readonly tokens: number[] = [];
  readonly facts: Fact[] = [];
  readonly rules: Rules;
  readonly chances: () => number;

  constructor(given: Rules, chances: () => number) {
    this.rules = given;
    this.chances = chances;
  }

  feed(event: ServiceEvent): ServiceEffect | undefined {
    const { machine, effect } = turn(this.machine, event, this.rules, {
      now: this.now,
      chance: this.chances,
    });
    this.machine = machine;
    if (machine.retryAt === undefined) this.timer = undefined;
    switch (effect?.type) {
      case 'begin':
        expect(this.life, 'R1: a life begins only where there is none').toBeUndefined();
        for (const token of this.tokens) expect(effect.token).toBeGreaterThan(token);
        this.tokens.push(effect.token);
        this.life = { token: effect.token, runningSince: undefined };
        break;
      case 'adopt':
        expect(effect.token).toBe(this.tokens.at(-1));
        break;
      case 'stop':
        expect(effect.token).toBe(this.life?.token);
        break;
      case 'wait':
        this.timer = this.now + effect.ms;
        break;
      case undefined:
        break;
    }
    return effect;
  }

  /** Failures in a row, from what has happened alone (R2, R8). */
  failures(): number {
    let count = 0;
    for (const { fact, stable } of this.facts) {
      if (fact === 'command') count = 0;
      else count = stable === true ? 1 : count + 1;
    }
    return count;
  }

  end(end: LifeEnd, reason: string): ServiceEffect | undefined {
    const { life } = this;
    if (life === undefined) throw new Error('there is no life');
    this.life = undefined;
    const ranMs = life.runningSince === undefined ? 0 : this.now - life.runningSince;
    return this.feed({ type: 'ended', token: life.token, end, reason, ranMs });
  }
}

function happen(world: World, happened: Happening): void {
  const before = world.machine;
  const { life } = world;
  const expectState = (event: string): void =>
    expect(world.machine.state, `${before.state} ${event}`).toBe(
      PICTURE[`${before.state} ${event}`] ?? before.state,
    );
  switch (happened.what) {
    case 'time':
      world.now += happened.ms;
      return;
    case 'start':
    case 'restart':
      if (life === undefined) world.facts.push({ fact: 'command' }); // R2
      world.feed({ type: happened.what });
      expectState(happened.what);
      expect(world.machine.wanted).toBe(true);
      break;
    case 'stop':
      world.feed({ type: 'stop' });
      expectState('stop');
      expect(world.machine.wanted).toBe(false);
      break;
    case 'running':
      if (life === undefined || life.runningSince !== undefined) return;
      life.runningSince = world.now;
      world.feed({ type: 'running', token: life.token });
      expectState('running');
      break;
    case 'due':
      if (world.timer === undefined) {
        world.feed({ type: 'due' }); // a timer that comes late
        expect(world.machine).toEqual(before);
        return;
      }
      world.now = Math.max(world.now, world.timer);
      world.timer = undefined;
      world.feed({ type: 'due' });
      expectState('due');
      expect(world.machine.attempts).toBe(before.attempts);
      break;
    case 'stale': {
      const token = (life?.token ?? before.token + 1) - 1;
      world.feed(
        happened.news === 'running'
          ? { type: 'running', token }
          : { type: 'ended', token, end: 'failed', reason: 'old', ranMs: 0 },
      );
      expect(world.machine).toEqual(before); // R5
      return;
    }
    case 'startTimeout':
      if (life === undefined || life.runningSince !== undefined) return;
      ends(world, 'failed', 'it did not start in time');
      break;
    case 'ends':
      if (life === undefined) return;
      ends(world, happened.how, happened.how);
      break;
    case 'nodeLost':
      if (life === undefined) return;
      lost(world, life);
      break;
    case 'nodeStops': {
      if (life === undefined) return;
      const { wanted, state } = before;
      if (state === 'Stopping' && wanted) world.facts.push({ fact: 'command' });
      world.end('stopped', 'its node stops');
      if (state === 'Stopping' && wanted)
        expect(world.machine.state).toBe('Starting'); // R6
      else expect(world.machine).toMatchObject({ state: 'Stopped', wanted: false, alive: false }); // R12
      break;
    }
    case 'granted': {
      const { state } = happened;
      world.feed({ type: 'granted', token: before.token, state, since: world.now });
      expect(world.machine).toEqual(before); // R11: an old one
      const token = before.token + 1;
      world.facts.push({ fact: 'command' });
      world.tokens.push(token);
      world.life = { token, runningSince: state === 'Running' ? world.now : undefined };
      const effect = world.feed({ type: 'granted', token, state, since: world.now });
      expect(effect).toEqual({ type: 'adopt', token });
      expect(world.machine).toMatchObject({ state, token, wanted: true, alive: true, attempts: 0 }); // R11
      break;
    }
  }
}

function ends(world: World, how: 'returned' | 'failed' | 'final', reason: string): void {
  const before = world.machine;
  const life = world.life!;
  const stopping = before.state === 'Stopping';
  if (!stopping && how === 'failed') {
    const ran = life.runningSince === undefined ? 0 : world.now - life.runningSince;
    world.facts.push({ fact: 'failed', stable: ran >= world.rules.stableMs });
  }
  if (stopping && before.wanted) world.facts.push({ fact: 'command' });
  const effect = world.end(how, reason);
  const { machine, rules: given } = world;
  if (stopping) {
    expect(machine.state).toBe(before.wanted ? 'Starting' : 'Stopped'); // R6
    return;
  }
  expect(machine.state).toBe(PICTURE[`${before.state} ${how}`]);
  expect(machine.reason).toBe(reason);
  if (how !== 'failed') {
    expect(effect).toBeUndefined(); // R7
    expect(machine.retryAt).toBeUndefined();
    return;
  }
  const failures = world.failures();
  expect(machine.attempts).toBe(failures); // R8
  // R13, R8
  if (given.grouped || (given.maxAttempts !== 0 && failures > given.maxAttempts)) {
    expect(effect).toBeUndefined();
    expect(machine.retryAt).toBeUndefined();
    return;
  }
  const base = Math.min(given.maxDelayMs, given.initialDelayMs * given.backoffFactor ** (failures - 1));
  expect(effect?.type).toBe('wait');
  const ms = (effect as { ms: number }).ms;
  expect(ms).toBeGreaterThanOrEqual(Math.floor(base * (1 - given.jitter)));
  expect(ms).toBeLessThanOrEqual(Math.ceil(base * (1 + given.jitter)));
  expect(machine.retryAt).toBe(world.now + ms);
}

function lost(world: World, life: NonNullable<World['life']>): void {
  const before = world.machine;
  const failures = before.attempts;
  if (before.state === 'Stopping') {
    if (before.wanted) world.facts.push({ fact: 'command' });
    world.end('lost', 'its node is gone');
    expect(world.machine.state).toBe(before.wanted ? 'Starting' : 'Stopped'); // R6
    return;
  }
  const effect = world.end('lost', 'its node is gone');
  if (world.rules.onLostLease === 'keep') {
    expect(effect).toEqual({ type: 'adopt', token: life.token }); // R9
    expect(world.machine).toMatchObject({ state: before.state, alive: true, attempts: failures });
    world.life = life; // it lives on; half of the nodes are really gone
    if (world.chances() < 0.5) return;
    world.end('none', 'its node is gone');
    if (world.rules.ofNode) {
      expect(world.machine).toMatchObject({ state: 'Stopped', wanted: before.wanted, alive: false }); // R10
      return;
    }
  }
  expect(world.machine).toMatchObject({ state: 'Starting', attempts: failures, alive: true }); // R9
  expect(world.machine.token).toBe(life.token + 1);
}

describe('the state machine of a service', () => {
  it('follows its rules through 1,000 random histories of crashes, stops, timeouts and lost nodes', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        rules,
        fc.array(happening, { minLength: 5, maxLength: 80 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 999_999 })),
        (given, history, chances) => {
          const world = new World(given, () => (chances.next().value as number) / 1_000_000);
          for (const happened of history) {
            const before = world.machine.state;
            happen(world, happened);
            expect(world.machine.alive, 'a life for the machine is a life in the world').toBe(
              world.life !== undefined,
            );
            expect(world.machine.alive).toBe(
              ['Starting', 'Running', 'Stopping'].includes(world.machine.state),
            );
            seen.add(`${before} ${happened.what} ${world.machine.state}`);
          }
        },
      ),
      { numRuns: 1000 },
    );
    // Every arrow of the picture was gone.
    for (const arrow of [
      'Unknown start Starting',
      'Starting running Running',
      'Running ends Failed',
      'Running ends Exited',
      'Starting startTimeout Failed',
      'Failed due Starting',
      'Running stop Stopping',
      'Stopping ends Stopped',
      'Stopping ends Starting',
      'Running nodeLost Starting',
      'Running nodeLost Running',
      'Running nodeLost Stopped',
      'Running nodeStops Stopped',
      'Unknown granted Running',
      'Stopped granted Starting',
    ])
      expect(seen).toContain(arrow);
  });

  it('waits as the table of the guide says', () => {
    const base = (failures: number, chance: number): number => delayMs(failures, RULES, chance);
    expect([1, 2, 3, 4].map((n) => base(n, 0.5))).toEqual([1000, 2000, 4000, 8000]);
    expect([base(1, 0), base(4, 0)]).toEqual([900, 7200]);
    expect(base(20, 0.5)).toBe(90_000);
    expect(base(20, 0)).toBe(81_000);
    expect(base(20, 1)).toBe(99_000);
  });
});
