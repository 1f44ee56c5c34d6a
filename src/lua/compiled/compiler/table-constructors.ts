// Table constructors. Sealed.
// T1: a constructor of names only, or of positions only, or of both, is one `new`; anything else is built item by item.
import type { TableExpression, TableItem } from '../../front/tree.js';
import { isMultiple, multipleText, value } from './expressions.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { nameOf } from './names.js';
import { isFieldKey } from './unit-emitter.js';

/** More names than this make a hash, not a record. */
const MAX_RECORD = 64;
/** Positions that are kept in slots before they go to the array. */
const BATCH = 40;

const isNamed = (item: TableItem): boolean =>
  item.kind === 'named'
    ? isFieldKey(item.name)
    : item.kind === 'keyed' && item.key.kind === 'string' && isFieldKey(item.key.value);

const nameOfItem = (item: TableItem): string =>
  item.kind === 'named'
    ? item.name
    : item.kind === 'keyed' && item.key.kind === 'string'
      ? item.key.value
      : '';

const isNeverNil = ({ type }: Operand): boolean => type.is !== 'any' && type.is !== 'nil';

export function tableConstructor(f: FunctionEmitter, e: TableExpression, target: string): void {
  const { items } = e;
  const names = new Set(items.filter(isNamed).map(nameOfItem));
  const isSimple = items.every((item) => item.kind === 'position' || isNamed(item));
  if (isSimple && names.size <= MAX_RECORD && items.length <= MAX_RECORD + BATCH) simple(f, e, target);
  else general(f, e, target);
}

function simple(f: FunctionEmitter, { items }: TableExpression, target: string): void {
  const fields = new Map<string, string>();
  const positions: string[] = [];
  let allPresent = true;
  items.forEach((item, at) => {
    if (item.kind === 'position' && at === items.length - 1 && isMultiple(item.value)) {
      allPresent = false;
      positions.push(`...all(${multipleText(f, item.value)})`);
      return;
    }
    const given = value(f, item.value);
    const js = f.use(given);
    if (item.kind === 'position') {
      positions.push(js);
      allPresent &&= isNeverNil(given);
    } else if (given.type.is === 'nil') fields.delete(nameOfItem(item));
    else fields.set(nameOfItem(item), js);
  });
  const record =
    fields.size === 0 ? 'NF' : `new ${f.unit.shape([...fields.keys()])}(${[...fields.values()].join(',')})`;
  if (positions.length === 0) f.line(`${target}=new T(${fields.size === 0 ? '' : record});`);
  else if (allPresent) f.line(`${target}=new T(${record},[${positions.join(',')}]);`);
  else f.line(`${target}=arrayTable(${record},[${positions.join(',')}]);`);
}

/** Builds the table item by item, positions in batches. */
function general(f: FunctionEmitter, { items }: TableExpression, target: string): void {
  const table = f.slot();
  f.line(`${table}=new T();`);
  const mark = f.top;
  let batch: string[] = [];
  let count = 0;
  const flush = (): void => {
    if (batch.length > 0) f.line(`extend(${table},${count - batch.length},[${batch.join(',')}]);`);
    batch = [];
    f.release(mark);
  };
  items.forEach((item, at) => {
    if (item.kind === 'position') {
      count++;
      if (at === items.length - 1 && isMultiple(item.value)) {
        const rest = `all(${multipleText(f, item.value)})`;
        f.line(`extend(${table},${count - 1 - batch.length},[${[...batch, `...${rest}`].join(',')}]);`);
        batch = [];
        return;
      }
      batch.push(f.use(value(f, item.value)));
      if (batch.length >= BATCH) flush();
      return;
    }
    const before = f.top;
    if (isNamed(item)) {
      const js = f.use(value(f, item.value));
      f.line(`${table}.setString(${JSON.stringify(nameOfItem(item))},${js});`);
    } else {
      const given = item.kind === 'keyed' ? value(f, item.key) : undefined;
      const key = given === undefined ? JSON.stringify(nameOfItem(item)) : f.use(given);
      const js = f.use(value(f, item.value));
      f.line(`setRaw(${table},${key},${js});`, item.line, [item.kind === 'keyed' ? nameOf(item.key) : '']);
    }
    // Slots of positions that wait stay; they lie below.
    f.release(before);
  });
  flush();
  f.line(`${target}=${table};`);
}
