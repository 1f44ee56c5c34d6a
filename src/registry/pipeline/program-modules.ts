// Whether programs can have the modules that they use on this node. Pure.
// M1: the workflow bundle is built before any extension is known: workflows cannot hold an extension's module.
// M2: a program that was stored may be older than this node's modules; one that is made anew has its names checked by `link`.
import type { Diagnostic } from '../../core/diagnostics.js';
import type { PinnedProgram } from '../../core/program.js';
import { toTextLossy } from '../../core/text.js';
import { globalModules } from '../kinds/known-modules.js';
import { locate } from '../load/located-entry.js';
import type { Entry } from '../model/entry.js';
import type { ModuleNames } from './link.js';

type Programs = ReadonlyMap<string, PinnedProgram>;

/** M1 */
export function sealedProblems(
  entries: readonly Entry[],
  programs: Programs,
  { extensions = [] }: ModuleNames,
): Diagnostic[] {
  if (extensions.length === 0) return [];
  const refused = new Set(extensions);
  return entries.flatMap((entry) =>
    entry.kind !== 'workflow.lua'
      ? []
      : moduleUses(entry, programs).flatMap(({ module, unit }): Diagnostic[] =>
          refused.has(module)
            ? [
                {
                  severity: 'error',
                  place: locate(entry).placeOf(unit === entry.id ? '/modules' : '/imports'),
                  message: `workflow '${entry.id}' uses the module '${module}'${through(entry, unit)}, which comes from an extension`,
                  fix: 'use it in a function.lua and call that from the workflow',
                },
              ]
            : [],
        ),
  );
}

/** M2 */
export function unknownModules(
  entries: readonly Entry[],
  programs: Programs,
  { known, built }: ModuleNames,
): Diagnostic[] {
  const names = new Set([...globalModules, ...built, ...known]);
  return entries.flatMap((entry) =>
    moduleUses(entry, programs).flatMap(({ module, unit }): Diagnostic[] =>
      names.has(module)
        ? []
        : [
            {
              severity: 'error',
              place: locate(entry).placeOf('/modules'),
              message: `unknown module '${module}'${through(entry, unit)}`,
            },
          ],
    ),
  );
}

const through = ({ id }: Entry, unit: string): string => (unit === id ? '' : ` (through '${unit}')`);

function moduleUses(entry: Entry, programs: Programs): { readonly module: string; readonly unit: string }[] {
  const units = Object.values(programs.get(entry.id)?.program.units ?? {});
  return units.flatMap(({ id, imports }) =>
    Object.values(imports).flatMap((target) =>
      'module' in target ? [{ module: toTextLossy(target.module), unit: id }] : [],
    ),
  );
}
