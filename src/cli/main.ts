// The command line: which commands there are. Each is a file of its own that loads what it needs when it runs.
// M1: exit codes: 0 done, 1 the program failed, 2 what was typed or the app is wrong, 3 something needed cannot be reached,
//     130 and 143 stopped by SIGINT and SIGTERM before it was done.
// M2: help and mistakes in the arguments load nothing of the runtime.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { dataObject } from '../core/data.js';
import { queryCommand, updateCommand } from './ask.js';
import { callCommand } from './call.js';
import { devCommand } from './dev.js';
import { addGlobalOptions } from './globals.js';
import { jsonText, reportFailure, sayFailure } from './output.js';
import { registryCommand } from './registry.js';
import { runCommand } from './run.js';
import { sendCommand } from './send.js';
import { startCommand } from './start.js';
import { testCommand } from './test.js';
import { UsageError } from './usage-error.js';

export { exitWith } from './exit.js';

function version(): string {
  // Compiled it lies one folder deeper than its source.
  const depth = import.meta.url.endsWith('.ts') ? '../..' : '../../..';
  const text = readFileSync(new URL(`${depth}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `json`: what commander itself prints on stdout is JSON too. */
export function buildProgram(json = false): Command {
  const program = new Command('moontide')
    .description('Runs folders of YAML entries and Lua files as durable applications on Temporal.')
    .version(
      json ? jsonText(dataObject({ version: version() }), false) : version(),
      '-V, --version',
      "print Moontide's version",
    )
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .showHelpAfterError('run `moontide --help` for the commands')
    .showSuggestionAfterError(true)
    .addHelpText(
      'after',
      `
Examples:
  moontide dev                                   everything local: Temporal, its UI and the app in this folder
  moontide start orders:order '{"id":"o-1"}'     start a workflow
  moontide send o-1 approve '{"by":"ada"}'       send it a message
  moontide call orders:report                    call a function in this process
  moontide test                                  run the app's tests

Exit codes: 0 done, 1 the program failed, 2 what was typed or the app is wrong, 3 something needed cannot be reached.`,
    );
  addGlobalOptions(program);
  for (const command of [
    devCommand(),
    runCommand(),
    startCommand(),
    callCommand(),
    sendCommand(),
    queryCommand(),
    updateCommand(),
    testCommand(),
    registryCommand(),
  ]) {
    for (const one of [command, ...command.commands])
      one.showHelpAfterError(`run \`${helpOf(command, one)}\` for examples`).exitOverride();
    program.addCommand(command);
  }
  return program.exitOverride();
}

const helpOf = (command: Command, one: Command): string =>
  one === command ? `moontide help ${one.name()}` : `moontide ${command.name()} help ${one.name()}`;

/** Runs one command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that went away (`| head`) is no reason to fail loudly.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const json = argv.includes('--json');
  try {
    const program = buildProgram(json);
    let exitCode = 0;
    program.hook('postAction', (_program, command) => {
      const code: unknown = command.getOptionValue('exitCode');
      if (typeof code === 'number') exitCode = code;
    });
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Commander has told people already.
      if (json) sayFailure(new UsageError(error.message.replace(/^error: /, '')));
      return 2;
    }
    return reportFailure(error, json);
  }
}
