// The way between two versions: back along parents to what both come from, then forward. Sealed.
// P1: a version's changeset leads from its parent to it; going back over it is the inverse.
import type { Change } from './changes.js';
import { invertChanges, squashChanges } from './changes.js';

export interface VersionPath {
  /** Versions whose changesets are turned back, newest first. */
  readonly back: readonly number[];
  /** Versions whose changesets are applied, oldest first. */
  readonly forward: readonly number[];
}

/** The shortest way; `parentOf` gives undefined for version 0 and for versions that are not known (any more). */
export function versionPath(
  from: number,
  to: number,
  parentOf: (version: number) => number | undefined,
): VersionPath | undefined {
  const back: number[] = [];
  const forward: number[] = [];
  let left = from;
  let right = to;
  // Parents have smaller numbers: the larger of the two cannot be what both come from.
  while (left !== right) {
    const larger = Math.max(left, right);
    const parent = parentOf(larger);
    if (parent === undefined || parent >= larger) return undefined;
    if (larger === left) {
      back.push(left);
      left = parent;
    } else {
      forward.unshift(right);
      right = parent;
    }
  }
  return { back, forward };
}

/** The changes along a path as one list, one change per entry. */
export function changesAlong(
  { back, forward }: VersionPath,
  changesetOf: (version: number) => readonly Change[],
): Change[] {
  return squashChanges([
    ...back.flatMap((version) => invertChanges(changesetOf(version))),
    ...forward.flatMap((version) => changesetOf(version)),
  ]);
}
