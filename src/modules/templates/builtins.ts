// The functions that templates have besides those of a rendering (render.ts): Jet's, docs/builtins.md. Sealed.
// F1: a function tells how much it is about to make before it makes it.
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { dataObject } from '../../core/data.js';
import { isMap, isNumber } from '../../core/data-values.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import { RenderError } from './errors.js';
import { Ints, numberAsText, plain, Raw, text, typeOf, whole, Writer } from './values.js';
import type { Value } from './values.js';

/** `grow` refuses where more than a rendering may make is about to be made. Bytes and elements. */
export type Grow = (size: number) => void;

interface Known {
  readonly least: number;
  readonly most: number;
  readonly run: (args: readonly Value[], grow: Grow) => Value;
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\xef\xbf\xbd',
};
const NEEDS_HTML = /[&<>"'\0]/;
export const escapeHtml = (bytes: string): string =>
  NEEDS_HTML.test(bytes) ? bytes.replace(/[&<>"'\0]/g, (char) => HTML[char] ?? char) : bytes;

/** For the inside of a string of JavaScript. */
const escapeScript = (bytes: string): string =>
  toBytes(
    toTextLossy(bytes).replace(/[\\'"<>&=\0-\x1f\x7f-\x9f\u2028\u2029\ufeff]/g, (char) =>
      `\\'"`.includes(char)
        ? `\\${char}`
        : `\\u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
    ),
  );

export const HTML_WRITER = new Writer('safeHtml', escapeHtml);
const WRITERS: readonly Writer[] = [
  HTML_WRITER,
  new Writer('safeJs', escapeScript),
  new Writer('raw', (bytes) => bytes),
  new Writer('unsafe', (bytes) => bytes),
];
export const writers: ReadonlyMap<string, Writer> = new Map(WRITERS.map((writer) => [writer.name, writer]));

const QUERY_PLAIN = /[A-Za-z0-9_.~-]/;
const escapeQuery = (bytes: string): string =>
  bytes.replace(/[^A-Za-z0-9_.~-]/g, (char) =>
    char === ' ' || QUERY_PLAIN.test(char)
      ? '+'
      : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

/** JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped, so that it can stand within a script. */
function jsonText(value: Data, grow: Grow): string {
  const pieces: string[] = [];
  const emit = (piece: string): void => {
    grow(piece.length);
    pieces.push(piece);
  };
  const string = (bytes: string): void =>
    emit(
      toBytes(
        JSON.stringify(toTextLossy(bytes)).replace(
          /[<>&\u2028\u2029]/g,
          (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
        ),
      ),
    );
  const write = (data: Data): void => {
    if (data === null || typeof data === 'boolean') emit(String(data));
    else if (typeof data === 'string') string(data);
    else if (isNumber(data)) {
      const number = data instanceof LuaFloat ? data.n : Number(data);
      if (!Number.isFinite(number)) throw new RenderError('json() takes no infinities and no NaN');
      emit(numberAsText(data));
    } else if (Array.isArray(data)) {
      emit('[');
      data.forEach((item, index) => {
        if (index > 0) emit(',');
        write(item);
      });
      emit(']');
    } else {
      emit('{');
      Object.keys(data)
        .sort()
        .forEach((key, index) => {
          if (index > 0) emit(',');
          string(key);
          emit(':');
          write(data[key] ?? null);
        });
      emit('}');
    }
  };
  write(value);
  return pieces.join('');
}

/** Empty `between` splits into characters, as in Go. */
function split(bytes: string, between: string, grow: Grow): string[] {
  grow(bytes.length);
  return between === '' ? [...toTextLossy(bytes)].map(toBytes) : bytes.split(between);
}

/** The first `most` places, all where it is negative; an empty `old` is before each character and at the end. */
function replace(bytes: string, old: string, by: string, most: number, grow: Grow): string {
  const parts = old === '' ? ['', ...split(bytes, '', grow), ''] : bytes.split(old);
  const joints = parts.length - 1 - (old === '' && bytes === '' ? 1 : 0);
  const count = most < 0 ? joints : Math.min(most, joints);
  grow(bytes.length + count * by.length);
  if (old === '' && bytes === '') return count > 0 ? by : '';
  const rest = parts.slice(count).join(old);
  return count === 0 ? rest : `${parts.slice(0, count).join(by)}${by}${rest}`;
}

function length(value: Value): number {
  if (value instanceof Ints) return Math.max(0, value.to - value.from);
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  const data = plain(value, 'len()');
  if (isMap(data)) return Object.keys(data).length;
  throw new RenderError(`len() takes a string, a list or a map, got ${typeOf(value)}`);
}

function mapOf(args: readonly Value[]): Data {
  if (args.length % 2 === 1) throw new RenderError('map() takes pairs of keys and values');
  const map = dataObject();
  for (let index = 0; index < args.length; index += 2) {
    const key = args[index] ?? null;
    map[typeof key === 'string' ? key : text(key, 'a key of map()')] = plain(
      args[index + 1] ?? null,
      'map()',
    );
  }
  return map;
}

const cased =
  (name: string, change: (text: string) => string): Known['run'] =>
  ([value = null], grow) => {
    const bytes = text(value, `${name}()`);
    grow(bytes.length);
    return toBytes(change(toTextLossy(bytes)));
  };
const known = (least: number, most: number, run: Known['run']): Known => ({ least, most, run });
const MANY = Number.MAX_SAFE_INTEGER;
const sliceOf: Known = known(0, MANY, (args, grow) => {
  grow(args.length);
  return args.map((item) => plain(item, 'slice()'));
});

export const builtins: ReadonlyMap<string, Known> = new Map(
  Object.entries({
    lower: known(
      1,
      1,
      cased('lower', (one) => one.toLowerCase()),
    ),
    upper: known(
      1,
      1,
      cased('upper', (one) => one.toUpperCase()),
    ),
    trimSpace: known(
      1,
      1,
      cased('trimSpace', (one) => one.trim()),
    ),
    hasPrefix: known(2, 2, ([a = null, b = null]) =>
      text(a, 'hasPrefix()').startsWith(text(b, 'hasPrefix()')),
    ),
    hasSuffix: known(2, 2, ([a = null, b = null]) => text(a, 'hasSuffix()').endsWith(text(b, 'hasSuffix()'))),
    repeat: known(2, 2, ([value = null, count = null], grow) => {
      const [bytes, times] = [text(value, 'repeat()'), whole(count, 'repeat()')];
      if (times < 0) throw new RenderError(`repeat() takes a count of 0 or more, got ${times}`);
      grow(bytes.length * times);
      return bytes.repeat(times);
    }),
    replace: known(4, 4, ([value = null, old = null, by = null, most = null], grow) =>
      replace(
        text(value, 'replace()'),
        text(old, 'replace()'),
        text(by, 'replace()'),
        whole(most, 'replace()'),
        grow,
      ),
    ),
    split: known(2, 2, ([value = null, between = null], grow) =>
      split(text(value, 'split()'), text(between, 'split()'), grow),
    ),
    html: known(1, 1, ([value = null]) => escapeHtml(text(value, 'html()'))),
    url: known(1, 1, ([value = null]) => escapeQuery(text(value, 'url()'))),
    json: known(1, 1, ([value = null], grow) => jsonText(plain(value, 'json()'), grow)),
    writeJson: known(
      1,
      1,
      ([value = null], grow) => new Raw(`${jsonText(plain(value, 'writeJson()'), grow)}\n`),
    ),
    len: known(1, 1, ([value = null]) => length(value)),
    map: known(0, MANY, (args, grow) => {
      grow(args.length);
      return mapOf(args);
    }),
    slice: sliceOf,
    array: sliceOf,
    ints: known(2, 2, ([from = null, to = null]) => {
      const [first, end] = [whole(from, 'ints()'), whole(to, 'ints()')];
      if (end <= first) throw new RenderError(`ints() counts up, and ${end} is not above ${first}`);
      return new Ints(first, end);
    }),
  }),
);
