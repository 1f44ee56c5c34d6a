// `channel`: Go-style channels between the coroutines of an instance. Always there. Sealed.
import { Arguments } from '../../lua/instance/arguments.js';
import { CaseType, Channel, ChannelType, select } from '../../lua/instance/channel.js';
import { defineModuleSpec, fn } from '../../lua/module.js';

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
