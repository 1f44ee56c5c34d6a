// The stage `override`: values of entries that configuration or the command line replace. Pure.
// O1: a key is `namespace:entry:path`; `kind` is the kind, `meta.x` goes into meta, `data.x` and `x` into the fields.
import type { Data } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { LuaFloat } from '../../core/data.js';
import type { Entry } from '../model/entry.js';
import { changed, locate, type LocatedEntry } from '../load/located-entry.js';
import { suggest } from '../load/nearest.js';
import { isObject, withValueAt, escapeSegment } from '../load/pointer.js';
import { readableValue } from '../load/schema-check.js';

export interface Override {
  /** `namespace:entry:path` */
  readonly key: string;
  readonly value: Data;
  /** Where it was asked for. */
  readonly place: Place;
}

/** `ns:entry:path=value` of the command line; the value is read by its shape. */
export function parseOverride(
  text: string,
):
  | { readonly ok: true; readonly override: Override }
  | { readonly ok: false; readonly diagnostic: Diagnostic } {
  const place: Place = { file: `-o ${text}`, line: 0, column: 0 };
  const at = text.indexOf('=');
  if (at > 0)
    return { ok: true, override: { key: text.slice(0, at), value: coerce(text.slice(at + 1)), place } };
  const message = 'an override has no value';
  return {
    ok: false,
    diagnostic: { severity: 'error', place, message, fix: "write 'namespace:entry:path=value'" },
  };
}

/** `true` and `false`, integers and decimal numbers; everything else is text. */
export function coerce(text: string): Data {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^[-+]?\d+$/.test(text)) {
    const exact = BigInt(text.replace(/^\+/, ''));
    const number = Number(exact);
    if (Number.isSafeInteger(number)) return number;
    return BigInt.asIntN(64, exact) === exact ? exact : text;
  }
  if (/^[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?$|^[-+]?\d+[eE][-+]?\d+$/.test(text)) {
    const number = Number(text);
    if (Number.isFinite(number)) return Number.isInteger(number) ? new LuaFloat(number) : number;
  }
  return text;
}

export interface OverrideResult<E extends Entry> {
  readonly entries: readonly E[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Later overrides win over earlier ones. */
export function applyOverrides<E extends Entry>(
  entries: readonly E[],
  overrides: readonly Override[],
): OverrideResult<E> {
  const diagnostics: Diagnostic[] = [];
  const byId = new Map(entries.map((entry) => [entry.id as string, entry]));
  for (const override of overrides) {
    const problem = (message: string, fix?: string): void => {
      const { place } = override;
      diagnostics.push({ severity: 'error', place, message, ...(fix === undefined ? {} : { fix }) });
    };
    const parts = /^([^:]+:[^:]+):(.+)$/.exec(override.key);
    if (parts === null) {
      problem(`bad override '${override.key}'`, "write 'namespace:entry:path'");
      continue;
    }
    const [, id = '', path = ''] = parts;
    const entry = byId.get(id);
    if (entry === undefined) {
      problem(`override of unknown entry '${id}'`, suggest(id, byId.keys()).fix);
      continue;
    }
    const result = overrideEntry(entry, path, override);
    if ('message' in result) problem(result.message, result.fix);
    else byId.set(id, result.entry);
  }
  return { entries: entries.map((entry) => byId.get(entry.id) ?? entry), diagnostics };
}

export type Changed<E> = { readonly entry: E } | { readonly message: string; readonly fix: string };

/** The entry with another value at a path; whatever is wrong with it is wrong at the override's place. */
export function overrideEntry<E extends Entry>(
  entry: E,
  path: string,
  { value, place }: Override,
): Changed<E> {
  if (path === 'kind') {
    if (typeof value === 'string' && value !== '')
      return { entry: placed(changed(entry, { kind: value }), '/kind', place) };
    return { message: `the kind of '${entry.id}' cannot be ${readableValue(value)}`, fix: 'write a kind' };
  }
  const segments = path.split('.');
  const first = segments[0];
  const inMeta = first === 'meta';
  if (inMeta || first === 'data') segments.shift();
  if (segments.length === 0 || segments.some((segment) => segment === ''))
    return {
      message: `override of '${path}' of '${entry.id}' names no field`,
      fix: `write '${entry.id}:field'`,
    };
  let at: Data | undefined = inMeta ? entry.meta : entry.data;
  for (const segment of segments) {
    if (Array.isArray(at) && !(/^\d+$/.test(segment) && Number(segment) < at.length))
      return {
        message: `'${path}' of '${entry.id}' has no item '${segment}'`,
        fix: `use 0 to ${at.length - 1}`,
      };
    at = Array.isArray(at) ? at[Number(segment)] : isObject(at) ? at[segment] : undefined;
  }
  const pointer = `${inMeta ? '/meta' : ''}/${segments.map(escapeSegment).join('/')}`;
  const part = withValueAt(inMeta ? entry.meta : entry.data, segments, value) as Entry['data'];
  return { entry: placed(changed(entry, inMeta ? { meta: part } : { data: part }), pointer, place) };
}

/** What is wrong with an overridden value is wrong where it was asked for. */
function placed<E extends Entry>(entry: E, pointer: string, place: Place): E {
  const where = locate(entry);
  const isBelow = (at: string): boolean => at === pointer || at.startsWith(`${pointer}/`);
  const places: Pick<LocatedEntry, 'placeOf' | 'keyPlaceOf'> = {
    placeOf: (at) => (isBelow(at) ? place : where.placeOf(at)),
    keyPlaceOf: (at) => (isBelow(at) ? place : where.keyPlaceOf(at)),
  };
  return { ...entry, ...places };
}
