// Generated programs as trees of statements, so that a difference can be cut down to the statements that it needs.

/** `texts[0] blocks[0] texts[1] blocks[1] ... texts[n]`, on lines of their own; a simple statement has one text. */
export interface Statement {
  readonly texts: readonly string[];
  readonly blocks: readonly (readonly Statement[])[];
}

export const line = (text: string): Statement => ({ texts: [text], blocks: [] });

/** `open ... close` around statements. */
export const around = (open: string, body: readonly Statement[], close = 'end'): Statement => ({
  texts: [open, close],
  blocks: [body],
});

function write(statements: readonly Statement[], indent: string, lines: string[]): void {
  for (const { texts, blocks } of statements)
    for (const [at, text] of texts.entries()) {
      if (text !== '') lines.push(indent + text);
      const block = blocks[at];
      if (block !== undefined) write(block, `${indent}  `, lines);
    }
}

export function textOf(statements: readonly Statement[]): string {
  const lines: string[] = [];
  write(statements, '', lines);
  return lines.join('\n');
}

/** Every program with one statement less, or with a statement's blocks in its place; the biggest cuts first. */
export function* smaller(statements: readonly Statement[]): Generator<readonly Statement[]> {
  for (let size = statements.length; size >= 1; size = Math.floor(size / 2))
    for (let from = 0; from + size <= statements.length; from += size)
      yield [...statements.slice(0, from), ...statements.slice(from + size)];
  for (const [at, statement] of statements.entries()) {
    const before = statements.slice(0, at);
    const after = statements.slice(at + 1);
    for (const [which, block] of statement.blocks.entries()) {
      if (block.length > 0) yield [...before, ...block, ...after];
      for (const less of smaller(block)) {
        const blocks = statement.blocks.map((other, index) => (index === which ? less : other));
        yield [...before, { texts: statement.texts, blocks }, ...after];
      }
    }
  }
}
