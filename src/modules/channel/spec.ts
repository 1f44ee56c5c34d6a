// `channel`: Go-style channels between the coroutines of an instance. Always there. Sealed.
import { Arguments } from '../../lua/instance/arguments.js';
import { CaseType, Channel, ChannelType, select } from '../../lua/instance/channel.js';
import { defineModuleSpec, describeType, fn, signature } from '../../lua/module.js';

describeType(ChannelType, 'A channel between coroutines.', {
  send: signature(
    'Hands a value over; waits until there is room or a receiver. A closed channel raises.',
    ['value: any'],
    ['boolean'],
  ),
  receive: signature(
    'The next value, and true; nil and false once the channel is closed and empty. Waits for it.',
    [],
    ['any', 'boolean'],
  ),
  close: signature('Ends the channel: who waits is woken, what is in it can still be received.'),
  case_send: signature('The case of sending a value, for `channel.select`.', ['value: any'], ['case']),
  case_receive: signature('The case of receiving, for `channel.select`.', [], ['case']),
});

export const channelSpec = defineModuleSpec({
  name: 'channel',
  summary: 'Channels between the coroutines of an instance, and select over several of them.',
  workflow: 'sealed',
  types: [ChannelType, CaseType],
  members: {
    new: fn(
      'Makes a channel. `size` is how many values wait in it without a receiver; 0 (the default) hands over directly.',
      ['size?: integer'],
      ['channel'],
      (call, ...values) => {
        const args = new Arguments(call, 'new', values);
        const size = args.optionalInteger(1) ?? 0;
        if (size < 0) throw args.error(1, 'size must not be negative');
        return ChannelType.wrap(new Channel(size));
      },
    ),
    select: fn(
      'Waits for the first of several cases, in their order. With `default = true` it does not wait.',
      ['cases: table', 'default?: boolean'],
      ['table'],
      (call, cases, orDefault) => select(call, cases, orDefault),
    ),
  },
});
