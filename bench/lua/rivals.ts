// Who the engine is measured against, and how each is started with a file of Lua.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Rival {
  readonly name: string;
  /** The command that runs a file. */
  readonly command: (file: string) => readonly string[];
  /** Rounds of a whole and of a quick run. */
  readonly rounds: readonly [whole: number, quick: number];
  /** A program that takes longer is given up on. */
  readonly limitMs: number;
}
export interface AbsentRival {
  readonly name: string;
  readonly why: string;
}

const GOPHER_LUA = 'github.com/yuin/gopher-lua v1.1.2';
const GO_MAIN = `package main

import (
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	state := lua.NewState()
	defer state.Close()
	if err := state.DoFile(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`;

const child = fileURLToPath(new URL('child.js', import.meta.url));
const engine = (name: string) => (file: string) => [process.execPath, child, name, file];
const LIMIT_MS = 60_000;

export const OURS: Rival = { name: 'ours', command: engine('compiled'), rounds: [5, 2], limitMs: LIMIT_MS };
/** Our engine again: what is generated to count instructions and memory is taken out. */
export const UNCOUNTED: Rival = {
  name: 'ours without budgets',
  command: engine('uncounted'),
  rounds: [5, 2],
  limitMs: LIMIT_MS,
};
export const REFERENCE = 'lua5.4';

function installed(name: string, command: readonly string[], rounds: Rival['rounds']): Rival | AbsentRival {
  const [program = '', ...flags] = command;
  if (spawnSync(program, ['-v']).status !== 0) return { name, why: `${program} is not installed` };
  return { name, command: (file) => [program, ...flags, file], rounds, limitMs: LIMIT_MS };
}

function gopherLua(tell: (line: string) => void): Rival | AbsentRival {
  const name = 'gopher-lua';
  if (spawnSync('go', ['version']).status !== 0) return { name, why: 'Go is not installed' };
  const base = process.env['XDG_CACHE_HOME'];
  const folder = join(
    base === undefined || base === '' ? join(homedir(), '.cache') : base,
    'moontide',
    GOPHER_LUA.replace(/[/ ]/g, '-'),
  );
  const binary = join(folder, 'gopher-lua');
  if (!existsSync(binary)) {
    tell('building gopher-lua');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'go.mod'), `module bench\n\ngo 1.20\n\nrequire ${GOPHER_LUA}\n`);
    writeFileSync(join(folder, 'main.go'), GO_MAIN);
    try {
      execFileSync('go', ['build', '-mod=mod', '-o', binary, '.'], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 300_000,
      });
    } catch (error) {
      return {
        name,
        why: `go build failed: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`,
      };
    }
  }
  return { name, command: (file) => [binary, file], rounds: [2, 1], limitMs: LIMIT_MS };
}

/** In the order in which each round runs them. */
export function findRivals(tell: (line: string) => void): readonly (Rival | AbsentRival)[] {
  return [
    OURS,
    UNCOUNTED,
    installed(REFERENCE, ['lua5.4'], [5, 2]),
    installed('lua5.3', ['lua5.3'], [3, 1]),
    installed('luajit -joff', ['luajit', '-joff'], [3, 1]),
    gopherLua(tell),
    { name: 'fengari', command: engine('fengari'), rounds: [1, 0], limitMs: 6000 },
  ];
}
