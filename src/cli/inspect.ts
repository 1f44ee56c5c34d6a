// `moontide inspect` and `moontide doctor`: what a run waits for, and which runs do not get on.
import { Command } from 'commander';
import { act } from './command.js';

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .summary('what a run is, where it is, and what it waits for')
    .description(
      'Shows a run: its entry, program and age, its Lua stacks, what each coroutine waits for, activities with their\n' +
        'attempts and last failures, children, timers, and messages that it has not received yet.',
    )
    .argument('<workflow-id>')
    .option('--run-id <id>', 'one run of a workflow that has continued as new; default: its last')
    .addHelpText('after', '\nExamples:\n  moontide inspect o-1\n  moontide inspect o-1 --json');
  return act<{ readonly runId?: string }>(command, async (globals, { runId }, [id]) =>
    (await import('./runs/inspect-run.js')).inspectRun(globals, { id: id as string, runId }),
  );
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('which runs do not get on, why, and what helps')
    .description(
      'Looks at every running workflow of the app: tasks that keep failing, activities that fail again and again or that\n' +
        'nobody takes, queues that nobody serves. Says of each what helps. Exit code 1 when there is any.',
    )
    .addHelpText('after', '\nExamples:\n  moontide doctor\n  moontide doctor --json');
  return act(command, async (globals) => (await import('./runs/examine-app.js')).examineApp(globals));
}
