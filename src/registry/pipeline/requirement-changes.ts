// What a change of modules' requirements and of their values does to the entries that have these values. Pure.
// C1: only requirements whose value or targets are others than before write anything.
// C2: what was appended for the old value goes; a field that was set keeps its value where nothing sets it any more, since what
//     it was before is not known.
import type { Diagnostic } from '../../core/diagnostics.js';
import { sameData } from '../model/changes.js';
import type { Entry, EntryId } from '../model/entry.js';
import { requirementValues, takeBack, targetsOf, write } from './requirements.js';
import type { EntryScope } from './scope.js';

export interface RequirementChanges {
  /** Entries with other values than in `after`. */
  readonly entries: readonly Entry[];
  readonly diagnostics: readonly Diagnostic[];
}

const KINDS = ['ns.requirement', 'ns.dependency'];

export const concernsRequirements = ({ kind }: Entry): boolean => KINDS.includes(kind);

export function changeRequirements(before: EntryScope, after: EntryScope): RequirementChanges {
  const old = new Map([...requirementValues(moduleEntries(before)).values].map((one) => [one[0].id, one]));
  const { values, diagnostics } = requirementValues(moduleEntries(after));
  const written = new Map<string, Entry>();
  const targets = {
    get: (id: string) => written.get(id) ?? after.get(id),
    set: (id: string, entry: Entry) => written.set(id, entry),
    keys: () => after.ids(),
  };
  const nobody = new Set<EntryId>();
  for (const [requirement, value] of values) {
    const [oldRequirement, oldValue] = old.get(requirement.id) ?? [];
    old.delete(requirement.id);
    const hadTargets = oldRequirement === undefined ? [] : targetsOf(oldRequirement);
    const hasTargets = targetsOf(requirement);
    const isSame = oldValue !== undefined && sameData(oldValue.value, value.value);
    for (const { pointer, target } of hasTargets) {
      const had = hadTargets.some((one) => sameData(one.target, target));
      if (had && isSame) continue; // C1
      const replaced = had ? oldValue?.value : undefined;
      write(requirement, target, pointer, { value, replaced }, targets, nobody, diagnostics);
    }
    for (const { target } of hadTargets)
      if (oldValue !== undefined && !hasTargets.some((one) => sameData(one.target, target)))
        takeBack(requirement, target, oldValue, targets);
  }
  for (const [requirement, value] of old.values())
    for (const { target } of targetsOf(requirement)) takeBack(requirement, target, value, targets);
  return { entries: [...written.values()], diagnostics };
}

const moduleEntries = (scope: EntryScope): Entry[] => KINDS.flatMap((kind) => [...scope.ofKind(kind)]);
