// The command line: which commands there are. Each is a file of its own that loads what it needs when it runs.
// M1: exit codes: 0 done, 1 the program failed, 2 what was typed or the app is wrong, 3 something needed cannot be reached,
//     130 and 143 stopped by SIGINT and SIGTERM before it was done.
// M2: help and mistakes in the arguments load nothing of the runtime.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { OutputConfiguration } from 'commander';
import { dataObject } from '../core/data.js';
import { didYouMean } from '../core/nearest.js';
import { PACKAGE_ROOT } from '../core/package-root-host.js';
import { toBytes } from '../core/text.js';
import { queryCommand, updateCommand } from './ask.js';
import { callCommand } from './call.js';
import { devCommand } from './dev.js';
import { addGlobalOptions } from './globals.js';
import { doctorCommand, inspectCommand } from './inspect.js';
import { initCommand } from './init.js';
import { luaCommand, withProgramApart } from './lua.js';
import { openapiCommand } from './openapi.js';
import { jsonText, reportFailure, say, sayFailure, tell } from './output.js';
import { cancelCommand, killCommand, psCommand } from './processes.js';
import { registryCommand } from './registry.js';
import { replayCommand } from './replay.js';
import { runCommand } from './run.js';
import { scheduleCommand } from './schedule.js';
import { sendCommand } from './send.js';
import { nodeCommand, nodesCommand, serviceCommand, servicesCommand } from './services.js';
import { startCommand } from './start.js';
import { testCommand } from './test.js';
import { upgradeCommand } from './upgrade.js';
import { UsageError } from './usage-error.js';

export { exitWith } from './exit.js';

function version(): string {
  const text = readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** What commander says of a mistake, in our words. */
const usageMessage = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.+)\?\)$/, "; did you mean '$1'?");

/** The command `help`: commander's own takes an unknown name for none. */
function helpCommand(program: Command): Command {
  return new Command('help')
    .description('print help of a command')
    .argument('[command...]')
    .action((names: readonly string[]) => {
      let of = program;
      for (const name of names) {
        const found = of.commands.find((each) => each.name() === name);
        if (found === undefined) throw unknownCommand(name, of);
        of = found;
      }
      of.outputHelp();
    });
}

function unknownCommand(name: string, of: Command): UsageError {
  const names = of.commands.map((each) => each.name());
  const hint = didYouMean(name, names) || '; run `moontide --help` for the commands';
  return new UsageError(`unknown command '${name}'${hint}`);
}

/** `print`: gets the pieces of what commander itself prints on stdout. */
function buildProgram(print: (piece: string) => void = (piece) => void process.stdout.write(piece)): Command {
  const output: OutputConfiguration = {
    writeOut: print,
    outputError: (text, write) => write(`moontide: ${usageMessage(text)}\n`),
  };
  const program = new Command('moontide')
    .description('Runs folders of YAML entries and Lua files as durable applications on Temporal.')
    .version(version(), '-V, --version', "print Moontide's version")
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureOutput(output)
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

Exit codes: 0 done, 1 the program failed, 2 what was typed or the app is wrong, 3 something needed cannot be reached,
130 and 143 stopped by SIGINT and SIGTERM before it was done.`,
    );
  addGlobalOptions(program);
  for (const command of [
    initCommand(),
    devCommand(),
    runCommand(),
    startCommand(),
    callCommand(),
    sendCommand(),
    queryCommand(),
    updateCommand(),
    inspectCommand(),
    doctorCommand(),
    replayCommand(),
    upgradeCommand(),
    testCommand(),
    scheduleCommand(),
    psCommand(),
    killCommand(),
    cancelCommand(),
    servicesCommand(),
    serviceCommand(),
    nodesCommand(),
    nodeCommand(),
    registryCommand(),
    openapiCommand(),
    luaCommand(),
    helpCommand(program),
  ]) {
    command.helpCommand(false); // `moontide help` knows them all
    for (const one of [command, ...command.commands])
      one
        .helpOption('-h, --help', 'print help')
        .configureHelp({ showGlobalOptions: true })
        .configureOutput(output)
        .showHelpAfterError(
          `run \`moontide help ${one === command ? '' : `${command.name()} `}${one.name()}\` for examples`,
        )
        .exitOverride();
    program.addCommand(command);
  }
  return program.exitOverride();
}

/** Help and version as JSON. */
const sayPrinted = (text: string): void =>
  say(jsonText(dataObject({ [text === version() ? 'version' : 'help']: toBytes(text) }), false));

/** Runs one command line; returns the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  const argv = withProgramApart(given);
  // A reader that went away (`| head`) is no reason to fail loudly.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const json = own.includes('--json');
  const printed: string[] = [];
  try {
    const program = json ? buildProgram((piece) => printed.push(piece)) : buildProgram();
    let exitCode = 0;
    program.hook('postAction', (_program, command) => {
      const code: unknown = command.getOptionValue('exitCode');
      if (typeof code === 'number') exitCode = code;
    });
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
    if (printed.length > 0) sayPrinted(printed.join('').trim());
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) {
        if (printed.length > 0) sayPrinted(printed.join('').trim());
        return 0;
      }
      const isHelp = error.code === 'commander.help'; // which it prints when it finds no command
      const problem = new UsageError(
        isHelp ? 'a command is missing; --help lists them' : usageMessage(error.message),
      );
      // Of everything else commander has told people already.
      if (isHelp) tell(`\nmoontide: ${problem.message}`);
      if (json) sayFailure(problem);
      return 2;
    }
    return reportFailure(error, json);
  }
}
