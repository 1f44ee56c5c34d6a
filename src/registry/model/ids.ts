// Entry ids: `namespace:name`. Sealed. Here text becomes an EntryId.
import { PlatformError } from '../../core/errors.js';
import type { EntryId } from './entry.js';

const ENTRY_ID = /^[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*$/;
/** What stands before or after the colon. */
const ENTRY_NAME = /^[A-Za-z_][\w.-]*$/;

export class InvalidIdError extends PlatformError {
  override readonly name = 'InvalidIdError';
  readonly code = 'REGISTRY_INVALID_ID';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}

export const isEntryId = (text: string): text is EntryId => ENTRY_ID.test(text);
export const isEntryName = (text: string): boolean => ENTRY_NAME.test(text);

export function parseEntryId(text: string): EntryId {
  if (isEntryId(text)) return text;
  throw new InvalidIdError(`expected 'namespace:name', got '${text}'`);
}

export const namespaceOf = (id: string): string => id.slice(0, id.indexOf(':'));
export const nameOf = (id: string): string => id.slice(id.indexOf(':') + 1);

/** The full id that a reference stands for: a bare name means the namespace of the entry that says it. */
export function resolveReference(text: string, namespace: string): EntryId | undefined {
  const full = text.startsWith(':') ? namespace + text : text.includes(':') ? text : `${namespace}:${text}`;
  return isEntryId(full) ? full : undefined;
}
