// How much an inbox holds, and who waits for room in one that is full.
// W1: senders that wait get their room in the order in which they came; nobody overtakes them.
// W2: nobody waits for ever: after a while, and when the process ends, they get an error; a sender that has ended is not waited for.
import { PlatformError } from '../core/errors.js';
import type { CommandContext } from '../core/handler.js';
import type { Message } from '../lua/instance-context.js';

export interface InboxLimit {
  /** The host whose limit it is. */
  readonly host: string;
  /** Messages that have come and that no coroutine has received. */
  readonly most: number;
  /** Whether senders wait for room, or are refused at once. */
  readonly waits: boolean;
}

export const DEFAULT_INBOX_SIZE = 10_000;
/** Of what has no host in an entry: functions. */
export const DEFAULT_INBOX: InboxLimit = Object.freeze({
  host: 'functions',
  most: DEFAULT_INBOX_SIZE,
  waits: true,
});

/** How long a sender waits for room. Milliseconds; well below the time in which another node has to answer. */
const WAIT_MS = 10_000;

export class InboxFullError extends PlatformError {
  override readonly name = 'InboxFullError';
  readonly code = 'INBOX_FULL';
  override readonly kind = 'RateLimited' as const;
  override readonly retryable = true;
  constructor(pid: string, { host, most }: InboxLimit, more = '') {
    super(
      `the inbox of ${pid} is full${more}: ${most} messages have come that it has not received, all that host.inbox_size of '${host}' allows; send more slowly, or have it receive`,
    );
  }
}

interface Sender {
  readonly message: Message;
  readonly sent: () => void;
  readonly failed: (error: Error) => void;
  readonly late: NodeJS.Timeout;
}

export class WaitingSenders {
  readonly #senders = new Set<Sender>();

  get isEmpty(): boolean {
    return this.#senders.size === 0;
  }

  /** Resolves when the message has been taken. */
  wait(message: Message, full: () => Error, context?: Pick<CommandContext, 'onAbort'>): Promise<void> {
    return new Promise((sent, failed) => {
      const late = setTimeout(() => {
        if (this.#senders.delete(sender)) failed(full());
      }, WAIT_MS);
      const sender: Sender = { message, sent, failed, late };
      this.#senders.add(sender);
      context?.onAbort(() => {
        clearTimeout(late);
        this.#senders.delete(sender);
      });
    });
  }

  /** The message of who has waited longest, which is told that it was taken. */
  take(): Message | undefined {
    for (const sender of this.#senders) {
      this.#senders.delete(sender);
      clearTimeout(sender.late);
      sender.sent();
      return sender.message;
    }
    return undefined;
  }

  refuse(error: Error): void {
    for (const { late, failed } of this.#senders) {
      clearTimeout(late);
      failed(error);
    }
    this.#senders.clear();
  }
}

export const waitedInVain = ` and was so for ${WAIT_MS} ms`;
