// `moontide run`: a node of the app. Stays up until it is stopped.
import { Command } from 'commander';
import { act } from './command.js';
import { UsageError } from './usage-error.js';

interface Options {
  readonly explainBoot?: boolean;
}

export function runCommand(): Command {
  const command = new Command('run')
    .summary('run a node of the app')
    .description(
      'Runs a node of the app: its workers and functions. Stays up until it gets SIGINT or SIGTERM.',
    )
    .argument('[command]', 'a command of the app (meta.command)')
    .argument('[arguments...]')
    .option('--explain-boot', 'print the components by level with their times')
    .addHelpText(
      'after',
      `
Examples:
  moontide run                                            the embedded Temporal of this folder, started or joined
  moontide run --address temporal.internal:7233 --namespace shop
  TEMPORAL_ADDRESS=... TEMPORAL_API_KEY=... moontide run --no-embedded

A second signal ends the node at once.`,
    );
  return act<Options>(command, async (globals, options, [name]) => {
    if (typeof name === 'string')
      throw new UsageError(
        `cannot run '${name}': commands of an app (process.lua with meta.command) come with a later version; \`moontide call\` runs a function`,
      );
    return (await import('./serve.js')).serveNode(globals, { explainBoot: options.explainBoot === true });
  });
}
