// What `moontide lua` gives the prelude of this process: files, standard streams, the environment. Strings are byte strings.
// H1: output is written at once and in order; standard input is read when it is asked for.
import {
  appendFileSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineModuleSpec, fn } from '../../lua/module.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { LuaError, LuaFloat, luaType } from '../../lua/values.js';
import { toBytes, toText } from '../../core/text.js';

export const NEXT_LINE = 'lua.line';
/** Weak tables are to lose what is only there. */
export const COLLECT = 'lua.collect';

/** All bytes, also where the stream takes only a part at a time. */
export function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** Standard input, as far as it has been read. */
class Input {
  #text = '';
  #ended = false;

  #more(): boolean {
    if (this.#ended) return false;
    const bytes = Buffer.alloc(65_536);
    for (;;) {
      try {
        const count = readSync(0, bytes);
        this.#ended = count === 0;
        this.#text += bytes.toString('latin1', 0, count);
        return count > 0;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') continue;
        if (code !== 'EOF') throw error;
        this.#ended = true;
        return false;
      }
    }
  }

  all(): string {
    while (this.#more());
    return this.#take(this.#text.length);
  }

  read(format: LuaValue): LuaValue {
    if (typeof format === 'number') {
      while (this.#text.length < format && this.#more());
      return this.#text === '' && format > 0 ? undefined : this.#take(format);
    }
    const letter = textOf(format).replace(/^\*/, '').charAt(0);
    if (letter === 'a') return this.all();
    while (!this.#text.includes('\n') && this.#more());
    if (this.#text === '') return undefined;
    const at = this.#text.indexOf('\n');
    const line = this.#take(at < 0 ? this.#text.length : at + 1);
    if (letter === 'L') return line;
    const bare = line.replace(/\n$/, '');
    if (letter !== 'n') return bare;
    const number = Number(bare);
    return bare.trim() === '' || Number.isNaN(number) ? undefined : number;
  }

  #take(count: number): string {
    const taken = this.#text.slice(0, count);
    this.#text = this.#text.slice(count);
    return taken;
  }
}

function textOf(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return `${value}`;
  throw new LuaError(`string expected, got ${luaType(value)}`);
}

/** `nil, "name: why"`, as C says it. */
function attempt(path: LuaValue, act: (path: string) => LuaValue): HostResult {
  const name = toText(textOf(path)) ?? textOf(path);
  try {
    return act(name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return [undefined, `${textOf(path)}: ${toBytes(REASONS[code ?? ''] ?? message)}`];
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
};

const float = (value: number): LuaValue => (Number.isInteger(value) ? new LuaFloat(value) : value);
const bytesOf = (value: LuaValue): Buffer => Buffer.from(textOf(value), 'latin1');

/** `hasWeak`: whether there is any weak table. */
export function processSpec(hasWeak: () => boolean) {
  const input = new Input();
  let temporary = 0;
  return defineModuleSpec({
    name: 'host',
    summary: 'This process, for programs outside of apps.',
    workflow: 'refused',
    members: {
      read_file: fn('', [], [], (_call, path) => attempt(path, (name) => readFileSync(name, 'latin1'))),
      write_file: fn('', [], [], (_call, path, text) =>
        attempt(path, (name) => (writeFileSync(name, bytesOf(text)), true)),
      ),
      append_file: fn('', [], [], (_call, path, text) =>
        attempt(path, (name) => (appendFileSync(name, bytesOf(text)), true)),
      ),
      remove: fn('', [], [], (_call, path) => attempt(path, (name) => (unlinkSync(name), true))),
      rename: fn('', [], [], (_call, from, to) =>
        attempt(from, (name) => (renameSync(name, toText(textOf(to)) ?? textOf(to)), true)),
      ),
      tmpname: fn('', [], [], () => {
        const name = join(tmpdir(), `lua_${process.pid}_${(temporary += 1)}`);
        rmSync(name, { force: true });
        writeFileSync(name, '');
        return toBytes(name);
      }),
      read_all: fn('', [], [], () => input.all()),
      read_line_or: fn('', [], [], (_call, format) => input.read(format)),
      write: fn('', [], [], (_call, descriptor, text) => {
        writeAll(Number(descriptor), textOf(text));
        return undefined;
      }),
      getenv: fn('', [], [], (_call, name) => {
        const value = process.env[textOf(name)];
        return value === undefined ? undefined : toBytes(value);
      }),
      clock: fn('', [], [], () => {
        const { user, system } = process.cpuUsage();
        return float((user + system) / 1e6);
      }),
      memory: fn('', [], [], () => float(process.memoryUsage().heapUsed / 1024)),
      exit: fn('', [], [], (_call, code) =>
        process.exit(code === true ? 0 : code === false ? 1 : Number(code)),
      ),
      has_weak: fn('', [], [], () => hasWeak()),
      collect: fn('', [], [], () => command({ type: COLLECT }, () => undefined)),
      line: fn('', [], [], (_call, prompt) =>
        command({ type: NEXT_LINE, prompt: textOf(prompt) }, (answer) =>
          answer.ok && (typeof answer.value === 'string' || answer.value === false)
            ? answer.value
            : undefined,
        ),
      ),
    },
  });
}
