// `moontide start`: starts a workflow, and with --wait prints what it ends with.
import { Command } from 'commander';
import { parseArguments } from './arguments.js';
import { act } from './command.js';

interface Options {
  readonly id?: string;
  readonly wait?: boolean;
}

export function startCommand(): Command {
  const command = new Command('start')
    .summary('start a workflow')
    .description('Starts a workflow of the app on a running Temporal.')
    .argument('<workflow>', 'entry id of a workflow.lua, or its workflow type')
    .argument('[arguments...]', 'its arguments, one JSON value each')
    .option('--id <id>', 'workflow id; an id that is in use gives the running workflow')
    .option('--wait', 'wait for the result and print it; where no node runs, run it in this process')
    .addHelpText(
      'after',
      `
Examples:
  moontide start orders:order '{"id":"o-1","sku":"mug"}' --id o-1
  moontide start orders:order '{"id":"o-2","sku":"mug","approve_within":"1s"}' --wait
  moontide --json start app:greet '"Ada"' --wait

Exit codes: 0 started (or, with --wait, completed), 1 the workflow failed, 2 a wrong argument, 3 no Temporal.`,
    );
  return act<Options>(command, async (globals, options, [workflow, texts]) => {
    const args = parseArguments(texts as readonly string[]);
    return (await import('./start-workflow.js')).startWorkflow(globals, {
      workflow: workflow as string,
      args,
      id: options.id,
      wait: options.wait === true,
    });
  });
}
