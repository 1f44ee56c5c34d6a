// `moontide schedule`: the app's schedules as the server has them, and what people do to them by hand.
import { Command } from 'commander';
import { subCommand } from './sub-command.js';
import type { SubCommand } from './sub-command.js';

const sub = <Options extends object>(wishes: SubCommand<Options>): Command => subCommand('schedule', wishes);

const ID = ['<id>', 'entry of the schedule: namespace:name'] as const;
const NOTE = ['--note <text>', 'why; kept with the schedule'] as const;

interface NoteOptions {
  readonly note?: string;
}
interface OverlapOptions {
  readonly overlap?: string;
}
interface BackfillOptions extends OverlapOptions {
  readonly from: string;
  readonly to: string;
}

export function scheduleCommand(): Command {
  const command = new Command('schedule')
    .summary('look at what is started at set times, and steer it')
    .description(
      "Schedules are entries of the kind temporal.schedule; a node of the app sets them on the server. These commands look at the server's, and pause, resume and start them by hand.",
    );
  const run = () => import('./schedule/run.js');
  for (const made of [
    sub({
      name: 'list',
      summary: 'list the schedules: when they start what next',
      examples: ['list', 'list --json'],
      run: async (globals) => (await run()).listSchedules(globals),
    }),
    sub<OverlapOptions>({
      name: 'trigger',
      summary: 'start the workflow of a schedule now',
      arguments: [ID],
      options: [
        ['--overlap <policy>', 'what happens while a run still runs; default: as the schedule has it'],
      ],
      examples: ['trigger app:nightly', 'trigger app:nightly --overlap allow_all'],
      run: async (globals, { overlap }, [id]) =>
        (await run()).triggerSchedule(globals, id as string, overlap),
    }),
    sub<NoteOptions>({
      name: 'pause',
      summary: 'let a schedule start nothing for now',
      arguments: [ID],
      options: [NOTE],
      examples: ["pause app:nightly --note 'the warehouse is closed'"],
      run: async (globals, { note }, [id]) => (await run()).pauseSchedule(globals, id as string, note),
    }),
    sub<NoteOptions>({
      name: 'resume',
      summary: 'let a paused schedule go on',
      arguments: [ID],
      options: [NOTE],
      examples: ['resume app:nightly'],
      run: async (globals, { note }, [id]) => (await run()).resumeSchedule(globals, id as string, note),
    }),
    sub<BackfillOptions>({
      name: 'backfill',
      summary: 'start what a schedule would have started in a span of time',
      arguments: [ID],
      options: [
        ['--from <time>', "its begin, such as '2026-11-01T00:00:00Z' or '2026-11-01'"],
        ['--to <time>', 'its end'],
        [
          '--overlap <policy>',
          'what happens while a run still runs; default: buffer_all, one after the other',
        ],
      ],
      examples: ['backfill app:nightly --from 2026-11-01 --to 2026-11-08'],
      run: async (globals, options, [id]) => (await run()).backfillSchedule(globals, id as string, options),
    }),
  ])
    command.addCommand(made);
  return command;
}
