// Process groups: the schema; services/pg has the groups.
import { defineKind } from '../model/kind.js';
import { closed, count, duration, lifecycle, lifecycleReferences } from './common.js';

const noEffect = (of: string): string => `Has no effect: ${of}.`;

export const pgScope = defineKind({
  name: 'pg.scope',
  summary: 'A scope of process groups.',
  state: 'full',
  schema: closed({
    max_groups: count('Most groups that have a member; 0: any number. Default: 0.'),
    max_members_per_group: count(
      'Most members of a group, each counted as often as it joined; 0: any number. Default: 0.',
    ),
    protocol_timeout: duration(noEffect('the relay says when a node is silent')),
    broadcast_timeout: duration(noEffect('a broadcast waits for nobody')),
    anti_entropy_interval: duration(noEffect('what did not reach a node is told it anew until it has')),
    circuit_breaker_failures: count(noEffect('the relay fails at once for a node that is gone')),
    circuit_breaker_reset_time: duration(noEffect('the relay fails at once for a node that is gone')),
    max_retries: count(noEffect('a change is told until it has arrived')),
    retry_base_delay: duration(noEffect('a change is told anew after a second')),
    retry_max_delay: duration(noEffect('a change is told anew after a second')),
    action_queue_size: count(noEffect('there is no queue of operations')),
    action_queue_max_size: count(noEffect('there is no queue of operations')),
    monitor_buffer: count(noEffect('no event is dropped')),
    lifecycle,
  }),
  references: lifecycleReferences,
});
