// What a process receives: the inbox, lifecycle events, topics it listens to. Sealed.
// R1: inbox and events are one channel each for the life of the instance; the host never waits to put something in.
// R2: a listened topic is taken before the inbox; a topic that begins with `@` belongs to the platform.
// R3: of OUTDATED events one at most waits to be received, with the sources of all.
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { Channel, ChannelType } from '../../lua/instance/channel.js';
import { fromData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import { EVENTS_TOPIC, INBOX } from '../../lua/instance/messages.js';
import { newPayload } from '../../lua/instance/payload.js';
import type { HostCall, InstanceContext, Message, Unread } from '../../lua/instance-context.js';
import { defineUserdata, LuaTable } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

class ReceivedMessage implements Unread {
  readonly message: Message;
  readonly arrival: number;
  #payloads: readonly LuaValue[] | undefined;
  constructor(message: Message, arrival: number) {
    this.message = message;
    this.arrival = arrival;
  }

  /** It is received as a whole. */
  get payload(): number {
    return 0;
  }

  get payloads(): readonly LuaValue[] {
    return (this.#payloads ??= this.message.payloads.map((payload) => newPayload(payload)));
  }
}

function pushMessage(channel: Channel, message: Message, arrival: number): void {
  const received = new ReceivedMessage(message, arrival);
  channel.pushFromHost(MessageType.wrap(received), received);
}

export const MessageType = defineUserdata<ReceivedMessage>('Message', {
  topic: (_call, self) => self.message.topic,
  from: (_call, self) => self.message.from,
  /** One payload; several results when the sender gave several. */
  payload: (_call, self) => (self.payloads.length === 0 ? newPayload(null) : self.payloads),
});

interface Mailbox {
  inbox: Channel | undefined;
  events: Channel | undefined;
  /** Made when something first listens to a topic. */
  listeners: Map<Channel, () => void> | undefined;
}
const STATE = {};
const mailbox = (instance: InstanceContext): Mailbox =>
  instance.state(STATE, () => ({ inbox: undefined, events: undefined, listeners: undefined }));

/** The channel of messages that no listener takes. */
export function inbox({ instance }: HostCall): LuaValue {
  instance.mustNotRead('process.inbox');
  const box = mailbox(instance);
  if (box.inbox === undefined) {
    const channel = (box.inbox = new Channel(0, 'a message in the inbox'));
    instance.listen(INBOX, (message, arrival) => pushMessage(channel, message, arrival), channel);
  }
  return ChannelType.wrap(box.inbox);
}

/** The channel of lifecycle events, as tables. */
export function events({ instance }: HostCall): LuaValue {
  instance.mustNotRead('process.events');
  const box = mailbox(instance);
  if (box.events === undefined) {
    const channel = (box.events = new Channel(0, 'an event of processes'));
    instance.listen(
      EVENTS_TOPIC,
      (message, arrival) => pushEvent(instance, channel, message, arrival),
      channel,
    );
  }
  return ChannelType.wrap(box.events);
}

/** R3 */
function pushEvent(instance: InstanceContext, channel: Channel, message: Message, arrival: number): void {
  const sources = outdatedBy(message);
  const held =
    sources === undefined
      ? undefined
      : (channel.origins() as Unread[]).find((one) => outdatedBy(one.message));
  if (sources === undefined || held === undefined) return pushPayloads(instance, channel, message, arrival);
  const all = [...new Set([...(outdatedBy(held.message) ?? []), ...sources])].sort();
  const event = dataObject({ kind: 'OUTDATED', sources: all });
  const joined: Unread = { ...held, message: { ...message, payloads: [event] } };
  channel.replace(
    held,
    fromData(event, () => instance.newTable()),
    joined,
  );
}

/** What has changed, where the message is an OUTDATED event. */
function outdatedBy({ payloads: [event = null] }: Message): readonly Data[] | undefined {
  if (!isMap(event) || event['kind'] !== 'OUTDATED') return undefined;
  const { sources } = event;
  return Array.isArray(sources) ? sources : [];
}

function pushPayloads(instance: InstanceContext, channel: Channel, message: Message, arrival: number): void {
  for (const [index, payload] of message.payloads.entries())
    channel.pushFromHost(
      fromData(payload, () => instance.newTable()),
      { message, payload: index, arrival },
    );
}

/** What is wrong with a topic that a program names. */
export function topicProblem(topic: LuaValue): string | undefined {
  if (typeof topic !== 'string' || topic === '') return 'the topic is a text that is not empty';
  return topic.startsWith('@')
    ? `topic '${topic}': topics that begin with '@' belong to the platform`
    : undefined;
}

export function listen(call: HostCall, topic: LuaValue, options: LuaValue): HostResult {
  const problem = topicProblem(topic);
  if (problem !== undefined || typeof topic !== 'string') return failure('Invalid', problem ?? '');
  const whole = options instanceof LuaTable && options.get('message') === true;
  const { instance } = call;
  const channel = new Channel(0, `a message on '${topic}'`);
  const stop = instance.listen(
    topic,
    (message, arrival) => {
      if (whole) pushMessage(channel, message, arrival);
      else if (message.payloads.length === 0)
        channel.pushFromHost(undefined, { message, payload: 0, arrival });
      else pushPayloads(instance, channel, message, arrival);
    },
    channel,
  );
  (mailbox(instance).listeners ??= new Map()).set(channel, stop);
  return ChannelType.wrap(channel);
}

/** Ends a listener: its channel is closed, so that nobody waits on it for ever. */
export function unlisten({ instance }: HostCall, value: LuaValue): HostResult {
  const channel = ChannelType.unwrap(value);
  const { listeners } = mailbox(instance);
  const stop = channel === undefined ? undefined : listeners?.get(channel);
  if (channel === undefined || stop === undefined)
    return failure('Invalid', 'process.unlisten takes a channel that process.listen gave');
  stop();
  listeners?.delete(channel);
  channel.close();
  return true;
}
