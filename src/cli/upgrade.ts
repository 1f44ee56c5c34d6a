// `moontide upgrade`: takes a run to the newest program.
import { Command } from 'commander';
import { act } from './command.js';

export function upgradeCommand(): Command {
  const command = new Command('upgrade')
    .summary('take a run to the newest program, at its next safe point')
    .description(
      'Replays the history of a run on the newest program of its entry. Where that goes another way, it is told and nothing\n' +
        'changes. Else the run is asked to continue as new, which its program does where it is ready to: from then on\n' +
        '`workflow.info().continue_as_new_suggested` is true in it.',
    )
    .argument('<workflow-id>')
    .option(
      '--wait <duration>',
      "wait until it has gone on as new, e.g. '30s'; exit code 1 when it has not by then",
    )
    .addHelpText('after', '\nExamples:\n  moontide upgrade cart-1\n  moontide upgrade cart-1 --wait 30s');
  return act<{ readonly wait?: string }>(command, async (globals, { wait }, [id]) =>
    (await import('./runs/upgrade-run.js')).upgradeRun(globals, { id: id as string, wait }),
  );
}
