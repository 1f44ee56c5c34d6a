// The state machine of a service. Sealed and pure: time and chance are given.
//
//   Unknown  --start-->   Starting      Starting --running-->  Running
//   Starting, Running     --stop-->     Stopping --ended-->    Stopped
//   Starting, Running     --failed-->   Failed   --due-->      Starting
//   Starting, Running     --returned, final--> Exited           Starting, Running --its node stops--> Stopped
//   any                   --granted--> Starting, Running
//
// R1  One life at a time. A life begins only where there is none, with a token one above the last: tokens only grow.
// R2  start: it is wanted. Without a life one begins (Starting), and failures before it are forgotten; with one that goes on
//     nothing happens; with one that stops, the next begins when that has ended.
// R3  stop: it is not wanted. A life is told to stop (Stopping); without one it is Stopped, or Unknown where it never ran.
// R4  restart is stop and start: a life is told to stop and the next begins when it has ended; without one it is start.
// R5  News of another token than the present life's changes nothing. News that it runs counts in Starting only.
// R6  A life that ends in Stopping leaves Stopped, however it ended; where it is wanted, the next begins at once (R2).
// R7  A life that returned, or ended by an error that stays, leaves Exited. Nothing starts it again but start and restart.
// R8  A life that failed leaves Failed. If it ran for stableMs or longer, the failures before it are forgotten. This is failure
//     number n in a row: the next life begins after min(maxDelay, initialDelay * backoffFactor^(n-1)), times a chance between
//     1 - jitter and 1 + jitter; where maxAttempts is not 0 and n is above it, never.
// R9  A life whose lease is lost is no failure: n stays. With onLostLease `keep` the same life is adopted, with its token and in
//     its state; else, and where there was nothing to adopt, the next begins at once. In Stopping it is R6.
// R10 A run that is of a node ends when there is nothing to adopt: the node is gone. It is Stopped, and still wanted.
// R11 granted: a node began a life by the supervisor's leave (supervision/table.ts, T8). It is wanted, failures before it are
//     forgotten, and the lease of that life is offered to its node. A life before it is over, whatever was heard of it; where the
//     token is not above the last, nothing happens.
// R12 A life that its node stopped, or whose lease somebody withdrew, leaves Stopped, and is not wanted.
// R13 A service that is a child of a group is not started again by itself when it has failed: the group says when (groups.ts).
import type { LifeEnd, ServiceMachine, ServiceSettings } from '../../src/temporal/service-contracts.js';

export type ServiceEvent =
  | { readonly type: 'start' | 'stop' | 'restart' }
  | { readonly type: 'running'; readonly token: number }
  | {
      readonly type: 'granted';
      readonly token: number;
      readonly state: 'Starting' | 'Running';
      readonly since: number;
    }
  | {
      readonly type: 'ended';
      readonly token: number;
      readonly end: LifeEnd;
      readonly reason: string;
      /** How long it was Running. */
      readonly ranMs: number;
      /** The supervisor knows it; nothing to the machine. */
      readonly told?: boolean;
    }
  | { readonly type: 'due' };

export type ServiceEffect =
  /** Offer the lease of a new life. */
  | { readonly type: 'begin'; readonly token: number }
  /** Offer the lease of the life that goes on without one. */
  | { readonly type: 'adopt'; readonly token: number }
  | { readonly type: 'stop'; readonly token: number }
  /** `due` after this time, if nothing else happens. */
  | { readonly type: 'wait'; readonly ms: number };

export interface Moment {
  readonly now: number;
  /** 0 up to 1, 1 excluded. */
  readonly chance: () => number;
}

export interface Turn {
  readonly machine: ServiceMachine;
  readonly effect?: ServiceEffect;
}

export type Rules = Pick<
  ServiceSettings,
  'stableMs' | 'initialDelayMs' | 'maxDelayMs' | 'backoffFactor' | 'jitter' | 'maxAttempts' | 'onLostLease'
> & {
  /** R10. */
  readonly ofNode: boolean;
  /** R13. */
  readonly grouped: boolean;
};

export const unknown = (token: number, now: number): ServiceMachine => ({
  state: 'Unknown',
  wanted: false,
  since: now,
  reason: '',
  token,
  alive: false,
  attempts: 0,
});

export function turn(machine: ServiceMachine, event: ServiceEvent, rules: Rules, moment: Moment): Turn {
  switch (event.type) {
    case 'start':
      return started({ ...machine, wanted: true }, moment);
    case 'restart':
      return machine.alive
        ? stopping({ ...machine, wanted: true }, moment)
        : started({ ...machine, wanted: true }, moment);
    case 'stop':
      return stopped({ ...machine, wanted: false }, moment);
    case 'running':
      if (!machine.alive || event.token !== machine.token || machine.state !== 'Starting') return { machine }; // R5
      return { machine: to(machine, 'Running', '', moment) };
    case 'granted':
      if (event.token <= machine.token) return { machine };
      return {
        machine: {
          ...to(machine, event.state, '', { ...moment, now: event.since }),
          wanted: true,
          alive: true,
          token: event.token,
          attempts: 0,
        },
        effect: { type: 'adopt', token: event.token },
      };
    case 'due':
      if (machine.state !== 'Failed' || machine.retryAt === undefined) return { machine };
      return begin(machine, machine.reason, moment);
    case 'ended':
      if (!machine.alive || event.token !== machine.token) return { machine }; // R5
      return ended(machine, event, rules, moment);
  }
}

/** The delay before life n + 1, when n in a row have failed (R8). */
export function delayMs(
  failures: number,
  rules: Pick<Rules, 'initialDelayMs' | 'maxDelayMs' | 'backoffFactor' | 'jitter'>,
  chance: number,
): number {
  const base = Math.min(rules.maxDelayMs, rules.initialDelayMs * rules.backoffFactor ** (failures - 1));
  return Math.round(base * (1 + rules.jitter * (2 * chance - 1)));
}

function to(
  machine: ServiceMachine,
  state: ServiceMachine['state'],
  reason: string,
  { now }: Moment,
): ServiceMachine {
  const { retryAt: _retryAt, ...rest } = machine;
  return { ...rest, state, reason, since: now };
}

function begin(machine: ServiceMachine, reason: string, moment: Moment): Turn {
  const token = machine.token + 1; // R1
  return {
    machine: { ...to(machine, 'Starting', reason, moment), token, alive: true },
    effect: { type: 'begin', token },
  };
}

function started(machine: ServiceMachine, moment: Moment): Turn {
  if (machine.alive) return { machine };
  return begin({ ...machine, attempts: 0 }, '', moment);
}

function stopping(machine: ServiceMachine, moment: Moment): Turn {
  if (machine.state === 'Stopping') return { machine };
  return {
    machine: to(machine, 'Stopping', '', moment),
    effect: { type: 'stop', token: machine.token },
  };
}

function stopped(machine: ServiceMachine, moment: Moment): Turn {
  if (machine.alive) return stopping(machine, moment);
  if (machine.state === 'Unknown' || machine.state === 'Stopped') return { machine };
  return { machine: to(machine, 'Stopped', '', moment) };
}

function ended(
  before: ServiceMachine,
  { end, reason, ranMs }: Extract<ServiceEvent, { type: 'ended' }>,
  rules: Rules,
  moment: Moment,
): Turn {
  const machine = { ...before, alive: false };
  if (machine.state === 'Stopping') {
    // R6
    if (machine.wanted) return begin({ ...machine, attempts: 0 }, '', moment);
    return { machine: to(machine, 'Stopped', end === 'stopped' ? reason : '', moment) };
  }
  switch (end) {
    case 'returned':
    case 'final':
      return { machine: { ...to(machine, 'Exited', reason, moment), wanted: false } }; // R7
    case 'stopped':
      return { machine: { ...to(machine, 'Stopped', reason, moment), wanted: false } }; // R12
    case 'lost':
      if (rules.onLostLease === 'keep')
        return {
          machine: { ...before, reason },
          effect: { type: 'adopt', token: before.token },
        };
      return begin(machine, reason, moment);
    case 'none':
      if (rules.ofNode) return { machine: to(machine, 'Stopped', reason, moment) }; // R10
      return begin(machine, reason, moment);
    case 'failed': {
      const attempts = (ranMs >= rules.stableMs ? 0 : machine.attempts) + 1;
      const failed = { ...to(machine, 'Failed', reason, moment), attempts };
      if (rules.grouped) return { machine: failed };
      if (rules.maxAttempts !== 0 && attempts > rules.maxAttempts) return { machine: failed };
      const ms = delayMs(attempts, rules, moment.chance());
      return { machine: { ...failed, retryAt: moment.now + ms }, effect: { type: 'wait', ms } };
    }
  }
}
