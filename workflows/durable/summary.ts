// One line for people on every activity, timer and child, in the words of the app. Sealed.
// S1: byte strings, as everything that passes the payload converter; short, for the server takes 400 bytes at most.
// S2: a command's field that is a password is not shown, whatever it holds.
import { LuaFloat } from '../../src/core/data.js';
import { SecretReference } from '../../src/core/secret.js';
import type { Command } from '../../src/core/command.js';
import type { Data } from '../../src/core/data.js';

const LONGEST = 160;
const LONGEST_VALUE = 60;
const HIDDEN: ReadonlySet<string> = new Set(['password', 'secret']);

/** What a value looks like in a summary: `{order_id: o-1, quantity: 2}`. */
function describeValue(data: Data, depth = 0): string {
  if (data === null) return 'nil';
  if (typeof data === 'string') return shorten(printable(data), LONGEST_VALUE);
  if (data instanceof LuaFloat) return String(data.n);
  if (typeof data !== 'object') return String(data);
  if ((data as object) instanceof SecretReference) return '[secret]';
  if (depth > 1) return Array.isArray(data) ? '[...]' : '{...}';
  if (Array.isArray(data)) {
    const items = data.slice(0, 4).map((item) => describeValue(item, depth + 1));
    return `[${items.join(', ')}${data.length > items.length ? ', ...' : ''}]`;
  }
  const keys = Object.keys(data);
  const fields = keys
    .slice(0, 6)
    .map((key) => `${printable(key)}: ${describeValue(data[key] ?? null, depth + 1)}`);
  return `{${fields.join(', ')}${keys.length > fields.length ? ', ...' : ''}}`;
}

const describeValues = (values: readonly Data[]): string =>
  values.map((value) => describeValue(value)).join(', ');

/** `Reserve stock: {order_id: o-1}`; without words of the app the arguments alone; undefined when there is nothing to say. */
export function callSummary(words: string | undefined, args: readonly Data[]): string | undefined {
  const values = describeValues(args);
  if (words === undefined || words === '') return values === '' ? undefined : shorten(values, LONGEST);
  return shorten(values === '' ? words : `${words}: ${values}`, LONGEST);
}

/** `entry: app:db, sql: SELECT ...`: the fields of a command, without those of the host's own use. */
export function commandSummary({ type: _type, ...fields }: Command): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return shorten(
    shown
      .map(([key, value]) => `${key}: ${HIDDEN.has(key) ? '[hidden]' : describeValue(value ?? null, 1)}`)
      .join(', '),
    LONGEST,
  );
}

/** Control characters and line ends as spaces. */
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f]+/g, ' ');

function shorten(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // Never half a character: cut before the first byte of one.
  let end = longest - 3;
  while (end > 0 && (text.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  return `${text.slice(0, end)}...`;
}
