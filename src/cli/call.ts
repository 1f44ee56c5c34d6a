// `moontide call`: calls a function in this process, or as a standalone activity.
import { Command } from 'commander';
import { parseArguments } from './arguments.js';
import { act } from './command.js';

interface Options {
  readonly durable?: boolean;
  readonly timeout?: string;
}

export function callCommand(): Command {
  const command = new Command('call')
    .summary('call a function')
    .description('Calls a function of the app in this process and prints its result as JSON.')
    .argument('<function>', 'entry id of a function.lua')
    .argument('[arguments...]', 'its arguments, one JSON value each')
    .option('--durable', 'run it as a standalone Temporal activity: retried, seen in the UI')
    .option('--timeout <duration>', "end it after this time, e.g. '30s'")
    .addHelpText(
      'after',
      `
Examples:
  moontide call orders:report
  moontide call app:add 2 3
  moontide call app:greet '"Ada"' --timeout 5s
  moontide call app:charge '{"order":"o-1"}' --durable

Temporal is started or joined only when the function (or --durable) needs it. The function runs the code of
the folder; where another node serves the app, workflows and durable calls run what that node published.`,
    );
  return act<Options>(command, async (globals, options, [entry, texts]) => {
    const args = parseArguments(texts as readonly string[]);
    return (await import('./call-function.js')).callFunction(globals, {
      entry: entry as string,
      args,
      texts: texts as readonly string[],
      durable: options.durable === true,
      timeout: options.timeout,
    });
  });
}
