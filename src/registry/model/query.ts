// Queries over entries: what `registry.find`, the finder and the command line ask. Sealed.
//
//   key of a filter: [operator]field          operator: none  equal, or a glob where the text has a `*`
//   field: .kind .ns .name .id                          ~  regular expression, found anywhere
//          meta.a.b  data.a.b                           *  contains: a part of a text, or an item of a list
//          meta: { a: ... } is the same as meta.a       ^  begins with        $  ends with
//
// Q1: all conditions must hold. A plain key that names no field (`color`) is passed over, as the format has it.
// Q2: in globs `*` is any characters but the separators `.` and `:` for kinds, namespaces, names and ids, and any characters for
//     values of meta and data; `**` is any characters.
import { type Data, type DataObject, LuaFloat } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import { sameData } from './changes.js';
import type { Entry } from './entry.js';
import { nameOf, namespaceOf } from './ids.js';

/** As applications write it; strings are text. */
export type Filter = Readonly<Record<string, Data>>;

type Operator = 'equal' | 'glob' | 'match' | 'contain' | 'begin' | 'end';

export interface Condition {
  /** `.kind`, `.ns`, `.name`, `.id`, `meta.<path>` or `data.<path>`. */
  readonly field: string;
  readonly operator: Operator;
  readonly wanted: Data;
}

export interface QueryOptions {
  /** Compiles a regular expression; what it throws is told as what is wrong with it. Never a backtracking one: patterns come from anywhere. */
  readonly expression?: (pattern: string) => (text: string) => boolean;
  /** Values are text of a command line: `true` means the boolean too, `3` the number. Default false. */
  readonly loose?: boolean;
}

export interface Query {
  readonly conditions: readonly Condition[];
  /** Equal for equal queries. */
  readonly key: string;
  readonly matches: (entry: Entry) => boolean;
}

export class QueryError extends PlatformError {
  override readonly name = 'QueryError';
  readonly code = 'REGISTRY_QUERY';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  '~': 'match',
  '*': 'contain',
  '^': 'begin',
  $: 'end',
};
const ROOTS: Readonly<Record<string, string>> = {
  kind: '.kind',
  ns: '.ns',
  namespace: '.ns',
  name: '.name',
  id: '.id',
};

export function parseQuery(filter: Filter, options: QueryOptions = {}): Query {
  const conditions = Object.keys(filter)
    .sort()
    .flatMap((key) => parseCondition(key, filter[key] ?? null));
  const tests = conditions.map((condition) => testOf(condition, options));
  const { loose = false } = options;
  const key = conditions
    .map(({ field, operator, wanted }) => keyText([field, operator, wanted, loose]))
    .join('\n');
  return { conditions, key, matches: (entry) => tests.every((test) => test(entry)) };
}

/** Different for different data; only compared with itself. */
const keyText = (data: Data): string =>
  JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value instanceof LuaFloat ? `${value.n}f` : value,
  );

function parseCondition(key: string, wanted: Data): Condition[] {
  const prefix = OPERATORS[key[0] ?? ''];
  const name = prefix === undefined ? key : key.slice(1);
  const field = fieldOf(name, key);
  if (field === undefined) return []; // Q1
  if (field === 'meta' || field === 'data') {
    if (!isObject(wanted))
      throw new QueryError(
        `'${key}' of a filter is a table of fields, as in { ${field} = { type = "test" } }`,
      );
    return Object.keys(wanted)
      .sort()
      .flatMap((inner) => parseCondition(`${key}.${inner}`, wanted[inner] ?? null));
  }
  if (prefix === undefined) {
    if (typeof wanted === 'string' && wanted.includes('*')) return [{ field, operator: 'glob', wanted }];
    if (isObject(wanted) && !field.startsWith('.') && Object.keys(wanted).length > 0)
      return Object.keys(wanted)
        .sort()
        .flatMap((inner) => parseCondition(`${key}.${inner}`, wanted[inner] ?? null));
    return [{ field, operator: 'equal', wanted }];
  }
  if (prefix !== 'contain' && typeof wanted !== 'string')
    throw new QueryError(`'${key}' of a filter takes a text`);
  return [{ field, operator: prefix, wanted }];
}

/** undefined: a plain key that names no field. */
function fieldOf(name: string, key: string): string | undefined {
  if (name.startsWith('.')) {
    const root = ROOTS[name.slice(1)];
    if (root !== undefined) return root;
    throw new QueryError(`unknown field '${key}' in a filter; use .kind, .ns, .name, .id, or meta.<field>`);
  }
  if (name === 'meta' || name === 'data') return name;
  if (/^(meta|data)\../.test(name)) return name;
  return Object.hasOwn(ROOTS, name) ? ROOTS[name] : undefined;
}

type Test = (entry: Entry) => boolean;

function testOf({ field, operator, wanted }: Condition, { expression, loose = false }: QueryOptions): Test {
  const text = (holds: (value: string) => boolean): Test => {
    return (entry) => {
      const value = valueOf(entry, field);
      return typeof value === 'string' && holds(value);
    };
  };
  const wantedText = typeof wanted === 'string' ? wanted : '';
  switch (operator) {
    case 'equal':
      return (entry) => isEqual(valueOf(entry, field), wanted, loose);
    case 'glob':
      return text(globMatcher(wantedText, field.startsWith('.') ? '.:' : ''));
    case 'match': {
      if (expression === undefined) throw new QueryError('regular expressions cannot be used here');
      return text(compiled(expression, wantedText));
    }
    case 'begin':
      return text((value) => value.startsWith(wantedText));
    case 'end':
      return text((value) => value.endsWith(wantedText));
    case 'contain':
      return (entry) => {
        const value = valueOf(entry, field);
        if (Array.isArray(value)) return value.some((item) => isEqual(item, wanted, loose));
        return typeof value === 'string' && typeof wanted === 'string' && value.includes(wanted);
      };
  }
}

function compiled(
  expression: NonNullable<QueryOptions['expression']>,
  pattern: string,
): (text: string) => boolean {
  try {
    return expression(pattern);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new QueryError(`'${pattern}' is not a regular expression: ${why}`, { cause });
  }
}

function isEqual(value: Data | undefined, wanted: Data, loose: boolean): boolean {
  if (sameData(value, wanted)) return true;
  return loose && typeof wanted === 'string' && scalarText(value) === wanted;
}

/** The text of a scalar; undefined for what is none. What indexes know a value by. */
export function scalarText(value: Data | undefined): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return value instanceof LuaFloat ? String(value.n) : undefined;
  }
}

/** The value of a field of a query. */
export function valueOf(entry: Entry, field: string): Data | undefined {
  switch (field) {
    case '.kind':
      return entry.kind;
    case '.ns':
      return namespaceOf(entry.id);
    case '.name':
      return nameOf(entry.id);
    case '.id':
      return entry.id;
    default:
      return at(field.startsWith('meta.') ? entry.meta : entry.data, field.slice(5));
  }
}

/** `a.b` is the field of that name, or else the field `b` of `a`. */
function at(value: Data | undefined, path: string): Data | undefined {
  if (!isObject(value)) return Array.isArray(value) && /^\d+$/.test(path) ? value[Number(path)] : undefined;
  if (Object.hasOwn(value, path)) return value[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const first = path.slice(0, dot);
    if (!Object.hasOwn(value, first)) continue;
    const found = at(value[first], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

const isObject = (value: Data | undefined): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat);

/**
 * Globs: `*` is any characters but the separators, `**` any; `name.**` at the end is `name` and all below it.
 * Without backtracking: the time is at most the product of both lengths.
 */
export function globMatcher(glob: string, separators = '.:'): (text: string) => boolean {
  const below = separators !== '' && glob.endsWith('.**') ? glob.slice(0, -3) : undefined;
  const matches = wildcardMatcher(glob, separators);
  if (below === undefined) return matches;
  const exactly = wildcardMatcher(below, separators);
  const further = wildcardMatcher(`${below}:**`, separators);
  return (text) => matches(text) || exactly(text) || further(text);
}

function wildcardMatcher(glob: string, separators: string): (text: string) => boolean {
  const parts = glob.split(/(\*+)/).filter((part) => part !== '');
  if (!glob.includes('*')) return (text) => text === glob;
  return (text) => {
    // The positions of the text that the parts so far can end at.
    let ends = new Set([0]);
    for (const part of parts) {
      const next = new Set<number>();
      if (!part.startsWith('*')) {
        for (const end of ends) if (text.startsWith(part, end)) next.add(end + part.length);
      } else {
        for (const start of ends)
          for (let end = start; end <= text.length && !next.has(end); end++) {
            next.add(end);
            if (part.length === 1 && separators.includes(text[end] ?? ' ')) break;
          }
      }
      if (next.size === 0) return false;
      ends = next;
    }
    return ends.has(text.length);
  };
}
