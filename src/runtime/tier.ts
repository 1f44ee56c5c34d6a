// What can be asked of a process by its PID, wherever it is. The router finds the tier; each tier has its processes:
// this node's memory (topology.ts), runs on Temporal (workflow-tier.ts), other nodes.
// E1: whoever is not there is NotFound at once; what is not built is Unavailable. Nothing is lost in silence.
// E2: `tell` never fails the one who tells: a watcher that is gone need not be told.
import type { CommandContext } from '../core/handler.js';
import type { ErrorData } from '../core/error-data.js';
import type { Message } from '../lua/instance-context.js';
import type { Outcome } from '../lua/step.js';

export type Asked<T> = T | Promise<T>;

/** A monitor hears of any end; a link binds both, and only an abnormal end counts. */
export type Bond = 'monitor' | 'link';

/** That a process has ended, and how. */
export interface Ending {
  /** PID of the one that ended. */
  readonly from: string;
  readonly outcome: Outcome;
}

export interface CancelRequest {
  readonly reason: string;
  /** PID of who asks; undefined: nobody that has one. */
  readonly from: string | undefined;
  /** After which it is ended if it has not ended by itself. Milliseconds; absent: never. */
  readonly deadlineMs?: number;
}

/** Destinations are PIDs as text (names are resolved by then); `context` is there when an instance or a workflow asks. */
export interface Tier {
  send(to: string, message: Message, context?: CommandContext): Asked<void>;
  /** From now on `watcher` is told of the end of `to`. A link is made once on each side. */
  bind(bond: Bond, watcher: string, to: string, context?: CommandContext): Asked<void>;
  /** Undoes it; nothing happens where there is none. */
  unbind(bond: Bond, watcher: string, to: string, context?: CommandContext): Asked<void>;
  cancel(to: string, request: CancelRequest, context?: CommandContext): Asked<void>;
  terminate(to: string, error: ErrorData, context?: CommandContext): Asked<void>;
  /** `watcher`, a process of this tier, hears of an end that it is bound to. */
  tell(bond: Bond, watcher: string, ending: Ending): Asked<void>;
}
