// Short ways to parse in tests.
import { expect } from 'vitest';
import { formatDiagnostic } from '../../src/core/diagnostics.js';
import { parseChunk } from '../../src/lua/front/parse.js';
import type { Chunk, Expression, Statement } from '../../src/lua/front/tree.js';

export function parse(source: string): Chunk {
  const result = parseChunk(source, 'order.lua');
  if (!result.ok) throw new Error(result.diagnostics.map(formatDiagnostic).join('\n'));
  return result.chunk;
}

/** PUC's text of the first error, `order.lua:2: ...`. */
export function errorOf(source: string): string {
  const result = parseChunk(source, 'order.lua');
  if (result.ok) return 'no error';
  expect(result.diagnostics).toHaveLength(1);
  const [diagnostic] = result.diagnostics;
  return diagnostic === undefined ? '' : `order.lua:${String(diagnostic.place.line)}: ${diagnostic.message}`;
}

export function statement(source: string, index = 0): Statement {
  const found = parse(source).main.body.statements[index];
  if (found === undefined) throw new Error(`no statement ${String(index)}`);
  return found;
}

/** The value of `return <source>`. */
export function expression(source: string): Expression {
  const found = statement(`return ${source}`);
  if (found.kind !== 'return' || found.values[0] === undefined) throw new Error('no value');
  return found.values[0];
}
