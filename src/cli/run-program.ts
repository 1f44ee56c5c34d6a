// `moontide run COMMAND` and `run -x ENTRY`: one program of the app, on this terminal, to its end.
// P1: it is named by its entry, or by the word of its meta.command, which no other entry of the app has.
// P2: the exit code is the whole number that it returns, as the system takes it (0 to 255); false and an error are 1.
import type { Data } from '../core/data.js';
import { dataObject, LuaFloat } from '../core/data.js';
import { mapIn } from '../core/data-values.js';
import { toBytes } from '../core/text.js';
import type { Outcome } from '../lua/step.js';
import { nearest as nearestName } from '../registry/load/nearest.js';
import { EntryKindError, EntryUnknownError } from '../runtime/errors.js';
import { nearest } from '../runtime/nearest.js';
import { TERMINAL_HOST } from '../runtime/process-hosts.js';
import { throwOutcome } from '../runtime/processes.js';
import { columns } from './columns.js';
import type { Globals } from './globals.js';
import { jsonText, resultData, say } from './output.js';
import type { NodeOptions, RunningNode } from './running-node.js';
import { keptAlive, nodeOptions } from './serve.js';
import { UsageError } from './usage-error.js';
import { withNode } from './with-node.js';

export type ProgramWishes = {
  readonly host: string | undefined;
  /** As they were typed. */
  readonly args: readonly string[];
} & ({ readonly command: string; readonly exec?: undefined } | { readonly exec: string });

export async function runProgram(globals: Globals, wishes: ProgramWishes): Promise<number> {
  const options = nodeOptions(globals);
  const own: NodeOptions = {
    ...options,
    temporal: 'asked',
    publish: 'serving',
    terminal: { args: wishes.args, onStderr: globals.json },
    log: { ...options.log, fallback: 'warn' },
  };
  return withNode(own, async (node) => {
    if (wishes.exec === undefined && wishes.command === 'list' && commandOf(node, 'list') === undefined)
      return listCommands(node, globals);
    const id = wishes.exec ?? entryOf(node, wishes.command);
    const values = throwOutcome(await keptAlive(run(node, id, wishes)));
    const code = exitCodeOf(values[0]);
    if (globals.json)
      say(jsonText(dataObject({ ok: code === 0, exit_code: code, result: resultData(values) }), false));
    return code;
  });
}

function run(node: RunningNode, id: string, { host, args }: ProgramWishes): Promise<Outcome> {
  const view = node.registry.current;
  const entry = view.get(id);
  const bytes = args.map(toBytes);
  if (entry === undefined) {
    const known = [...view.ofKind('process.lua'), ...view.ofKind('function.lua')].map((each) => each.id);
    throw new EntryUnknownError(id, nearest(id, known));
  }
  if (entry.kind === 'function.lua') return node.call(id, bytes, { signal: node.stopping });
  if (entry.kind !== 'process.lua')
    throw new EntryKindError(id, entry.kind, '`moontide run` runs a process.lua or a function.lua');
  const on = hostOf(node, host);
  if (view.get(on)?.data['hide_logs'] === true) node.logger.level = 'error';
  return node.runProcess(id, on, bytes);
}

function hostOf({ registry }: RunningNode, wanted: string | undefined): string {
  const hosts = registry.current.ofKind('terminal.host').map(({ id }) => id as string);
  if (wanted !== undefined) {
    if (hosts.includes(wanted)) return wanted;
    const others = hosts.length === 0 ? 'the app has none' : `there are ${hosts.join(', ')}`;
    throw new UsageError(`--host is '${wanted}', which is no terminal.host; ${others}`);
  }
  if (hosts.length > 1)
    throw new UsageError(`the app has several terminal.hosts: ${hosts.join(', ')}; say which with --host`);
  return hosts[0] ?? TERMINAL_HOST;
}

interface AppCommand {
  readonly name: string;
  readonly short: string;
  readonly entry: string;
}

function commandsOf({ registry }: RunningNode): AppCommand[] {
  const commands: AppCommand[] = [];
  for (const { id, meta } of registry.current.ofKind('process.lua')) {
    const { name, short } = mapIn(mapIn(meta)['command']);
    if (typeof name === 'string')
      commands.push({ name, short: typeof short === 'string' ? short : '', entry: id });
  }
  return commands.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const commandOf = (node: RunningNode, name: string): AppCommand | undefined =>
  commandsOf(node).find((each) => each.name === name);

/** P1. */
function entryOf(node: RunningNode, name: string): string {
  const found = commandOf(node, name);
  if (found !== undefined) return found.entry;
  const names = commandsOf(node).map((each) => each.name);
  const close = nearestName(name, names);
  const hint =
    close !== undefined
      ? `did you mean '${close}'?`
      : names.length > 0
        ? `it has ${names.join(', ')}`
        : 'a process.lua with meta.command.name is one';
  throw new UsageError(`the app has no command '${name}'; ${hint}`);
}

function listCommands(node: RunningNode, globals: Globals): number {
  const commands = commandsOf(node);
  if (globals.json) {
    say(jsonText(dataObject({ commands: commands.map((each) => dataObject({ ...each })) }), false));
    return 0;
  }
  if (commands.length === 0) say('the app has no commands; a process.lua with meta.command.name is one');
  for (const line of columns(commands.map(({ name, short, entry }) => [name, short === '' ? entry : short])))
    say(line);
  return 0;
}

/** P2. */
function exitCodeOf(value: Data | undefined): number {
  if (value === false) return 1;
  const number = value instanceof LuaFloat ? value.n : value;
  if (typeof number === 'bigint') return Number(BigInt.asUintN(8, number));
  if (typeof number === 'number' && Number.isInteger(number)) return ((number % 256) + 256) % 256;
  return 0;
}
