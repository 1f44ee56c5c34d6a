// How a command is made: its action gets the parsed globals and returns the exit code.
import type { Command } from 'commander';
import { readGlobals } from './globals.js';
import type { Globals } from './globals.js';

/** What an action gets: positional arguments as commander gives them, and the command's own options. */
export type Action<Options> = (
  globals: Globals,
  options: Options,
  args: readonly unknown[],
) => Promise<number>;

/** Sets the action; its exit code is left on the command for main.ts. */
export function act<Options extends object>(command: Command, action: Action<Options>): Command {
  return command.action(async (...all: unknown[]) => {
    // Commander calls with the positional arguments, then the options, then the command.
    const args = all.slice(0, -2);
    command.setOptionValue('exitCode', await action(readGlobals(command), command.opts<Options>(), args));
  });
}
