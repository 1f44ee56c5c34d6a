// `moontide init`: a new app in a folder, from one of the examples.
import { Command, Option } from 'commander';
import { act } from './command.js';

/** By example, what people try first in it. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  hello: [`call hello:greet '"Ada"'`, `start hello:greeter '"Ada"' --wait`],
  orders: ['test'],
  'http-api': ['test'],
  actors: ['test'],
  extension: [`call app:hello '"Ada"'`],
};

export function initCommand(): Command {
  const command = new Command('init')
    .summary('make a new app in a folder')
    .description(
      'Makes a new app in a folder, as a copy of an example. What is there already is left as it is.',
    )
    .argument('<folder>')
    .addOption(
      new Option('--example <name>', 'what it begins as').choices(Object.keys(EXAMPLES)).default('hello'),
    )
    .option('--name <name>', "the app's name (else the folder's)")
    .addHelpText('after', '\nExamples:\n  moontide init shop\n  moontide init shop --example orders');
  return act<{ readonly example: string; readonly name?: string }>(
    command,
    async (globals, { example, name }, [folder]) =>
      (await import('./make-app.js')).makeApp(globals, {
        folder: folder as string,
        example,
        name,
        steps: EXAMPLES[example] ?? [],
      }),
  );
}
