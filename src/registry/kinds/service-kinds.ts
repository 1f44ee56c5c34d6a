// What the supervisor keeps running: the schemas; services/supervision/ has what they become.
import { defineKind } from '../model/kind.js';
import {
  closed,
  count,
  duration,
  lifecycle,
  lifecycleReferences,
  listOf,
  oneOf,
  reference,
} from './common.js';

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

export const processSupervisor = defineKind({
  name: 'process.supervisor',
  summary: 'Keeps a group of processes running.',
  state: 'full',
  schema: closed(
    {
      children: listOf(
        reference('A process.service, or another process.supervisor.', { examples: ['worker'] }),
        'What it keeps running, in the order of their starts; they stop in reverse.',
      ),
      strategy: oneOf(
        'What starts again when a child has failed: it alone, all children, or it and those after it. Default: one_for_one.',
        'one_for_one',
        'one_for_all',
        'rest_for_one',
      ),
      max_restarts: count(
        'Failures of children within `within` that it takes; with one more it fails itself. Default: 3.',
      ),
      within: duration('See max_restarts. Default: 5s.'),
      lifecycle,
    },
    { required: ['children'] },
  ),
  references: [
    { pointer: '/children/*', kinds: ['process.service', 'process.supervisor'] },
    ...lifecycleReferences,
  ],
});
