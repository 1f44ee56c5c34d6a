// How the host answers commands on a node. Durable handlers are in modules/<name>/durable.ts and workflows/.
// H1: a handler answers with plain data, or throws a PlatformError (or HandlerError), which Lua gets as its error object.
// H2: what a handler opens for an instance (a transaction, a cursor) it hands to `context.own`, which closes it with the instance.
import type { Command } from './command.js';
import type { Data, DataObject } from './data.js';
import type { HttpBody } from './http-exchange.js';
import type { Identity } from './identity.js';

declare global {
  /** Named here because sealed rooms have no types of Node; merges with Node's own declaration. */
  interface AbortSignal {
    readonly aborted: boolean;
  }
}

/** The activity within which a call runs. */
export interface ActivityAccess {
  /** What Lua gets by `activity.info()`. */
  info(): DataObject;
  /** Tells the server how far the work is. Throws PlatformError when the details may not be recorded. */
  heartbeat(details: Data): void;
}

export interface CommandContext {
  /** PID text of the asking instance; undefined for commands that a workflow sent through an activity. */
  readonly pid: string | undefined;
  /** PID text of who asks: the instance, or the workflow whose activity brings the command. */
  readonly asker: string | undefined;
  /** Entry id of the asking program. */
  readonly entry: string;
  /** Context values of the call. */
  readonly values: Readonly<DataObject>;
  /** The instance has ended or has withdrawn the command. */
  readonly aborted: boolean;
  /** Aborted then. Made when it is asked for: it costs as much as a hundred commands. */
  readonly signal: AbortSignal;
  /** As the signal, at a hundredth of its cost: for commands that there are many of. One listener: a second one throws. */
  onAbort(listener: () => void): void;
  /** `<run id>/<sequence>` when a workflow asks; resources that can pass it on. */
  readonly idempotencyKey: string | undefined;
  /** Whom the call acts for; absent: nobody was named. */
  readonly identity?: Identity | undefined;
  /** Absent for calls that no activity made. */
  readonly activity?: ActivityAccess | undefined;
  /** Absent for calls that answer no HTTP request. */
  readonly http?: HttpBody | undefined;
  /** Opens or finds the running resource of an entry (a database, a store). Throws NotFound, Unavailable or Invalid (wrong kind). */
  resource<T extends object>(entry: string, kind: string): Promise<T>;
  /** Keeps `handle` until the instance ends; returns a number that Lua-side state can carry. */
  own(handle: AsyncDisposable): number;
  owned<T extends AsyncDisposable>(handle: number): T;
  /** Closes an owned handle now. */
  release(handle: number): Promise<void>;
}

export type HostHandler = (command: Command, context: CommandContext) => Data | Promise<Data>;
export type HostHandlers = Readonly<Record<string, HostHandler>>;
