// Where a run is, for people and for `moontide inspect`: its coroutines, what it waits for, what nobody has received. Sealed.
import { dataObject } from '../../src/core/data.js';
import type { Command } from '../../src/core/command.js';
import { toTextLossy } from '../../src/core/text.js';
import { describeCommand } from '../../src/lua/instance/describe.js';
import type { CoroutineState } from '../../src/lua/step.js';
import { declaredHandlers, ownDetails } from '../../src/modules/workflow/durable.js';
import type { PendingState, ProgramReference, RunState, UnreadState } from '../../src/temporal/contracts.js';
import { RESUME } from '../../src/temporal/names.js';
import { timerMs } from './timers.js';
import type { Run } from './run.js';

/** Why it is parked, where it is; then one block a coroutine: what it waits for, then its frames, innermost first. */
export function stackTrace({ coroutines, parked }: RunState): string {
  const blocks = coroutines.map(({ name, waits, frames }) =>
    [
      `${name}: waits for ${toTextLossy(waits)}`,
      ...frames.map(
        ({ chunk, line, name: fn }) =>
          `    at ${toTextLossy(chunk)}${line > 0 ? `:${line}` : ''}${fn === '' ? '' : ` in ${toTextLossy(fn)}`}`,
      ),
    ].join('\n'),
  );
  if (parked !== undefined)
    blocks.unshift(`PARKED: ${toTextLossy(parked)}\nThe update or signal '${RESUME}' lets it go on.`);
  return blocks.join('\n\n');
}

export function runState(run: Run): RunState {
  if (!run.started) return { coroutines: [], pending: [], unread: [], queries: [], updates: [] };
  const { instance, parked } = run;
  const { queries, updates } = declaredHandlers(instance);
  const { text: details } = ownDetails(instance);
  const queued = Object.values(run.open).flatMap(({ queued: some }) =>
    some === undefined ? [] : plain(some),
  );
  return {
    coroutines: instance
      .coroutines()
      .map(({ frames, ...rest }) =>
        plain({ ...rest, frames: frames.map((frame) => plain({ ...frame })) } as const),
      ),
    pending: run.pending.map(({ command, since }) => pendingState(command, since)),
    unread: instance
      .unread()
      .map(({ topic, from }): UnreadState => plain(from === undefined ? { topic } : { topic, from })),
    queries: [...queries.keys()],
    updates: [...updates.keys()],
    ...(parked === undefined ? {} : { parked }),
    ...(queued.length === 0 ? {} : { queued }),
    ...(details === '' ? {} : { details }),
  };
}

function pendingState(command: Command, since: number): PendingState {
  const what = describeCommand(command);
  const timer = timerMs(command);
  return plain(timer === undefined ? { what, since } : { what, since, due: since + timer });
}

/** As it passes the payload converter. */
const plain = <T extends object>(object: T): T => dataObject(object as never) as unknown as T;

/** What the UI shows of a run that goes on, as Markdown. */
export function currentDetails(
  { entry, program, registry_version: version }: ProgramReference,
  state: RunState,
): string {
  const { coroutines, pending, unread, queued = [], details } = state;
  if (coroutines.length === 0) return toTextLossy(details ?? '');
  const topics = [...new Set(unread.map(({ topic }) => toTextLossy(topic)))];
  return [
    ...(details === undefined ? [] : [toTextLossy(details), '']),
    `${entry}, program ${program.slice(0, 12)} of registry version ${version}`,
    '',
    ...coroutines.map(waitLine),
    ...pending.flatMap(({ what, due }) =>
      due === undefined ? [] : [`- timer ${toTextLossy(what)} fires at ${new Date(due).toISOString()}`],
    ),
    ...queued.map(
      ({ kind, waiting, limit }) => `- ${waiting} ${kind} wait: the server takes ${limit} of a run at once`,
    ),
    ...(unread.length === 0 ? [] : [`- ${unread.length} messages not received yet: ${topics.join(', ')}`]),
    '',
    '```',
    stackTrace(state),
    '```',
  ].join('\n');
}

function waitLine({ name, waits, frames }: CoroutineState): string {
  const at = frames.find(({ line }) => line > 0);
  const place = at === undefined ? '' : ` at ${toTextLossy(at.chunk)}:${at.line}`;
  return `- ${name} waits for ${toTextLossy(waits)}${place}`;
}
