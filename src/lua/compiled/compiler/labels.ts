// Labels and gotos. Sealed.
// G1: a label that only forward gotos reach closes a labelled block; one that only backward gotos reach opens a loop that goes to
//     the end of its block; a block where the two would cross is a loop around a switch.
import type { Block, Label, Statement } from '../../front/tree.js';
import type { FunctionEmitter } from './function-emitter.js';
import { statement } from './statements.js';

export function labelledStatements(f: FunctionEmitter, b: Block): void {
  const used = b.labels.filter(({ forward, backward }) => forward + backward > 0);
  const hasLoop = used.some(({ backward }) => backward > 0);
  const crosses = hasLoop && used.some(({ forward, atEnd }) => forward > 0 && !atEnd);
  if (crosses) return jumpTable(f, b.statements, used);
  structured(f, b.statements, used);
}

function structured(f: FunctionEmitter, statements: readonly Statement[], used: readonly Label[]): void {
  const forward = used.filter((label) => label.forward > 0);
  openForward(f, statements, forward, forward.length - 1);
}

/** Blocks of the labels up to `last` around what stands before them, then what follows `last`. */
function openForward(
  f: FunctionEmitter,
  statements: readonly Statement[],
  labels: readonly Label[],
  last: number,
): void {
  const label = labels[last];
  if (label === undefined) return sequence(f, statements);
  const at = statements.findIndex((s) => s.kind === 'label' && s.label === label);
  const js = f.label();
  f.jumps.set(label.id, `break ${js}`);
  f.writer.block(js, () => openForward(f, statements.slice(0, at), labels, last - 1));
  sequence(f, statements.slice(at + 1));
}

/** Statements in order; each label of a backward goto loops over the rest. */
function sequence(f: FunctionEmitter, statements: readonly Statement[]): void {
  for (const [at, s] of statements.entries()) {
    if (s.kind !== 'label' || s.label.backward === 0) {
      statement(f, s);
      continue;
    }
    const js = f.label();
    f.jumps.set(s.label.id, `continue ${js}`);
    f.writer.loop(js, '', '', () => {
      sequence(f, statements.slice(at + 1));
      f.line(`break ${js};`);
    });
    return;
  }
}

function jumpTable(f: FunctionEmitter, statements: readonly Statement[], used: readonly Label[]): void {
  const parts: Statement[][] = [[]];
  const label = f.label();
  const state = f.slot();
  for (const s of statements) {
    if (s.kind === 'label' && used.includes(s.label)) {
      f.jumps.set(s.label.id, `${state}=${parts.length};continue ${label}`);
      parts.push([]);
    } else parts.at(-1)?.push(s);
  }
  f.line(`${state}=0;`);
  f.writer.jumpTable(
    label,
    state,
    parts.map((part) => () => {
      for (const s of part) statement(f, s);
    }),
  );
}
