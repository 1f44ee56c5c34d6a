// `moontide query` and `moontide update`: ask a workflow, or change it.
import { Command } from 'commander';
import { parseArguments } from './arguments.js';
import { act } from './command.js';
import { collect, parseStart } from './start-with.js';
import type { StartOptions } from './start-with.js';

const arguments_ = (command: Command, verb: string): Command =>
  command
    .argument('<workflow-id>')
    .argument('<name>', `name of the ${verb}, as the workflow declares it`)
    .argument('[arguments...]', 'its arguments, one JSON value each');

const asked = ([id, name, texts]: readonly unknown[]) => ({
  id: id as string,
  name: name as string,
  args: parseArguments(texts as readonly string[], 3),
});

export function queryCommand(): Command {
  const command = arguments_(new Command('query'), 'query')
    .summary('ask a workflow')
    .description('Asks a workflow, running or ended, by a query that it declares, and prints the answer.')
    .addHelpText('after', '\nExamples:\n  moontide query cart-1 total\n  moontide query cart-1 item 2');
  return act(command, async (globals, _options, args) =>
    (await import('./ask-workflow.js')).queryWorkflow(globals, asked(args)),
  );
}

export function updateCommand(): Command {
  const command = arguments_(new Command('update'), 'update')
    .summary('change a workflow, and wait for what it says')
    .description('Sends an update to a running workflow and prints what its handler gives.')
    .option('--update-id <id>', 'the same id again is the same update: it is done once')
    .option(
      '--start <workflow>',
      'entry id or type: where nothing runs under the id, start it with the update',
    )
    .option('--input <json>', 'an argument of that start; give it once for each', collect)
    .addHelpText(
      'after',
      `
Examples:
  moontide update cart-1 add '{"sku":"mug"}'
  moontide update cart-1 add '{"sku":"mug"}' --update-id click-7
  moontide update cart-1 add '{"sku":"mug"}' --start shop:cart --input '{"currency":"EUR"}'`,
    );
  return act<StartOptions & { readonly updateId?: string }>(command, async (globals, options, args) =>
    (await import('./ask-workflow.js')).updateWorkflow(globals, {
      ...asked(args),
      updateId: options.updateId,
      start: parseStart(options),
    }),
  );
}
