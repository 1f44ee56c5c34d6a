// The stage `validate`: each entry against its kind. Pure.
import type { Diagnostic } from '../../core/diagnostics.js';
import { unreachable } from '../../core/errors.js';
import { locate } from '../load/located-entry.js';
import { suggest } from '../load/nearest.js';
import { isObject } from '../load/pointer.js';
import { checkSchema } from '../load/schema-check.js';
import type { Entry, EntryId } from '../model/entry.js';
import type { KindSpec } from '../model/kind.js';
import type { EntryScope } from './scope.js';

export interface ValidateOptions {
  readonly kinds: ReadonlyMap<string, KindSpec>;
  /** Entries whose sources could not be read: that is told already. */
  readonly withoutSource?: ReadonlySet<EntryId>;
  /** The whole that the entries belong to. Default: just them. */
  readonly scope?: EntryScope;
}

export function validateEntries(entries: readonly Entry[], options: ValidateOptions): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const idle = new Map<string, Entry[]>();
  for (const entry of entries) {
    const spec = options.kinds.get(entry.kind);
    const where = locate(entry);
    if (spec === undefined) {
      diagnostics.push({
        severity: 'error',
        place: where.placeOf('/kind'),
        message: `unknown kind '${entry.kind}'`,
        ...suggest(entry.kind, takenKinds(options.kinds)),
      });
      continue;
    }
    switch (spec.state) {
      case 'refused':
        diagnostics.push({
          severity: 'error',
          place: where.placeOf('/kind'),
          message: `kind '${entry.kind}' is refused: ${spec.refusal ?? 'it is not taken'}`,
        });
        continue;
      case 'accepted':
        idle.set(spec.name, idle.get(spec.name) ?? []);
        idle.get(spec.name)?.push(entry);
        break;
      case 'full':
        break;
      default:
        unreachable(spec.state);
    }
    diagnostics.push(...checkFields(entry, spec, options.withoutSource?.has(entry.id) ?? false));
  }
  for (const [kind, [first, ...others]] of idle) {
    if (first === undefined) continue;
    const count = others.length === 0 ? '1 entry stays idle' : `${others.length + 1} entries stay idle`;
    diagnostics.push({
      severity: 'warning',
      place: locate(first).placeOf('/kind'),
      message: `kind '${kind}' is known but not built in this version; ${count}`,
    });
  }
  diagnostics.push(...checkCommands(entries, options.scope));
  return diagnostics;
}

const takenKinds = (kinds: ReadonlyMap<string, KindSpec>): string[] =>
  [...kinds.values()].filter(({ state }) => state !== 'refused').map(({ name }) => name);

function checkFields(entry: Entry, spec: KindSpec, withoutSource: boolean): Diagnostic[] {
  const where = locate(entry);
  const diagnostics: Diagnostic[] = [];
  if (spec.schema !== undefined)
    for (const problem of checkSchema(spec.schema, entry.data, '', where))
      diagnostics.push(
        problem.message === "unknown field 'data'"
          ? { ...problem, fix: "fields stand beside 'kind'; move them out of 'data'" }
          : problem,
      );
  if (spec.metaSchema !== undefined)
    diagnostics.push(...checkSchema(spec.metaSchema, entry.meta, '/meta', where));
  if (diagnostics.length === 0 && spec.checkFields !== undefined)
    for (const { pointer, message, fix } of spec.checkFields(entry))
      diagnostics.push({
        severity: 'error',
        place: where.placeOf(pointer),
        message,
        ...(fix === undefined ? {} : { fix }),
      });
  for (const field of withoutSource ? [] : (spec.sources ?? [])) {
    const value = entry.data[field];
    if (typeof value !== 'string' || !value.startsWith('file://')) continue;
    const message = `'${field}' of '${entry.id}' is a file, and only YAML files of the app can name files`;
    diagnostics.push({
      severity: 'error',
      place: where.placeOf(`/${field}`),
      message,
      fix: 'give the text itself',
    });
  }
  return diagnostics;
}

/** The word after `moontide run` means one entry. */
function checkCommands(entries: readonly Entry[], scope: EntryScope | undefined): Diagnostic[] {
  const first = new Map<string, Entry>();
  const diagnostics: Diagnostic[] = [];
  if (scope !== undefined && entries.some((entry) => commandOf(entry) !== undefined)) {
    const here = new Set(entries.map(({ id }) => id));
    for (const kind of PROCESSES)
      for (const other of scope.ofKind(kind)) {
        const name = here.has(other.id) ? undefined : commandOf(other);
        if (name !== undefined) first.set(name, other);
      }
  }
  for (const entry of entries) {
    const name = commandOf(entry);
    if (name === undefined) continue;
    const other = first.get(name);
    if (other === undefined) first.set(name, entry);
    else
      diagnostics.push({
        severity: 'error',
        place: locate(entry).placeOf('/meta/command/name'),
        message: `command '${name}' belongs to '${other.id}' already`,
        fix: 'rename one',
      });
  }
  return diagnostics;
}

const PROCESSES = ['process.lua', 'process.wasm'];

function commandOf({ kind, meta }: Entry): string | undefined {
  const { command } = meta;
  const name = isObject(command) && PROCESSES.includes(kind) ? command['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
