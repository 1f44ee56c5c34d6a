// Where processes run in memory: the schema; runtime/process-hosts.ts runs them.
import { defineKind } from '../model/kind.js';
import { closed, count, flag, lifecycle, lifecycleReferences, oneOf } from './common.js';

export const processHost = defineKind({
  name: 'process.host',
  summary: 'Runs processes in memory.',
  state: 'full',
  schema: closed({
    host: closed(
      {
        workers: count(
          'Threads that run its processes. Default: 1, the main thread; with more, each is a thread of its own for Lua.',
          1,
        ),
        queue_size: count('Processes that may wait to start on the host. Default: 1024.', 1),
        local_queue_size: count('Processes that may wait to start at each worker. Default: 256.', 0),
        inbox_size: count(
          'Messages that have come to one of its processes and that it has not received. Default: 10000.',
          1,
        ),
        on_full: oneOf(
          'What a spawn does while as many wait to start as may, and a send to a full inbox: wait, or fail as RateLimited. Default: wait.',
          'wait',
          'refuse',
        ),
      },
      { description: 'How it schedules.' },
    ),
    max_processes: count('Processes that it runs at once; one more is refused. Default: 200000.', 1),
    lifecycle,
  }),
  references: lifecycleReferences,
});

export const terminalHost = defineKind({
  name: 'terminal.host',
  summary: 'Runs one process at a time, which has the terminal.',
  state: 'full',
  schema: closed({
    hide_logs: flag('Of the logs only errors reach the terminal. Default: false.'),
    lifecycle,
  }),
  references: lifecycleReferences,
});
