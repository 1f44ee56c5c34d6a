// `load` as PUC has it, for programs outside of apps. Sealed.
import { parseChunk } from '../front/parse.js';
import { Suspend } from '../suspend.js';
import type { HostFunction, HostResult, LuaFunction, LuaValue } from '../values.js';
import { undump } from './binary-chunks.js';
import { rememberName } from './debug-library.js';
import { fromHostValue } from './table.js';
import { loadChunk, loadObserved } from './unit.js';

/** PUC's LUA_IDSIZE, without the final zero. */
const MAX_NAME = 59;

/** How a chunk is called in messages: luaO_chunkid. */
function chunkId(name: string): string {
  if (name.startsWith('=')) return name.slice(1, 1 + MAX_NAME);
  if (name.startsWith('@'))
    return name.length - 1 <= MAX_NAME ? name.slice(1) : `...${name.slice(-(MAX_NAME - 3))}`;
  const [line = ''] = name.split('\n', 1);
  const room = MAX_NAME - '[string "..."]'.length;
  return line === name && line.length <= room + 3
    ? `[string "${line}"]`
    : `[string "${line.slice(0, room)}..."]`;
}

/** `load(chunk, name, mode, environment)`; an environment is always given. */
export const load: HostFunction = (_call, chunk, name, mode, environment) => {
  if (typeof chunk === 'string') return loadText(chunk, textOr(name, chunk), mode, environment);
  const pieces: string[] = [];
  const read = (): HostResult =>
    new Suspend({
      on: 'call',
      fn: chunk as LuaFunction,
      args: [],
      then: ([piece]) => {
        if (piece === undefined || piece === '')
          return loadText(pieces.join(''), textOr(name, '=(load)'), mode, environment);
        if (typeof piece !== 'string') return [undefined, 'reader function must return a string'];
        pieces.push(piece);
        return read();
      },
      caught: (error) => [undefined, error],
    });
  return read();
};

/** The main function of an observed chunk: the chunk around it gives it its environment. */
function observedMain(source: string, file: string, environment: LuaValue): LuaFunction {
  const around = loadObserved(source, file).main(undefined);
  return around(fromHostValue(environment)) as LuaFunction;
}

const textOr = (value: LuaValue, otherwise: string): string =>
  typeof value === 'string' ? value : otherwise;

/** What names these is compiled in its observed form, and all that is loaded after it: it may look at that too. */
const NAMES_DEBUG = /\b(?:debug|dump)\b/;
let observes = false;

function loadText(text: string, name: string, mode: LuaValue, environment: LuaValue): HostResult {
  const kind = text.startsWith('\x1b') ? 'binary' : 'text';
  if (typeof mode === 'string' && !mode.includes(kind.slice(0, 1)))
    return [undefined, `attempt to load a ${kind} chunk (mode is '${mode}')`];
  if (kind === 'binary') {
    const loaded = undump(text, environment);
    return typeof loaded === 'string'
      ? [undefined, `${name.startsWith('\x1b') ? 'binary string' : chunkId(name)}: ${loaded}`]
      : loaded;
  }
  // Only files may begin with a line for the shell.
  const parsed = parseChunk(text.startsWith('#') ? ` ${text}` : text, chunkId(name));
  if (parsed.ok) {
    observes ||= NAMES_DEBUG.test(text);
    if (!observes) return loadChunk(parsed.chunk, text, environment);
    rememberName(chunkId(name), name);
    return observedMain(text.startsWith('#') ? ` ${text}` : text, chunkId(name), environment);
  }
  const { place, message } = parsed.diagnostics[0]!;
  return [undefined, `${place.file}:${place.line}: ${message}`];
}
