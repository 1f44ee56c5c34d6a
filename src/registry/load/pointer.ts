// JSON pointers (RFC 6901) into plain data, and how people read them.
import { LuaFloat, type Data, type DataObject } from '../../core/data.js';

export const escapeSegment = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');
export const child = (pointer: string, segment: string | number): string =>
  `${pointer}/${escapeSegment(String(segment))}`;
export const segmentsOf = (pointer: string): string[] =>
  pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
export const parentOf = (pointer: string): string => pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));

/** `/pool/workers` is `pool.workers`, `/modules/2` is `modules[3]`: people count from one, as Lua does. */
export function readablePath(pointer: string): string {
  let text = '';
  for (const segment of segmentsOf(pointer))
    text += /^\d+$/.test(segment) ? `[${Number(segment) + 1}]` : text === '' ? segment : `.${segment}`;
  return text;
}

export const isObject = (value: Data | undefined): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat);

/** The value that a pointer names, or undefined. */
export function valueAt(root: Data, pointer: string): Data | undefined {
  let value: Data | undefined = root;
  for (const segment of segmentsOf(pointer)) {
    if (Array.isArray(value)) value = value[Number(segment)];
    else if (isObject(value)) value = value[segment];
    else return undefined;
  }
  return value;
}

/** A copy of `root` with the value at `pointer` set; objects on the way are made, arrays must have the place already. */
export function withValueAt(root: Data | undefined, segments: readonly string[], value: Data): Data {
  const [first, ...rest] = segments;
  if (first === undefined) return value;
  if (Array.isArray(root)) {
    const copy = [...root];
    copy[Number(first)] = withValueAt(root[Number(first)], rest, value);
    return copy;
  }
  const copy = Object.assign(Object.create(null) as DataObject, isObject(root) ? root : {});
  copy[first] = withValueAt(isObject(root) ? root[first] : undefined, rest, value);
  return copy;
}

/** Concrete pointers that a pattern names: `*` stands for any one segment. */
export function expandPattern(root: Data, pattern: string): string[] {
  let found: { pointer: string; value: Data }[] = [{ pointer: '', value: root }];
  for (const segment of segmentsOf(pattern)) {
    const next: { pointer: string; value: Data }[] = [];
    for (const { pointer, value } of found) {
      const entries: [string, Data][] = Array.isArray(value)
        ? value.map((item, index) => [String(index), item])
        : isObject(value)
          ? Object.entries(value)
          : [];
      for (const [key, item] of entries)
        if (segment === '*' || segment === key) next.push({ pointer: child(pointer, key), value: item });
    }
    found = next;
  }
  return found.map(({ pointer }) => pointer);
}
