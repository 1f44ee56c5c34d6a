// `moontide dev`: everything local: Temporal with its UI, and the app in this folder. Stays up until it is stopped.
import { Command } from 'commander';
import { act } from './command.js';

export function devCommand(): Command {
  const command = new Command('dev')
    .summary('run the app with an embedded Temporal and its UI')
    .description(
      'Starts (or joins) the embedded Temporal with its UI, runs the app, takes what is saved in its folder at once, and stays up until Ctrl-C.',
    )
    .addHelpText(
      'after',
      `
Examples:
  moontide dev                       the app in this folder
  moontide --app examples/orders dev
  moontide dev -o app:db:file=/tmp/app.db

State (Temporal's database, the registry) is kept in .moontide/ of the app.`,
    );
  return act(command, async (globals) => (await import('./serve.js')).serveDev(globals));
}
