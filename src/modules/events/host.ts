// The event bus as programs of a node use it.
// H1: a subscription belongs to the instance that made it and is closed with it.
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import { textIn } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { EventBus, Subscription } from '../../core/event-bus.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { toTextLossy } from '../../core/text.js';
import { WakeUp } from '../../core/wake-up-host.js';

/** A refusal by policy, of the kind that the application format names for this module. */
class EventDeniedError extends PlatformError {
  override readonly name = 'EventDeniedError';
  readonly code = 'EVENT_DENIED';
  override readonly kind = 'Invalid';
}

/** A subscription of one instance. */
class Listener implements AsyncDisposable {
  readonly #events: Subscription;
  readonly #news = new WakeUp();

  constructor(events: Subscription) {
    this.#events = events;
    events.onReady(() => this.#news.wake());
  }

  /** All that wait, as soon as there is one; none once it is closed. One question at a time. */
  async next(signal: AbortSignal): Promise<Data[]> {
    for (;;) {
      const found = this.#takeAll();
      if (found.length > 0 || this.#events.closed || signal.aborted) return found;
      await this.#news.wait(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events.close();
    this.#news.wake();
  }

  #takeAll(): Data[] {
    const found: Data[] = [];
    for (let event = this.#events.take(); event !== undefined; event = this.#events.take()) {
      const { system, kind, path, data } = event;
      found.push(dataObject({ system, kind, path, ...(data === null ? {} : { data }) }));
    }
    return found;
  }
}

export function eventsHandlers(bus: () => EventBus, authorize: Authorize): HostHandlers {
  const allow = (context: CommandContext, action: string, system: string): void => {
    const resource = toTextLossy(system);
    if (authorize(context, action, resource)) return;
    throw new EventDeniedError(new NotAuthorizedError(context, action, resource).message);
  };
  return {
    'events.send': (command, context) => {
      const system = textIn(command, 'system');
      allow(context, 'events.send', system);
      bus().publish(system, textIn(command, 'kind'), textIn(command, 'path'), command['data'] ?? null);
      return null;
    },
    'events.subscribe': (command, context) => {
      const system = textIn(command, 'system');
      allow(context, 'events.subscribe', system);
      const kind = textIn(command, 'kind');
      const events = bus().subscribe(kind === '' ? { system } : { system, kind: kind === '*' ? '**' : kind });
      return context.own(new Listener(events));
    },
    'events.next': ({ subscription }, context) =>
      context.owned<Listener>(Number(subscription)).next(context.signal),
    'events.close': async ({ subscription }, context) => {
      await context.release(Number(subscription));
      return null;
    },
  };
}
