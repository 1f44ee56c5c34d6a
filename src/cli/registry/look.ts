// `moontide registry list|get|find|history|show|diff|export`: reads only.
import { writeFileSync } from 'node:fs';
import { type Data, dataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { toBytes } from '../../core/text.js';
import { formatYaml } from '../../core/yaml.js';
import type { Change } from '../../registry/model/changes.js';
import { buildDelta, mentionedIds } from '../../registry/model/delta.js';
import type { Entry } from '../../registry/model/entry.js';
import { parseEntryId } from '../../registry/model/ids.js';
import type { VersionInfo } from '../../registry/model/registry.js';
import type { Filter } from '../../registry/model/query.js';
import type { StateView } from '../../registry/registry-view.js';
import type { Registry } from '../../registry/service.js';
import { columns } from '../columns.js';
import type { Globals } from '../globals.js';
import { jsonText, say } from '../output.js';
import { UsageError } from '../usage-error.js';
import { withRegistry } from './open.js';
import {
  changeDocument,
  changeLines,
  colored,
  entryDocument,
  entryYaml,
  printable,
  versionDocument,
} from './readable.js';

export interface ListWishes {
  readonly kind?: string;
  readonly ns?: string;
  readonly version: number | undefined;
}

class EntryAbsentError extends PlatformError {
  override readonly name = 'EntryAbsentError';
  readonly code = 'REGISTRY_ENTRY_NOT_FOUND';
  override readonly kind = 'NotFound';
  override readonly exitCode: ExitCode = 2;
  constructor(id: string, version: number) {
    super(`entry '${id}' is not in registry version ${version}; \`moontide registry list\` has the entries`);
  }
}

const viewOf = (registry: Registry, version: number | undefined): Promise<StateView> =>
  version === undefined ? Promise.resolve(registry.current) : registry.at(version);

const sayJson = (data: Data): void => say(jsonText(data, false));

export function listEntries(globals: Globals, wishes: ListWishes): Promise<number> {
  return withRegistry(globals, async (registry) => {
    const view = await viewOf(registry, wishes.version);
    return sayEntries(globals, view, chosen(view, wishes));
  });
}

function chosen(view: StateView, { kind, ns }: ListWishes): readonly Entry[] {
  return view.find({
    ...(kind === undefined ? {} : { '.kind': kind }),
    ...(ns === undefined ? {} : { '.ns': ns }),
  });
}

function sayEntries({ json }: Globals, view: StateView, entries: readonly Entry[]): number {
  const originOf = (id: string): string => view.state.get(id)?.origin ?? 'folder';
  if (json) {
    const list = entries.map(({ id, kind, meta }) =>
      dataObject({ ...entryDocument({ id, kind, meta, data: {} }), data: null, origin: originOf(id) }),
    );
    for (const one of list) delete one['data'];
    sayJson(dataObject({ version: view.version.number, entries: list }));
    return 0;
  }
  const rows = entries.map(({ id, kind, meta }) => {
    const { comment } = meta;
    return [
      id,
      kind,
      originOf(id) === 'runtime' ? 'runtime' : '',
      typeof comment === 'string' ? printable(comment) : '',
    ];
  });
  for (const line of columns(rows)) say(line);
  return 0;
}

export function getEntry(globals: Globals, id: string, version: number | undefined): Promise<number> {
  return withRegistry(globals, async (registry) => {
    const view = await viewOf(registry, version);
    const held = view.state.get(parseEntryId(id));
    if (held === undefined) throw new EntryAbsentError(id, view.version.number);
    const { entry, program, origin = 'folder' } = held;
    if (globals.json) {
      const document = { ...entryDocument(entry), origin, version: view.version.number };
      sayJson(dataObject(program === undefined ? document : { ...document, program }));
    } else say(entryYaml(entry).trimEnd());
    return 0;
  });
}

export function findEntries(
  globals: Globals,
  fields: readonly string[],
  version: number | undefined,
): Promise<number> {
  const filter = filterOf(fields);
  return withRegistry(globals, async (registry) => {
    const view = await viewOf(registry, version);
    return sayEntries(globals, view, view.find(filter, { loose: true }));
  });
}

function filterOf(fields: readonly string[]): Filter {
  const filter: Record<string, Data> = {};
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 1)
      throw new UsageError(`'${field}' is no field=value, as in .kind=function.lua or meta.type=test`);
    const name = field.slice(0, equals);
    if (!/^[~*^$]?(\.|meta\.|data\.)./.test(name))
      throw new UsageError(`unknown field '${name}'; use .kind, .ns, .name, .id, meta.<path> or data.<path>`);
    filter[name] = field.slice(equals + 1);
  }
  return filter;
}

const DEFAULT_LIMIT = 20;

export function showHistory(
  globals: Globals,
  id: string | undefined,
  limit = DEFAULT_LIMIT,
): Promise<number> {
  return withRegistry(globals, async (registry) => {
    if (id === undefined) {
      const versions = await registry.versions({ limit });
      if (globals.json) sayJson(dataObject({ versions: versions.map(versionDocument) }));
      else for (const line of columns(versions.map((version) => versionCells(version)))) say(line);
      return 0;
    }
    const records = await registry.historyOf(parseEntryId(id), { limit });
    if (records.length === 0) throw new EntryAbsentError(id, registry.current.version.number);
    if (globals.json) {
      const changes = records.map(({ version, change }) =>
        dataObject({ ...versionDocument(version), change: changeDocument(change) }),
      );
      sayJson(dataObject({ entry: id, changes }));
    } else
      for (const line of columns(records.map(({ version, change }) => versionCells(version, change.op))))
        say(line);
    return 0;
  });
}

function versionCells({ number, time, author, via, comment }: VersionInfo, operation?: string): string[] {
  const cells = [`v${number}`, time.slice(0, 19).replace('T', ' '), printable(author), printable(via)];
  return operation === undefined ? [...cells, printable(comment)] : [...cells, operation, printable(comment)];
}

export function showVersion(globals: Globals, number: number): Promise<number> {
  return withRegistry(globals, async (registry) => {
    const { version } = await registry.at(number);
    const changes = await registry.changeset(number);
    if (globals.json) {
      sayJson(dataObject({ ...versionDocument(version), changes: changes.map(changeDocument) }));
      return 0;
    }
    say(`version  ${version.number}${version.parent === undefined ? '' : ` (after ${version.parent})`}`);
    say(`when     ${version.time}`);
    say(`who      ${printable(version.author)}`);
    say(`how      ${printable(version.via)}`);
    say(`why      ${printable(version.comment)}`);
    say(`hash     ${version.hash}`);
    sayChanges(changes, { before: `v${version.parent ?? 0}`, after: `v${version.number}` });
    return 0;
  });
}

export function diffVersions(globals: Globals, a: number, b: number): Promise<number> {
  return withRegistry(globals, async (registry) => {
    const [from, to] = [await registry.at(a), await registry.at(b)];
    const changes = buildDelta(from.state, to.state, mentionedIds);
    if (globals.json) sayJson(dataObject({ from: a, to: b, changes: changes.map(changeDocument) }));
    else if (changes.length === 0) say(`versions ${a} and ${b} hold the same`);
    else sayChanges(changes, { before: `v${a}`, after: `v${b}` });
    return 0;
  });
}

function sayChanges(
  changes: readonly Change[],
  names: { readonly before: string; readonly after: string },
): void {
  for (const change of changes) {
    say('');
    for (const line of changeLines(change, names)) say(colored(line));
  }
}

export function exportEntries(
  globals: Globals,
  { output, ...wishes }: ListWishes & { readonly output?: string },
): Promise<number> {
  return withRegistry(globals, async (registry) => {
    const view = await viewOf(registry, wishes.version);
    const entries = chosen(view, wishes);
    const { number, hash } = view.version;
    const document = dataObject({ version: number, hash, put: entries.map(entryDocument) });
    const text = globals.json ? `${jsonText(document, false)}\n` : formatYaml(document);
    if (output === undefined) say(text.trimEnd());
    else {
      try {
        writeFileSync(output, text);
      } catch (cause) {
        throw new UsageError(`cannot write '${output}': ${(cause as Error).message}`, { cause });
      }
      const told = dataObject({ version: number, entries: entries.length, file: toBytes(output) });
      if (globals.json) sayJson(told);
      else say(`${entries.length} entries of version ${number} are in '${output}'`);
    }
    return 0;
  });
}
