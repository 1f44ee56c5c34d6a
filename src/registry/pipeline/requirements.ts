// The stage `requirements`: what modules need of their app is written into their entries. Pure.
// R1: a value comes from a parameter of an `ns.dependency`, else it is the requirement's default; `default: ""` is a default.
// R2: a bare parameter means a requirement of the module that is depended on; a full id means exactly that requirement.
// R3: the app's own dependencies win over those of its modules; two of one rank that say different values are an error.
// R4: the app depends on a module once.
import type { Data } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { namespaceOf, resolveReference } from '../load/entry-id.js';
import { locate, type LocatedEntry } from '../load/located-entry.js';
import { suggest } from '../load/nearest.js';
import { child, isObject } from '../load/pointer.js';
import { readableValue } from '../load/schema-check.js';
import { sameData } from '../model/changes.js';
import type { Entry, EntryId } from '../model/entry.js';
import { nameOf } from '../model/ids.js';
import { overrideEntry } from './override.js';

export interface RequirementsResult<E extends Entry> {
  readonly entries: readonly E[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Given {
  readonly value: Data;
  readonly place: Place;
  readonly by: EntryId;
  /** Of the app itself, not of one of its modules. */
  readonly isOwn: boolean;
}

export function fillRequirements<E extends Entry>(
  entries: readonly E[],
  disabled: ReadonlySet<EntryId>,
): RequirementsResult<E> {
  const { values, diagnostics } = requirementValues(entries);
  const byId = new Map<string, E>(entries.map((entry) => [entry.id, entry]));
  for (const [requirement, value] of values)
    for (const { pointer, target } of targetsOf(requirement))
      write(requirement, target, pointer, { value }, byId, disabled, diagnostics);
  return { entries: entries.map((entry) => byId.get(entry.id) ?? entry), diagnostics };
}

/** The value of each requirement that has one; entries of other kinds are passed over. */
export function requirementValues(entries: readonly Entry[]): {
  readonly values: ReadonlyMap<Entry, RequiredValue>;
  readonly diagnostics: Diagnostic[];
} {
  const requirements = entries.filter(({ kind }) => kind === 'ns.requirement');
  const diagnostics: Diagnostic[] = [];
  const given = givenValues(entries, requirements, diagnostics);
  const values = new Map<Entry, RequiredValue>();
  for (const requirement of requirements) {
    const value = valueOf(requirement, given.get(requirement.id), diagnostics);
    if (value === undefined) continue;
    values.set(requirement, value);
    const { targets } = requirement.data;
    if (Array.isArray(targets) && targets.length === 0)
      diagnostics.push({
        severity: 'error',
        place: locate(requirement).placeOf('/targets'),
        message: `'${requirement.id}' has no targets`,
        fix: 'name the entries that need the value',
      });
  }
  return { values, diagnostics };
}

export type RequiredValue = Pick<Given, 'value' | 'place'>;

/** Where a requirement's value goes, with the places of that in the entry. */
export function targetsOf({
  data: { targets },
}: Entry): { readonly pointer: string; readonly target: Data }[] {
  return (Array.isArray(targets) ? targets : []).map((target: Data, index) => ({
    pointer: child('/targets', index),
    target,
  }));
}

/** By requirement. */
function givenValues(
  entries: readonly Entry[],
  requirements: readonly Entry[],
  diagnostics: Diagnostic[],
): Map<EntryId, Given> {
  const given = new Map<EntryId, Given>();
  const dependencies = entries.filter(({ kind }) => kind === 'ns.dependency');
  const components = dependencies.flatMap(({ data: { component } }) =>
    typeof component === 'string' ? [component] : [],
  );
  const roots = new Map<string, EntryId>();
  for (const dependency of dependencies) {
    const { component, parameters } = dependency.data;
    if (typeof component !== 'string') continue;
    const isOwn = moduleOf(dependency, components) === undefined;
    const first = isOwn ? roots.get(component) : undefined;
    if (first !== undefined) {
      diagnostics.push({
        severity: 'error',
        place: locate(dependency).placeOf('/component'),
        message: `module '${component}' is depended on in '${first}' already`,
        fix: 'change that one',
      });
      continue;
    }
    if (isOwn) roots.set(component, dependency.id);
    if (!Array.isArray(parameters)) continue;
    const ofModule = requirements.filter((requirement) => belongsTo(requirement, component));
    for (const [index, parameter] of parameters.entries()) {
      const name = isObject(parameter) ? parameter['name'] : undefined;
      if (!isObject(parameter) || typeof name !== 'string') continue;
      const place = locate(dependency).placeOf(child('/parameters', index));
      const found = name.includes(':')
        ? requirements.filter(({ id }) => id === name)
        : ofModule.filter(({ id }) => nameOf(id) === name);
      // A module that is not there is told where it is depended on.
      if (found.length === 0 && (ofModule.length > 0 || name.includes(':'))) {
        const names = name.includes(':')
          ? requirements.map(({ id }) => id as string)
          : ofModule.map(({ id }) => nameOf(id));
        diagnostics.push({
          severity: 'error',
          place,
          message: `module '${component}' has no requirement '${name}'`,
          ...suggest(name, names, 'remove it'),
        });
      }
      for (const { id } of found)
        give(given, id, { value: parameter['value'] ?? null, place, by: dependency.id, isOwn }, diagnostics);
    }
  }
  return given;
}

/** R3 */
function give(given: Map<EntryId, Given>, id: EntryId, next: Given, diagnostics: Diagnostic[]): void {
  const before = given.get(id);
  if (before === undefined || (next.isOwn && !before.isOwn)) given.set(id, next);
  else if (next.isOwn === before.isOwn && !sameData(before.value, next.value))
    diagnostics.push({
      severity: 'error',
      place: next.place,
      message: `'${id}' is ${readableValue(next.value)} here and ${readableValue(before.value)} in '${before.by}'`,
      fix: 'give it one value',
    });
}

/** By where it was read from; in a folder of the app, by its namespace: `acme.http` and all below it is `acme/http`. */
function belongsTo(requirement: Entry, component: string): boolean {
  const { module } = requirement as Partial<LocatedEntry>;
  return module === undefined ? isInside(requirement, component) : module === component;
}

function isInside({ id }: Entry, component: string): boolean {
  const namespace = namespaceOf(id);
  const own = component.replace('/', '.');
  return namespace === own || namespace.startsWith(`${own}.`);
}

/** The module that an entry came with; of one that was not just read from a folder, by its namespace. */
function moduleOf(entry: Entry & Partial<LocatedEntry>, components: readonly string[]): string | undefined {
  if (entry.placeOf !== undefined) return entry.module;
  return components.find((component) => isInside(entry, component));
}

function valueOf(
  requirement: Entry,
  given: Given | undefined,
  diagnostics: Diagnostic[],
): Pick<Given, 'value' | 'place'> | undefined {
  if (given !== undefined) return given;
  const fallback = requirement.data['default'];
  const where = locate(requirement);
  if (fallback !== undefined) return { value: fallback, place: where.placeOf('/default') };
  const name = nameOf(requirement.id);
  diagnostics.push({
    severity: 'warning',
    place: where.placeOf(''),
    message: `requirement '${requirement.id}' has no value, so nothing is written into its targets`,
    fix: `give it in 'parameters' of the ns.dependency: { name: ${name}, value: ... }`,
  });
  return undefined;
}

export interface Written {
  readonly value: RequiredValue;
  /** What was appended before in place of it. */
  readonly replaced?: Data | undefined;
}

/** The entries that values are written into. */
export interface Targets<E extends Entry> {
  get(id: string): E | undefined;
  set(id: string, entry: E): unknown;
  keys(): Iterable<string>;
}

export function write<E extends Entry>(
  requirement: Entry,
  target: Data,
  pointer: string,
  { value: { value, place }, replaced }: Written,
  byId: Targets<E>,
  disabled: ReadonlySet<EntryId>,
  diagnostics: Diagnostic[],
): void {
  const { entry: written, path } = isObject(target) ? target : {};
  if (typeof written !== 'string' || typeof path !== 'string') return; // told by the kind's schema
  const where = locate(requirement);
  const id = resolveReference(written, namespaceOf(requirement.id));
  const entry = id === undefined ? undefined : byId.get(id);
  if (id !== undefined && disabled.has(id)) return;
  if (id === undefined || entry === undefined) {
    diagnostics.push({
      severity: 'error',
      place: where.placeOf(`${pointer}/entry`),
      message: `unknown entry '${id ?? written}'`,
      ...suggest(id ?? written, byId.keys(), 'add it'),
    });
    return;
  }
  const { field, appends } = fieldOf(path);
  const next = appends ? [...without(listAt(entry, field), replaced), value] : value;
  const changed = overrideEntry(entry, field, { key: `${id}:${field}`, value: next, place });
  if ('entry' in changed) byId.set(id, changed.entry);
  else
    diagnostics.push({
      severity: 'error',
      place: where.placeOf(`${pointer}/path`),
      message: changed.message,
      fix: changed.fix,
    });
}

/** Takes a value that was appended out of its list again. */
export function takeBack<E extends Entry>(
  requirement: Entry,
  target: Data,
  { value, place }: RequiredValue,
  byId: Targets<E>,
): void {
  const { entry: written, path } = isObject(target) ? target : {};
  if (typeof written !== 'string' || typeof path !== 'string') return;
  const id = resolveReference(written, namespaceOf(requirement.id));
  const entry = id === undefined ? undefined : byId.get(id);
  const { field, appends } = fieldOf(path);
  if (id === undefined || entry === undefined || !appends) return;
  const next = without(listAt(entry, field), value);
  const changed = overrideEntry(entry, field, { key: `${id}:${field}`, value: next, place });
  if ('entry' in changed) byId.set(id, changed.entry);
}

/** `.middleware+=` */
function fieldOf(path: string): { readonly field: string; readonly appends: boolean } {
  const field = path.replace(/\s*\+=\s*$/, '');
  return { field: field.trim().replace(/^\./, ''), appends: field !== path };
}

/** Without the last item that equals a value. */
function without(list: readonly Data[], value: Data | undefined): Data[] {
  const at = value === undefined ? -1 : list.findLastIndex((item) => sameData(item, value));
  return list.filter((_item, index) => index !== at);
}

function listAt(entry: Entry, field: string): readonly Data[] {
  const segments = field.split('.');
  const inMeta = segments[0] === 'meta';
  let at: Data | undefined = inMeta ? entry.meta : entry.data;
  for (const segment of inMeta || segments[0] === 'data' ? segments.slice(1) : segments)
    at = isObject(at) ? at[segment] : undefined;
  return Array.isArray(at) ? at : at === undefined ? [] : [at];
}
