// `moontide replay`: runs again what a run has done.
import { Command } from 'commander';
import { act } from './command.js';

interface Options {
  readonly all?: boolean;
  readonly newest?: boolean;
  readonly inspect?: boolean;
  readonly runId?: string;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .summary('run a history again, and see whether the program still goes that way')
    .description(
      'Replays the history of a run on the program that it is pinned to, or on the newest one, without doing anything\n' +
        'again. Where the program goes another way, it tells the first place: what is recorded, what the program does\n' +
        'instead, and its Lua line. Exit code 1 when any history is not replayed as it is recorded.',
    )
    .argument('[workflow-id | history.json]', 'a workflow, or a file as the Temporal UI and CLI export it')
    .option('--all', "every run of the app's task queues that Temporal still has")
    .option('--newest', "on the newest program of the run's entry: what an upgrade would do")
    .option('--run-id <id>', 'one run of a workflow that has continued as new; default: its last')
    .option('--inspect', 'wait for a debugger and stop at the first line of Lua')
    .addHelpText(
      'after',
      `
Examples:
  moontide replay o-1
  moontide replay --all --newest       before a deploy: what would break the runs that are under way
  moontide replay history.json
  moontide replay o-1 --inspect        then open chrome://inspect`,
    );
  return act<Options>(command, async (globals, { all, newest, inspect, runId }, [what]) =>
    (await import('./runs/replay-history.js')).replayHistories(globals, {
      what: what as string | undefined,
      all: all === true,
      newest: newest === true,
      inspect: inspect === true,
      runId,
    }),
  );
}
