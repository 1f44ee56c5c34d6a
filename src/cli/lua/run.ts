// Runs Lua outside of apps: a file to its end, or lines as people type them.
// R1: one instance, one program; nothing is counted against it but in the interactive one, where it could not be stopped otherwise.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Interface } from 'node:readline/promises';
import { textIn } from '../../core/command.js';
import type { Data, DataObject } from '../../core/data.js';
import { dataObject } from '../../core/data.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import type { Budget, Program } from '../../core/program.js';
import { compiledEngine } from '../../lua/compiled/engine.js';
import { standaloneSpec } from '../../lua/compiled/standalone.js';
import { createInstance } from '../../lua/instance/instance.js';
import { moduleLookup } from '../../lua/instance/modules.js';
import type { InstanceHost } from '../../lua/instance-context.js';
import type { Instance, Outcome, Step } from '../../lua/step.js';
import { osSpec } from '../../modules/os/spec.js';
import { coroutineSpec } from '../../modules/coroutine/spec.js';
import { errorsSpec } from '../../modules/errors/spec.js';
import { userCacheFolder } from '../../temporal/binary.js';
import { prepareLua } from '../lua-support.js';
import { UsageError } from '../usage-error.js';
import { PRELUDE } from './prelude.js';
import { flushFiles, writeAll } from './open-file.js';
import { COLLECT, NEXT_LINE, processSpec } from './process-spec.js';
import { WEAK_TURN, WeakTables } from './weak-tables.js';

const UNLIMITED: Budget = { instructions: 1e15, memory: 1e15 };
/** Some seconds: after that the lines go on with a new instance. */
const INTERACTIVE: Budget = { instructions: 2e9, memory: 2e9 };

const UNIT = 'lua:prelude';
const PRELUDE_NAME = '[moontide lua]';
const programOf = (budget: Budget): Program => ({
  entry: UNIT,
  kind: 'function.lua',
  units: {
    [UNIT]: {
      id: UNIT,
      chunk: PRELUDE_NAME,
      source: `return function(...) ${PRELUDE}\nend`,
      imports: { standalone: { module: 'standalone' }, host: { module: 'host' } },
    },
  },
  budget,
});

const hostOfProcess = (): InstanceHost => ({
  now: () => BigInt(Date.now()) * 1_000_000n,
  random: () => Math.random(),
  randomBytes: (n) => Array.from({ length: n }, () => String.fromCharCode(Math.random() * 256)).join(''),
  uuid: () => crypto.randomUUID(),
  print: (line) => writeAll(1, `${line}\n`),
  emit: () => undefined,
  pid: `{lua|${process.pid}}`,
  context: dataObject({}),
  place: 'node',
});

/** An instance, and the weak tables of its program. */
interface Started {
  readonly instance: Instance;
  readonly weak: WeakTables;
}

function newInstance(budget: Budget): Started {
  prepareLua(process.env);
  const compiled = compiledEngine.compile(programOf(budget));
  if (!compiled.ok) throw new TypeError(compiled.diagnostics.map(({ message }) => message).join('; '));
  const weak = new WeakTables();
  const process_ = processSpec(() => weak.any);
  const lookup = moduleLookup([standaloneSpec, process_], [osSpec, coroutineSpec, errorsSpec]);
  const host = hostOfProcess();
  Object.defineProperty(host, 'turnInstructions', { get: () => (weak.any ? WEAK_TURN : undefined) });
  return { instance: createInstance(compiledEngine.load(compiled.artifact), host, lookup), weak };
}

/** Goes on as long as the program only gives up its turn, or wants its weak tables to lose what is only there. */
async function goOn({ instance, weak }: Started, first: Step): Promise<Step> {
  let step = first;
  for (;;) {
    const collects = step.commands.find(({ command }) => command.type === COLLECT);
    if (collects === undefined && step.paused === undefined) return step;
    if (weak.any) await weak.collect();
    step = collects === undefined ? instance.goOn() : instance.answer(collects.id, { ok: true, value: null });
  }
}

const complain = (message: string): void => writeAll(2, `moontide lua: ${message}\n`);

/** Runs a file; '-' is standard input. The exit code is 1 when it failed. */
export async function runLuaFile(file: string, args: readonly string[]): Promise<number> {
  const text = file === '-' ? readFileSync(0, 'latin1') : readProgram(file);
  const name = file === '-' ? '=stdin' : `@${toBytes(file)}`;
  const started = newInstance(UNLIMITED);
  const { instance } = started;
  const first = instance.start(['file', text, name, toBytes(file), ...args.map(toBytes)]);
  const { outcome } = await goOn(started, first);
  flushFiles();
  return told(outcome, instance);
}

function readProgram(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new UsageError(`cannot read '${file}': ${(error as Error).message}; name a Lua file`);
  }
}

function told(outcome: Outcome | undefined, instance: Instance): number {
  if (outcome === undefined) {
    const waits = instance.coroutines().map(({ name, waits: on }) => `${name} waits for ${on}`);
    complain(`the program waits for what cannot come: ${waits.join('; ')}`);
    return 1;
  }
  if (!outcome.ok) {
    const { message, stack = '' } = outcome.error;
    const frames = stack.split('\n').filter((frame) => frame !== '' && !frame.includes(PRELUDE_NAME));
    complain(
      [message, ...(frames.length > 0 ? ['stack traceback:'] : []), ...frames.map((f) => `\t${f}`)].join(
        '\n',
      ),
    );
    return 1;
  }
  const [{ ok, message }] = outcome.values as [DataObject];
  if (ok !== true) complain(typeof message === 'string' ? message : 'failed');
  return ok === true ? 0 : 1;
}

/** Reads lines until the end of input. */
export async function runLuaLines(): Promise<number> {
  const history = History.open();
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    history: history.newestFirst,
    historySize: 1000,
  });
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  writeAll(1, 'Moontide, Lua 5.3; an expression shows its value, Ctrl-D ends\n');
  try {
    for (;;) {
      const outcome = await readAndRun((prompt) => ask(lines, ended, prompt, history));
      flushFiles();
      if (outcome.ok) return 0;
      complain(`${outcome.error.message}; what was defined is gone`);
    }
  } finally {
    lines.close();
  }
}

/** A line; undefined: the input has ended; false: Ctrl-C, which drops what was not finished. */
type Typed = string | undefined | false;

/** One instance over the lines; ends with the input, or because the instance was stopped. */
async function readAndRun(next: (prompt: string) => Promise<Typed>): Promise<Outcome> {
  const started = newInstance(INTERACTIVE);
  const { instance } = started;
  let step = await goOn(started, instance.start(['lines']));
  while (step.outcome === undefined) {
    const asked = step.commands.find(({ command }) => command.type === NEXT_LINE);
    if (asked === undefined) {
      complain('nothing goes on: a coroutine waits for what cannot come');
      return { ok: true, values: [] };
    }
    const line = await next(textIn(asked.command, 'prompt'));
    const value: Data = line === undefined ? null : line === false ? false : toBytes(line);
    step = await goOn(started, instance.answer(asked.id, { ok: true, value }));
  }
  return step.outcome;
}

async function ask(
  lines: Interface,
  ended: Promise<undefined>,
  prompt: string,
  history: History,
): Promise<Typed> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  lines.once('SIGINT', interrupt);
  const asked = lines.question(toTextLossy(prompt), { signal: interrupted.signal });
  const line = await Promise.race([asked.catch(() => undefined), ended]);
  lines.off('SIGINT', interrupt);
  if (interrupted.signal.aborted) {
    lines.write(null, { ctrl: true, name: 'e' });
    lines.write(null, { ctrl: true, name: 'u' });
    writeAll(1, '\n');
    return false;
  }
  if (line === undefined) writeAll(1, '\n');
  else history.add(line);
  return line;
}

/** What was typed before, kept in the user's cache folder. */
class History {
  readonly newestFirst: string[];
  readonly #file: string;

  constructor(file: string, lines: readonly string[]) {
    this.#file = file;
    this.newestFirst = [...lines].reverse();
  }

  static open(): History {
    const file = join(userCacheFolder(process.env), 'lua-history');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(-1000) : [];
    return new History(file, lines);
  }

  add(line: string): void {
    if (line.trim() === '') return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
    } catch {
      // A history that cannot be kept is no reason to stop.
    }
  }
}
