// The entry that was probably meant, for error messages.
import { nearest as nearestName } from '../registry/load/nearest.js';

/** An entry of the same name in another namespace is the best guess; else the nearest by letters. */
export function nearest(id: string, ids: Iterable<string>): string | undefined {
  const all = [...ids];
  const name = id.slice(id.indexOf(':') + 1);
  return (
    all.find((candidate) => candidate.slice(candidate.indexOf(':') + 1) === name) ?? nearestName(id, all)
  );
}
