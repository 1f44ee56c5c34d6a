// What the supervisor keeps running: the schemas; services/supervision/ has what they become.
import { defineKind } from '../model/kind.js';
import { closed, lifecycle, lifecycleReferences, reference } from './common.js';

export const processService = defineKind({
  name: 'process.service',
  summary: 'A process that is kept running.',
  state: 'full',
  schema: closed(
    {
      process: reference('The process that it runs.', { examples: ['worker_process'] }),
      host: reference('The process.host that it runs on.', { examples: ['processes'] }),
      input: { description: 'Arguments of the process: a list is all of them, anything else the only one.' },
      lifecycle,
    },
    { required: ['process', 'host'] },
  ),
  references: [
    { pointer: '/process', kinds: ['process.lua'] },
    { pointer: '/host', kinds: ['process.host'] },
    ...lifecycleReferences,
  ],
});
