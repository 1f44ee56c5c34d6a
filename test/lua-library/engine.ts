// Runs Lua text on the compiled engine with nothing around it but the library.
import { Coroutine, enter } from '../../src/lua/compiled/coroutine.js';
import { startMachine } from '../../src/lua/compiled/machine.js';
import { all, builtin, EMPTY, S } from '../../src/lua/compiled/protocol.js';
import type { Value } from '../../src/lua/compiled/protocol.js';
import { Table } from '../../src/lua/compiled/table.js';
import { loadChunk } from '../../src/lua/compiled/unit.js';
import { formatDiagnostic } from '../../src/core/diagnostics.js';
import { parseChunk } from '../../src/lua/front/parse.js';
import { setLibraryHost } from '../../src/lua/library/surroundings.js';
import { standardLibrary } from '../../src/lua/library/standard.js';

export interface Run {
  readonly values: readonly Value[];
  readonly printed: readonly string[];
}

/** A coroutine as an instance's own ones are. */
class Main extends Coroutine {
  override get isRoot(): boolean {
    return true;
  }
}

/** Results and output of a chunk; throws what it raises. */
export function runLua(source: string, file: string): Run {
  startMachine();
  const printed: string[] = [];
  let seed = 1;
  const before = setLibraryHost({
    random: () => (seed = (seed * 16807) % 2147483647) / 2147483647,
    randomSeed: (value) => {
      seed = (Math.abs(Math.trunc(value)) % 2147483646) + 1;
    },
    print: (line) => printed.push(line),
  });
  try {
    const globals = new Table();
    for (const [name, value] of Object.entries(standardLibrary().globals)) globals.setField(name, value);
    globals.setField('_G', globals);
    globals.setField(
      'load',
      builtin('load', (text: Value) => load(String(text), 'chunk', globals)),
    );
    const result = enter(new Main(load(source, file, globals)), EMPTY);
    if (result === S) throw new Error('the chunk suspended');
    return { values: all(result), printed };
  } finally {
    setLibraryHost(before);
  }
}

function load(source: string, file: string, globals: Table): ReturnType<typeof loadChunk> {
  const parsed = parseChunk(source, file);
  if (!parsed.ok) throw new SyntaxError(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  return loadChunk(parsed.chunk, source, globals);
}
