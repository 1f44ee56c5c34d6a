// Commands of two words (`moontide registry list`): each says what it is and shows examples in the same way.
import { Command } from 'commander';
import { act } from './command.js';
import type { Action } from './command.js';

export interface SubCommand<Options> {
  readonly name: string;
  /** One line, without a capital letter and a full stop. */
  readonly summary: string;
  readonly arguments?: readonly (readonly [name: string, meaning: string])[];
  readonly options?: readonly (readonly [flags: string, meaning: string])[];
  /** What stands behind `moontide <parent>`. */
  readonly examples: readonly string[];
  readonly run: Action<Options>;
}

export function subCommand<Options extends object>(
  parent: string,
  { name, summary, run, ...wishes }: SubCommand<Options>,
): Command {
  const command = new Command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`);
  for (const [argument, meaning] of wishes.arguments ?? []) command.argument(argument, meaning);
  for (const [flags, meaning] of wishes.options ?? []) command.option(flags, meaning);
  const examples = wishes.examples.map((example) => `  moontide ${parent} ${example}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${examples}`);
  return act<Options>(command, run);
}
