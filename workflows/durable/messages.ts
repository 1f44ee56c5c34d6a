// Messages of a run: signals in, signals out. Sealed.
// M1: every signal is a message: its name is the topic, its arguments are the payloads; so the UI, the CLI and any SDK can send.
// M2: between runs at most one signal is in flight for each pair; what is sent meanwhile travels in the next one as a batch,
//     so that the order of one sender is kept. A receiver drops what it has seen.
// M3: a signal that cannot be read is dropped with a warning: it must not wedge the run.
import { getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import { dataObject } from '../../src/core/data.js';
import { isPlatformRun, PlatformRunError } from '../../src/core/platform-runs.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { tryPid } from '../../src/core/ids.js';
import { toBytes, toTextLossy } from '../../src/core/text.js';
import { encodeWire } from '../../src/core/wire.js';
import type { BatchedMessage, Carried, Seen } from '../../src/temporal/contracts.js';
import {
  EVENT_SIGNAL,
  HEADERS,
  INBOX_SIGNAL,
  RESUME,
  UPGRADE_SIGNAL,
  WATCH_SIGNAL,
} from '../../src/temporal/names.js';
import { toDataOrThrow } from '../../src/temporal/payload-converter.js';
import type { IncomingSignal } from '../session.js';
import type { Outgoing } from './context.js';
import type { Exits } from './exits.js';
import { readTextHeader } from './headers.js';
import { asObject } from './options.js';
import { later } from './run.js';
import type { DurableHandler, DurableHandlers, Run } from './run.js';
import type { Routes } from './routes.js';

/** Below the server's limit for one payload with room for the rest of the signal. */
const BATCH_BYTES = 200_000;

// --- in -------------------------------------------------------------------------------------------------------------

export interface InboxOptions {
  readonly run: Run;
  readonly exits: Exits;
  /** Entry id of its program; a byte string. */
  readonly entry: string;
  /** From the run before this one. */
  readonly seen: Carried['seen'] | undefined;
}

/** Turns signals into messages and events. */
export class Inbox {
  readonly #options: InboxOptions;
  /** Of each sender its newest run and the highest sequence seen of that (M2). */
  readonly #seen: Map<string, Seen>;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#seen = new Map(Object.entries(options.seen ?? {}));
  }

  get seen(): Carried['seen'] {
    return Object.fromEntries(this.#seen);
  }

  receive(signal: IncomingSignal): void {
    try {
      this.#take(signal.name, signal.args.map(toDataOrThrow), readTextHeader(signal.headers, HEADERS.from));
    } catch (error) {
      // M3
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`a signal '${signal.name}' was dropped: ${reason}`);
    }
  }

  #take(name: string, args: readonly Data[], from: string | undefined): void {
    const { run, exits } = this.#options;
    const topic = toBytes(name);
    switch (name) {
      case INBOX_SIGNAL:
        for (const item of Array.isArray(args[0]) ? args[0] : []) this.#batched(asObject(item));
        return;
      case EVENT_SIGNAL:
        exits.heard(asObject(args[0]));
        return;
      case WATCH_SIGNAL:
        exits.watch(asObject(args[0]));
        return;
      case RESUME:
        run.goOn();
        return;
      case UPGRADE_SIGNAL:
        run.suggestNext(this.#options.entry);
        return;
      default:
        if (name.startsWith('@') || name.startsWith('moontide.'))
          throw new Error('names that begin so belong to the platform');
        run.deliver({ topic, from, payloads: args });
    }
  }

  #batched(item: DataObject | undefined): void {
    const { from, seq, topic, body, run = '' } = item ?? {};
    if (
      typeof from !== 'string' ||
      typeof seq !== 'number' ||
      typeof topic !== 'string' ||
      typeof run !== 'string' ||
      !Array.isArray(body)
    )
      throw new Error('a batch holds { from, seq, topic, body }');
    if (topic.startsWith('@')) throw new Error('topics that begin with @ belong to the platform');
    const seen = this.#seen.get(from);
    if (seen?.run === run && seq <= seen.seq) return;
    this.#seen.set(from, { run, seq });
    this.#options.run.deliver({ topic, from, payloads: body });
  }
}

// --- out ------------------------------------------------------------------------------------------------------------

interface Waiting {
  readonly topic: string;
  readonly body: readonly Data[];
  readonly bytes: number;
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}
interface Target {
  readonly workflowId: string;
  /** Understands batches: a run of ours. */
  readonly ours: boolean;
  readonly queue: Waiting[];
  busy: boolean;
  sequence: number;
}

export interface OutboxOptions {
  readonly run: Run;
  readonly outgoing: Outgoing;
  readonly pid: string;
}

/** Sends signals to other runs, in order (M2). */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #targets = new Map<string, Target>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Resolves when the signal that carries the message was taken; rejects with NotFound when the run is not there, with PermissionDenied when it is the platform's. */
  send(workflowId: string, ours: boolean, topic: string, body: readonly Data[]): Promise<void> {
    if (isPlatformRun(workflowId)) return Promise.reject(new PlatformRunError(workflowId));
    let target = this.#targets.get(workflowId);
    if (target === undefined)
      this.#targets.set(workflowId, (target = { workflowId, ours, queue: [], busy: false, sequence: 0 }));
    const { queue } = target;
    const bytes = encodeWire([...body]).length + topic.length + 200;
    const promise = new Promise<void>((sent, failed) => {
      queue.push({ topic, body, bytes, sent, failed });
    });
    if (!target.busy) {
      target.busy = true;
      const idle = target;
      // After this step, so that what the program sends at once goes at once.
      this.#options.run.keep(
        this.#options.run.shielded(async () => {
          await Promise.resolve();
          await this.#drain(idle);
        }),
        () => undefined, // told to the senders
      );
    }
    return promise;
  }

  async #drain(target: Target): Promise<void> {
    for (let batch = take(target); batch.length > 0; batch = take(target)) {
      try {
        await this.#signal(target, batch);
        for (const { sent } of batch) sent();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    target.busy = false;
  }

  #signal(target: Target, batch: readonly Waiting[]): Promise<void> {
    const { outgoing, pid, run } = this.#options;
    const { signals } = run.open;
    const { runId } = workflowInfo();
    const handle = getExternalWorkflowHandle(target.workflowId);
    const [first] = batch;
    if (!target.ours && first !== undefined)
      return signals.make(() =>
        outgoing.send(outgoing.headers(), () => handle.signal(toTextLossy(first.topic), ...first.body)),
      );
    const items = batch.map(({ topic, body }) => {
      const message: BatchedMessage = { from: pid, run: runId, seq: (target.sequence += 1), topic, body };
      return dataObject({ ...message, body: [...body] });
    });
    return signals.make(() => outgoing.send(outgoing.headers(), () => handle.signal(INBOX_SIGNAL, items)));
  }
}

/** What goes in one signal: as much as fits; to others one message each. */
function take({ queue, ours }: Target): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const waiting of queue) {
    bytes += waiting.bytes;
    if (count > 0 && (!ours || bytes > BATCH_BYTES)) break;
    count += 1;
  }
  return queue.splice(0, count);
}

export interface SendOptions {
  readonly run: Run;
  readonly outbox: Outbox;
  readonly routes: Routes;
  readonly general: DurableHandler;
  readonly pid: string;
}

/** `process.send` { to, topic, payloads } -> null. */
export const sendHandlers = ({ run, outbox, routes, general, pid }: SendOptions): DurableHandlers => ({
  'process.send': (call) => {
    const { to, topic, payloads } = call.command;
    if (typeof to !== 'string' || typeof topic !== 'string' || !Array.isArray(payloads))
      throw new TypeError("'process.send' needs to, topic and payloads");
    if (to === pid)
      return later(async () => {
        await Promise.resolve(); // after this step
        run.deliver({ topic, from: pid, payloads });
        return null;
      });
    const target = tryPid(to);
    // Names, and processes in the memory of a node.
    if (target === undefined || routes.queueOfHost(target.host) === undefined) return general(call);
    return later(async () => {
      await outbox.send(toTextLossy(target.id), routes.isOurs(target.host), topic, payloads);
      return null;
    });
  },
});
