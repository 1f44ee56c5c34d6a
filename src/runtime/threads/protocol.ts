// What the node's main thread and its Lua threads say to each other. A process is named by its PID; commands by their number in it.
// P1: both directions keep their order, so what is said of one process arrives as it was said.
// P2: after `end` a thread says nothing of the process that counts, and after `ended` nobody says anything to it.
import type { Command } from '../../core/command.js';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import type { Identity } from '../../core/identity.js';
import type { Artifact } from '../../lua/engine.js';
import type { Message } from '../../lua/instance-context.js';
import type { Outcome } from '../../lua/step.js';
import type { Answer } from '../../lua/suspend.js';

/**
 * Whose a start is, in memory that both threads share: whoever changes it from WAITS has it. The place of a start belongs to
 * it until its thread has said `began` or `skipped`.
 */
export const Claim = { WAITS: 0, BEGUN: 1, TAKEN_AWAY: 2 } as const;

/** True: the start is now `by` whom it says. */
export const claim = (claims: Int32Array, place: number, by: 1 | 2): boolean =>
  Atomics.compareExchange(claims, place, Claim.WAITS, by) === Claim.WAITS;

/** What a thread is started with. */
export interface ThreadData {
  readonly claims: Int32Array;
  /** For the script. */
  readonly data: unknown;
}

export type ToThread =
  /** The program of this number, for starts from now on; with the first, those before it are forgotten. */
  | {
      readonly is: 'program';
      readonly number: number;
      readonly artifact: Artifact;
      readonly isFirst: boolean;
    }
  | {
      readonly is: 'start';
      readonly pid: string;
      /** Of its claim. */
      readonly place: number;
      readonly entry: string;
      readonly program: number;
      readonly values: Readonly<DataObject>;
      readonly identity: Identity | undefined;
      readonly args: readonly Data[];
    }
  | { readonly is: 'deliver'; readonly pid: string; readonly message: Message }
  | { readonly is: 'answer'; readonly pid: string; readonly id: number; readonly answer: Answer }
  | { readonly is: 'withdraw'; readonly pid: string; readonly error: ErrorData; readonly graceMs: number }
  /** It goes on as another program. */
  | {
      readonly is: 'upgrade';
      readonly pid: string;
      readonly entry: string;
      readonly program: number;
      readonly args: readonly Data[];
      readonly trapsLinks: boolean;
      readonly isUpgradable: boolean;
    }
  | { readonly is: 'end'; readonly pid: string };

export type FromThread =
  | { readonly is: 'began'; readonly pid: string; readonly place: number }
  | { readonly is: 'skipped'; readonly place: number }
  | { readonly is: 'command'; readonly pid: string; readonly id: number; readonly command: Command }
  | { readonly is: 'withdrawn'; readonly pid: string; readonly id: number }
  /** `taken`: messages that have arrived for it so far; `unread`: of those, the ones that it has not received. */
  | { readonly is: 'inbox'; readonly pid: string; readonly taken: number; readonly unread: number }
  | { readonly is: 'ended'; readonly pid: string; readonly outcome: Outcome }
  /** It has nothing to run. */
  | { readonly is: 'quiet' }
  | { readonly is: 'print'; readonly line: string }
  | { readonly is: 'failed'; readonly message: string };
