// The `activity` module: what a function may know and tell while it runs as a Temporal activity. Sealed; in a workflow there is none.
// `activity.info` {} -> table or null; `activity.heartbeat` { details } -> true
// A1: a function that is called in process has no activity: `info` gives nil and `heartbeat` does nothing, so that its code needs no case for it.
import { dataList } from '../../lua/instance/data-list.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { any, rest } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';

const common = { workflow: 'function' } as const;

export const activitySpec = defineModuleSpec({
  name: 'activity',
  summary: 'What a function may know and tell while it runs as a Temporal activity',
  workflow: 'refused',
  members: members(
    define('info', {
      ...common,
      summary:
        'About the activity: `id`, `type`, `attempt` (from 1), `task_queue`, `key` (the same in every attempt: for idempotency), `workflow_id`, `run_id` and `workflow_type` where a workflow asked, `heartbeat` (the details of the last heartbeat of an earlier attempt), `scheduled_at` and `deadline` (Unix time, seconds). nil where the function was called in process.',
      params: [],
      returns: ['table?', 'Error?'],
      fails: { Invalid: 'a workflow asks' },
      run: (call) =>
        command({ type: 'activity.info' }, (answer) =>
          answer.ok
            ? fromData(answer.value, () => call.instance.newTable())
            : [undefined, errorFromData(answer.error)],
        ),
    }),
    define('heartbeat', {
      ...common,
      summary:
        'Tells the server how far the work is. The values come back as `activity.info().heartbeat` in the next attempt: one as itself, several as a list. That the node lives is told without it.',
      params: [rest(any('details'))],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: 'a value is no plain data, or holds a secret, or a workflow asks' },
      run: (_call, details = []) => {
        const list = dataList(details, (place) => `detail ${place} of the heartbeat`);
        if (!list.ok) return list.result;
        const { data } = list;
        return command(
          { type: 'activity.heartbeat', details: data.length === 1 ? (data[0] ?? null) : data },
          (answer) => (answer.ok ? true : [undefined, errorFromData(answer.error)]),
        );
      },
    }),
  ),
});
