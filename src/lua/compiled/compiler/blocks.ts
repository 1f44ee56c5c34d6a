// Statements of a block: labels and gotos, and to-be-closed variables. Sealed.
// G1: a label that only forward gotos reach closes a labelled block; one that only backward gotos reach opens a loop that goes to
//     the end of its block; a block where the two would cross is a loop around a switch.
// G2: what follows the declaration of a to-be-closed variable is a region: a try whose end closes the variable and then goes on
//     as the region was left. No site is in a catch, so a twin never has to enter one.
import type { Block, Label, LocalStatement, Statement } from '../../front/tree.js';
import type { FunctionEmitter, Region } from './function-emitter.js';
import { statement } from './statements.js';

type Item = Statement | { readonly kind: 'rest'; readonly line: number; readonly write: () => void };

/** `atEnd` is written after the statements, in their scope. */
export function blockStatements(f: FunctionEmitter, b: Block, atEnd?: () => void): void {
  const end: Item[] = atEnd === undefined ? [] : [{ kind: 'rest', line: 0, write: atEnd }];
  if (b.labels.length === 0 && !b.closes) {
    items(f, [...b.statements, ...end]);
    return;
  }
  const used = b.labels.filter(({ forward, backward }) => forward + backward > 0);
  const last = used.filter((label) => label.atEnd);
  const jumps = last.map((label) => {
    const js = f.label();
    f.jumps.set(label.id, { js: `break ${js}`, regions: f.regions.length });
    return js;
  });
  const inner = used.filter((label) => !label.atEnd);
  const nest = (at: number): void => {
    const label = jumps[at];
    if (label === undefined) labelled(f, b.statements, inner);
    else f.writer.block(label, () => nest(at + 1));
  };
  if (atEnd !== undefined && b.closes && last.length === 0) labelled(f, [...b.statements, ...end], inner);
  else {
    nest(0);
    items(f, end);
  }
}

function items(f: FunctionEmitter, list: readonly Item[]): void {
  for (const item of list) {
    if (item.kind === 'rest') item.write();
    else statement(f, item);
  }
}

const isClosing = (item: Item): item is LocalStatement =>
  item.kind === 'localStatement' && item.variables.some(({ attribute }) => attribute === 'close');

function labelled(f: FunctionEmitter, list: readonly Item[], used: readonly Label[]): void {
  const at = list.findIndex(isClosing);
  const closing = list[at];
  if (closing === undefined || !isClosing(closing)) return arrange(f, list, used);
  const rest = list.slice(at + 1);
  const region: Item = {
    kind: 'rest',
    line: closing.line,
    write: () => writeRegion(f, closing, () => labelled(f, rest, labelsIn(rest, used))),
  };
  const head = list.slice(0, at + 1);
  arrange(f, [...head, region], labelsIn(head, used));
}

const labelsIn = (list: readonly Item[], used: readonly Label[]): Label[] =>
  used.filter((label) => list.some((item) => item.kind === 'label' && item.label === label));

function arrange(f: FunctionEmitter, list: readonly Item[], used: readonly Label[]): void {
  const hasLoop = used.some(({ backward }) => backward > 0);
  const forward = used.filter((label) => label.forward > 0);
  if (hasLoop && forward.length > 0) jumpTable(f, list, used);
  else openForward(f, list, forward, forward.length - 1);
}

/** Blocks of the labels up to `last` around what stands before them, then what follows `last`. */
function openForward(
  f: FunctionEmitter,
  list: readonly Item[],
  labels: readonly Label[],
  last: number,
): void {
  const label = labels[last];
  if (label === undefined) return sequence(f, list);
  const at = list.findIndex((item) => item.kind === 'label' && item.label === label);
  const js = f.label();
  f.jumps.set(label.id, { js: `break ${js}`, regions: f.regions.length });
  f.writer.block(js, () => openForward(f, list.slice(0, at), labels, last - 1));
  sequence(f, list.slice(at + 1));
}

/** Statements in order; each label of a backward goto loops over the rest. */
function sequence(f: FunctionEmitter, list: readonly Item[]): void {
  for (const [at, item] of list.entries()) {
    if (item.kind !== 'label' || item.label.backward === 0) {
      items(f, [item]);
      continue;
    }
    const js = f.label();
    f.jumps.set(item.label.id, { js: `continue ${js}`, regions: f.regions.length });
    f.writer.loop(js, '', '', () =>
      f.pass(item.line, () => {
        sequence(f, list.slice(at + 1));
        f.line(`break ${js};`);
      }),
    );
    return;
  }
}

function jumpTable(f: FunctionEmitter, list: readonly Item[], used: readonly Label[]): void {
  const parts: Item[][] = [[]];
  const label = f.label();
  const state = f.slot();
  for (const item of list) {
    if (item.kind === 'label' && used.includes(item.label)) {
      const js = `${state}=${parts.length};continue ${label}`;
      f.jumps.set(item.label.id, { js, regions: f.regions.length });
      parts.push([]);
    } else parts.at(-1)?.push(item);
  }
  f.line(`${state}=0;`);
  f.writer.jumpTable(
    label,
    state,
    parts.map((part) => () => f.pass(part[0]?.line ?? f.body.line, () => items(f, part))),
  );
}

/** What follows a to-be-closed variable, and its closing. */
function writeRegion(f: FunctionEmitter, closing: LocalStatement, write: () => void): void {
  const variable = closing.variables.find(({ attribute }) => attribute === 'close');
  if (variable === undefined) throw new TypeError('no variable to close');
  const slot = f.storageOf(variable).js;
  f.line(`checkClosable(${slot},${JSON.stringify(variable.name)});`, closing.line);
  const region: Region = { label: f.label(), code: f.slot(), value: f.slot(), jumps: [] };
  f.line(`${region.code}=0;${region.value}=undefined;`);
  f.regions.push(region);
  f.writer.attempt(
    () => f.writer.block(region.label, write),
    `${region.value}=toThrown(thrown);${region.code}=1;M.depth=depth;M.barrier=barrier;M.levels=levels;`,
  );
  f.regions.pop();
  const thrown = `${region.code}===1?${region.value}:undefined`;
  f.site({ line: closing.line, call: `closeValue(${slot},${thrown})` });
  f.line(`if(${region.code}===1)throw ${region.value};`);
  f.writer.ifElse(`${region.code}===2`, () => f.giveResult(region.value));
  region.jumps.forEach((jump, at) => f.writer.ifElse(`${region.code}===${at + 3}`, () => f.jump(jump)));
}
