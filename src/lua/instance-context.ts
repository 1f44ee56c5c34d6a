// What a host function may use of the instance it was called in. Sealed.
import type { Command } from '../core/command.js';
import type { Data, DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { HttpExchange } from '../core/http-exchange.js';
import type { Identity } from '../core/identity.js';
import type { Program } from '../core/program.js';
import type { CancelScope } from './instance/cancel-scope.js';
import type { Answer } from './suspend.js';
import type { LuaFunction, LuaTable, LuaValue } from './values.js';

/** Answers that must not suspend: clock, chance and output. A node gives real ones, a workflow deterministic ones. */
export interface InstanceHost {
  /** Nanoseconds since the epoch. In a workflow: the time of the current task. */
  now(): bigint;
  /** Uniform in [0, 1). */
  random(): number;
  /** `n` random bytes as a byte string. */
  randomBytes(n: number): string;
  /** A UUID of version 4. */
  uuid(): string;
  /** Receives `print`; one call a line, without the newline, as a byte string. */
  print(line: string): void;
  /** A command whose answer nobody wants (logger.write, events.send): done at once, and in a workflow not again on replay. */
  emit(command: Command): void;
  /**
   * Begins a command in the middle of a step; its handler neither ends nor enters this instance. Gives the answer, or undefined
   * when it is still to come: the step then issues this very command. Absent: commands are only issued.
   */
  answerAtOnce?(command: Command): Answer | undefined;
  /** What would be delivered next if the step ended now; undefined: nothing, or no message. Absent: each message has a step. */
  nextMessage?(): Message | undefined;
  /** The instance's PID as text, e.g. `{app:processes|0x01}`. */
  readonly pid: string;
  /** Context values (ctx module), inherited by calls and spawns. */
  readonly context: Readonly<DataObject>;
  /** Whom the call acts for (security module); absent: nobody was named. */
  readonly identity?: Identity | undefined;
  /** 'node' where commands are answered at once, 'workflow' where they are recorded. */
  readonly place: 'node' | 'workflow';
  /** Instructions after which a step gives up its turn, so that others of the thread get theirs; absent: never. */
  readonly turnInstructions?: number;
  /** Facts of the workflow run; absent outside one. */
  readonly workflow?: () => DataObject;
  /** Whether steps tell where in Lua each command was issued: a replay that explains itself. Default false. */
  readonly tracesCommands?: boolean;
  /** What a node computes faster than sealed code does, with the same results; absent in a workflow. */
  readonly native?: NativeSupport;
  /** What the process was told by process.set_options, also where another program of it was; absent: it begins with none. */
  readonly trapsLinks?: boolean;
  readonly isUpgradable?: boolean;
  /** The HTTP request that is answered; absent where none is. */
  readonly exchange?: HttpExchange | undefined;
}

export type DigestName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
export type CipherName = 'aes-gcm' | 'chacha20-poly1305';

/** Strings are byte strings. */
export interface NativeSupport {
  /** The digest of `data`; an HMAC with a key. */
  digest(name: DigestName, data: string, key?: string): string;
  /** Ciphertext and its 16 bytes of tag. */
  seal(name: CipherName, key: string, nonce: string, data: string, associated: string): string;
  /** The reverse; undefined when the tag does not fit. */
  open(name: CipherName, key: string, nonce: string, data: string, associated: string): string | undefined;
}

/** A message as it reaches an inbox or a listened topic. */
export interface Message {
  readonly topic: string;
  /** Sender's PID; undefined when unknown. */
  readonly from: string | undefined;
  readonly payloads: readonly Data[];
}

/** A message of which no coroutine has received the payloads from `payload` on, counted from 0. */
export interface Unread {
  readonly message: Message;
  readonly payload: number;
  /** What `deliver` was told of it. */
  readonly arrival: number;
}
/** What a listener holds and nobody has received yet: a channel whose values have an Unread each as their origin. */
export interface UnreadHolder {
  readonly length: number;
  origins(): readonly object[];
}

/** A command that nobody waits for in Lua terms: a timer behind a channel, a future. */
export interface Background {
  /** Asks the host to withdraw the command; its answer, if any still comes, is dropped. */
  cancel(): void;
}

export interface InstanceContext {
  readonly program: Program;
  readonly host: InstanceHost;
  /** What runs now: main and what it spawned, a handler (Instance.invoke) or a reader (Instance.consult). */
  readonly running: 'program' | 'handler' | 'reader';
  /** Throws Invalid in a reader; `what` says what it may not do, e.g. `a channel send`. */
  mustNotRead(what: string): void;
  newTable(): LuaTable;
  /** Runs `fn` as a coroutine of its own, started after the current step gives way. */
  spawn(fn: LuaFunction, args: readonly LuaValue[]): void;
  /** The innermost scope around what runs; undefined: only the whole run can be cancelled. */
  readonly scope: CancelScope | undefined;
  /** From now on the running coroutine, and what it spawns, is in `scope`. Gives the one it was in. */
  enter(scope: CancelScope | undefined): CancelScope | undefined;
  /**
   * Cancels a scope: commands asked for in it are withdrawn by the host and answered with `error`, which is of kind Canceled,
   * where they did not end otherwise; coroutines that wait in it for something else get it raised.
   */
  cancelScope(scope: CancelScope, error: ErrorData): void;
  /** The host's answer to a command, where it has one at once; undefined: the command is to be issued. */
  answerAtOnce(command: Command): Answer | undefined;
  /** Delivers the next message in this step, where it would come as soon as the coroutine that runs waits; false: there is none. */
  pull(): boolean;
  /** Issues a command without suspending; `answered` runs inside a later step. */
  background(command: Command, answered: (answer: Answer) => void): Background;
  /**
   * Takes messages for `topic` before the inbox does; returns how to stop. '' takes what no other listener does (the inbox).
   * `unread` tells what of them the program has not received yet.
   */
  listen(
    topic: string,
    deliver: (message: Message, arrival: number) => void,
    unread?: UnreadHolder,
  ): () => void;
  /** State of a module in this instance, made at first use. The key is the module's own object. */
  state<T extends object>(key: object, make: () => T): T;
}

/** The first argument of every host function. Valid only until that function returns. */
export interface HostCall {
  readonly instance: InstanceContext;
  /** `file:line` of the Lua call site, e.g. `order.lua:12`; '' when unknown. */
  where(): string;
  /** Lua stack of the calling coroutine, one frame a line, innermost first. */
  traceback(): string;
  /**
   * Counts work that grows with its input against the budget of the step, in instructions (about 10 ns each). Throws past
   * every pcall where that is more than is left, so a function charges before it does the work.
   */
  charge(units: number): void;
  /** InstanceContext.answerAtOnce, where the code could wait: whoever may not wait gets no answer either. */
  answerAtOnce(command: Command): Answer | undefined;
  /** On a node: the host has brought something, so the budget of the step begins anew, as if the code had waited for it. */
  renewBudget(): void;
}
