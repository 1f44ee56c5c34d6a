// The `events` module: publish to the event bus of the node, and listen to it. Sealed.
// `events.send` { system, kind, path, data } -> null
// `events.subscribe` { system, kind? } -> number of the subscription, which ends with the program
// `events.next` { subscription } -> list of { system, kind, path, data }, as soon as there is one; empty: it has ended
// `events.close` { subscription } -> null
// E1: a subscriber has at most MOST_WAITING events that it has not received; then the oldest goes, and in the place of what is
//     missing stands one event `events.dropped` with the count. It holds for the bus, the way here and the channel together.
// E2: in a workflow an event is sent once, not again on replay; there is no node there to subscribe at.
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { ChannelType } from '../../lua/instance/channel.js';
import type { Channel } from '../../lua/instance/channel.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import { Feed } from '../../lua/instance/feed.js';
import type { HostCall, InstanceContext } from '../../lua/instance-context.js';
import { define, defineModuleSpec, defineType, members, methodsOf } from '../../lua/module.js';
import { any, bytes, optional } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

/** Events that wait for one subscriber at most: as many as the bus keeps for it (core/event-bus.ts). */
const MOST_WAITING = 1_024;

class Subscription {
  readonly channel: Channel;
  readonly #instance: InstanceContext;
  readonly #number: number;
  readonly #feed: Feed;
  /** The last `events.dropped` that was put into the channel, and its count. */
  #marker: LuaValue;
  #dropped = 0;

  constructor(instance: InstanceContext, number: number, topic: string) {
    this.#instance = instance;
    this.#number = number;
    const next = { type: 'events.next', subscription: number };
    this.#feed = new Feed(instance, next, `an event of '${topic}'`, (event) => this.#take(event));
    this.channel = this.#feed.channel;
  }

  /** What waits is dropped: who closes wants no more. Closing twice does nothing. */
  close(): void {
    if (this.channel.closed) return;
    this.#feed.stop();
    this.channel.discard();
    this.channel.close();
    this.#instance.host.emit({ type: 'events.close', subscription: this.#number });
  }

  /** E1 */
  #take(event: Data): void {
    const marked = this.#marker !== undefined && this.channel.oldest === this.#marker;
    const waiting = this.channel.length - (marked ? 1 : 0);
    const before = marked ? this.#dropped : 0;
    const missed = missedBy(event);
    if (missed > 0) {
      // The bus was full: what it still has fills this channel, so that all older events go.
      this.channel.discard();
      this.channel.pushFromHost(this.#mark(before + waiting + missed));
      return;
    }
    if (waiting >= MOST_WAITING) this.channel.replaceOldest(marked ? 2 : 1, this.#mark(before + 1));
    this.#feed.push(event);
  }

  #mark(count: number): LuaValue {
    this.#dropped = count;
    this.#marker = fromData(
      dataObject({ system: 'events', kind: 'dropped', path: 'events', data: dataObject({ count }) }),
      () => this.#instance.newTable(),
    );
    return this.#marker;
  }
}

/** How many events one `events.dropped` of the bus stands for; 0: it is another event. */
function missedBy(event: Data): number {
  if (!isMap(event) || event['system'] !== 'events' || event['kind'] !== 'dropped') return 0;
  const { data = null } = event;
  return isMap(data) && typeof data['count'] === 'number' ? data['count'] : 0;
}

const method = methodsOf<Subscription>();

export const SubscriptionType = defineType<Subscription>(
  'Subscription',
  'Events of the bus that a program listens to, from the call of `subscribe` on. It ends with the program.',
  [
    method('channel', {
      summary:
        'The channel of the events: tables with system, kind, path, data. 1,024 wait at most; then the oldest go, and `events.dropped` with `data.count` stands in their place.',
      params: [],
      returns: ['Channel'],
      run: (_call, self) => ChannelType.wrap(self.channel),
    }),
    method('close', {
      summary: 'Ends the subscription and closes its channel; what waits in it is dropped.',
      params: [],
      returns: ['boolean'],
      run: (_call, self) => {
        self.close();
        return true;
      },
    }),
  ],
);

const empty = (what: string): HostResult => failure('Invalid', `the ${what} is empty`, undefined, false);

function send(call: HostCall, system: string, kind: string, path: string, value: LuaValue): HostResult {
  if (system === '') return empty('system');
  if (kind === '') return empty('kind');
  if (path === '') return empty('path');
  if (system === 'events' && kind === 'dropped')
    return failure('Invalid', "'events.dropped' is told by the bus alone", undefined, false);
  const converted = tryToData(value);
  if (!converted.ok) return [undefined, converted.error];
  const asked = { type: 'events.send', system, kind, path, data: converted.data };
  if (call.instance.host.place === 'workflow') {
    call.instance.host.emit(asked); // E2
    return true;
  }
  return command(asked, (answer) => (answer.ok ? true : [undefined, errorFromData(answer.error)]));
}

function subscribe(call: HostCall, system: string, kind: string | undefined): HostResult {
  if (system === '') return empty('system');
  if (kind === '') return empty('kind');
  const { instance } = call;
  const asked = { type: 'events.subscribe', system, ...(kind === undefined ? {} : { kind }) };
  return command(asked, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    const topic = kind === undefined ? system : `${system}.${kind}`;
    return SubscriptionType.wrap(new Subscription(instance, Number(answer.value), topic));
  });
}

const PATTERN = '`*` is one segment between dots, `**` any number, `(a|b)` either.';

export const eventsSpec = defineModuleSpec({
  name: 'events',
  summary: 'The event bus of the node: what the platform and programs tell, for whoever listens',
  workflow: 'recorded',
  members: members(
    define('subscribe', {
      summary:
        'Listens to the bus. Without a kind the pattern is for systems as for whole topics, `system.kind`.',
      params: [
        bytes('system', `A system or a pattern: ${PATTERN}`),
        optional(bytes('kind', 'A kind or a pattern; `*` alone is every kind.')),
      ],
      returns: ['Subscription?', 'Error?'],
      fails: { Invalid: 'a pattern is empty or none, no policy allows it, or a workflow asks' },
      returnsWrongArguments: true,
      workflow: 'function',
      run: subscribe,
    }),
    define('send', {
      summary:
        'Tells an event to who listens now on this node. It never waits for them. In a workflow it is sent once, by the node that runs the step.',
      params: [
        bytes('system', 'Who tells.'),
        bytes('kind', 'What happened.'),
        bytes('path', 'What it happened to.'),
        optional(any('data', 'Plain data.')),
      ],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: 'a name is empty, the data is not plain, or no policy allows it' },
      returnsWrongArguments: true,
      run: send,
    }),
  ),
  types: [SubscriptionType],
});
