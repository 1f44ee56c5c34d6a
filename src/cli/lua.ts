// `moontide lua`: runs a Lua file outside of any app, or reads Lua line by line.
import { Command } from 'commander';
import { act } from './command.js';

/** Options of all commands that take a value. */
const VALUED = new Set([
  '--app',
  '--address',
  '--namespace',
  '--log-level',
  '--log-format',
  '-o',
  '--override',
]);

/** The words of a command line, with `--` before what belongs to the program: all that follows its file. */
export function withProgramApart(argv: readonly string[]): readonly string[] {
  const operands: number[] = [];
  for (let at = 0; at < argv.length && operands.length < 2; at++) {
    const word = argv[at] ?? '';
    if (word === '--') return argv;
    if (VALUED.has(word)) at += 1;
    else if (!word.startsWith('-') || word === '-') operands.push(at);
  }
  const [command, file] = operands;
  if (command === undefined || argv[command] !== 'lua' || file === undefined) return argv;
  return [...argv.slice(0, file), '--', ...argv.slice(file)];
}

export function luaCommand(): Command {
  const command = new Command('lua')
    .summary('run a Lua file, or read Lua line by line')
    .description(
      'Runs a Lua file with the plain standard library (load, require, io, os), outside of any app. Without a file it reads line by line.',
    )
    .argument('[file]', "a Lua file; '-' is standard input")
    .argument('[arguments...]', 'what the program gets as `...` and in `arg`')
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
Examples:
  moontide lua
  moontide lua script.lua one two
  echo 'print(1 + 1)' | moontide lua -`,
    );
  return act(command, async (_globals, _options, [file, args]) => {
    const { runLuaFile, runLuaLines } = await import('./lua/run.js');
    const given = (args ?? []) as readonly string[];
    if (typeof file === 'string') return runLuaFile(file, given);
    return process.stdin.isTTY === true ? runLuaLines() : runLuaFile('-', given);
  });
}
