// What `moontide lua` gives the prelude of this process: files, standard streams, `os`. Strings are byte strings.
// H1: output is written at once and in order; standard input is read when it is asked for.
import { readFileSync } from 'node:fs';
import { Arguments } from '../../lua/instance/arguments.js';
import { defineModuleSpec, fn } from '../../lua/module.js';
import { command } from '../../lua/suspend.js';
import { defineUserdata, LuaFloat } from '../../lua/values.js';
import type { LuaValue } from '../../lua/values.js';
import { flushFiles, OpenFile, writeAll } from './open-file.js';
import type { Buffering, Whence } from './open-file.js';
import { attempt, osMembers, tried } from './os-members.js';

export const NEXT_LINE = 'lua.line';
/** Weak tables are to lose what is only there. */
export const COLLECT = 'lua.collect';

/** A format that the prelude has checked: a count, or a letter; `n` gives the numeral's text. */
function read(file: OpenFile, format: LuaValue): LuaValue {
  if (typeof format === 'number') return file.readBytes(format);
  switch (format) {
    case 'a':
      return file.readAll();
    case 'n':
      return file.readNumeral();
    case 'L':
      return file.readLine();
    default: {
      const line = file.readLine();
      return line?.endsWith('\n') === true ? line.slice(0, -1) : line;
    }
  }
}

/** What the prelude keeps of a file; it has checked all arguments. */
const FileHandle = defineUserdata<OpenFile>('file handle', {
  read: (_call, file, format) => tried(() => read(file, format)),
  write: (_call, file, text) => tried(() => (file.write(text as string), true)),
  flush: (_call, file) => tried(() => (file.flush(), true)),
  close: (_call, file) => tried(() => (file.close(), true)),
  seek: (_call, file, whence, offset) => tried(() => file.seek(whence as Whence, offset as number)),
  buffer: (_call, file, how) => tried(() => (file.buffer(how as Buffering), true)),
});

const standard = (descriptor: 0 | 1 | 2): LuaValue => FileHandle.wrap(OpenFile.standard(descriptor));

/** `hasWeak`: whether there is any weak table. */
export function processSpec(hasWeak: () => boolean) {
  const input = OpenFile.standard(0);
  return defineModuleSpec({
    name: 'host',
    summary: 'This process, for programs outside of apps.',
    workflow: 'refused',
    members: {
      ...osMembers,
      open: fn('', [], [], (_call, path, mode) =>
        attempt(path as string, (name) => FileHandle.wrap(OpenFile.open(name, mode as string))),
      ),
      stdin: fn('', [], [], () => FileHandle.wrap(input)),
      stdout: fn('', [], [], () => standard(1)),
      stderr: fn('', [], [], () => standard(2)),
      read_file: fn('', [], [], (call, ...values) =>
        attempt(new Arguments(call, 'read_file', values).string(1), (name) => readFileSync(name, 'latin1')),
      ),
      read_all: fn('', [], [], () => input.readAll()),
      complain: fn('', [], [], (_call, text) => (writeAll(2, text as string), undefined)),
      memory: fn('', [], [], () => {
        const kilobytes = process.memoryUsage().heapUsed / 1024;
        return Number.isInteger(kilobytes) ? new LuaFloat(kilobytes) : kilobytes;
      }),
      exit: fn('', [], [], (_call, code) => {
        flushFiles();
        return process.exit(code === true ? 0 : code === false ? 1 : Number(code));
      }),
      has_weak: fn('', [], [], () => hasWeak()),
      collect: fn('', [], [], () => command({ type: COLLECT }, () => undefined)),
      line: fn('', [], [], (_call, prompt) =>
        command({ type: NEXT_LINE, prompt: prompt as string }, (answer) =>
          answer.ok && (typeof answer.value === 'string' || answer.value === false)
            ? answer.value
            : undefined,
        ),
      ),
    },
  });
}
