// Entry ids and the references that stand for them.
import { isEntryId } from '../model/ids.js';
import type { EntryId } from '../model/entry.js';

export { InvalidIdError, isEntryId, isEntryName, nameOf, namespaceOf, parseEntryId } from '../model/ids.js';

/** The full id that a reference stands for: a bare name means the namespace of the entry that says it. */
export function resolveReference(text: string, namespace: string): EntryId | undefined {
  const full = text.startsWith(':') ? namespace + text : text.includes(':') ? text : `${namespace}:${text}`;
  return isEntryId(full) ? full : undefined;
}
