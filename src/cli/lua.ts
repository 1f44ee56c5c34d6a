// `moontide lua`: runs a Lua file outside of any app, or reads Lua line by line.
import { Command } from 'commander';
import { act } from './command.js';

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
