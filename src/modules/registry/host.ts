// The registry on a node: what Lua's `registry` asks. The registry itself is given; here are the commands, and who may what.
// `registry.get` { id, version? } -> entry
// `registry.find` { filter, version? } -> list of entries, sorted by id
// `registry.entries` { namespace?, version? } -> list of entries, sorted by id
// `registry.version` { version? } -> version; without one the newest
// `registry.versions` { } -> list of versions, oldest first
// `registry.history` { id } -> list of { version, kind, entry?, original? }, newest first
// `registry.apply` { base, ops: list of { kind, entry } or { kind, id }, comment? } -> version
// `registry.apply_version` { version, comment? } -> the new version, whose state is that of the old one
//   entry: { id, kind, meta, data }; version: { id, hash, comment, author, via, time }
// P1: an entry that the caller may not read is not in a list; asked for by its id it is PermissionDenied.
// P2: what a workflow changes is one version, however often its command is tried: the key of the command goes with it.
import type { Authorize } from '../../core/authorize.js';
import { NotAuthorizedError } from '../../core/authorize.js';
import { type Data, type DataObject, dataObject, LuaFloat } from '../../core/data.js';
import type { Command } from '../../core/command.js';
import { PlatformError } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { bytesDataToText, textDataToBytes, toBytes, toText } from '../../core/text.js';
import type { Change } from '../../registry/model/changes.js';
import type { Entry, EntryId } from '../../registry/model/entry.js';
import { parseEntryId } from '../../registry/model/ids.js';
import type { RegistryView, VersionInfo } from '../../registry/model/registry.js';

/** Who changes the registry, how and why. */
export interface ChangeNote {
  readonly comment?: string;
  /** `lua <entry>` */
  readonly via: string;
  readonly key?: string;
}
export type EntryChange =
  | { readonly op: 'create' | 'update'; readonly entry: Entry }
  | { readonly op: 'delete'; readonly id: EntryId };

/** Throws PlatformErrors: NotFound, Invalid, Conflict, Unavailable. */
export interface RegistryAccess {
  current(): RegistryView;
  at(version: number): Promise<RegistryView>;
  /** Newest first. */
  versions(options: { readonly before?: number; readonly limit: number }): Promise<readonly VersionInfo[]>;
  historyOf(entry: string): Promise<readonly { readonly version: VersionInfo; readonly change: Change }[]>;
  apply(changes: readonly EntryChange[], base: number, note: ChangeNote): Promise<VersionInfo>;
  applyVersion(version: number, note: ChangeNote): Promise<VersionInfo>;
}

/** A command that Lua's side would not have made, or what Lua asked for and is not there. */
class RegistryCommandError extends PlatformError {
  override readonly name = 'RegistryCommandError';
  readonly code = 'REGISTRY_COMMAND';
  override readonly kind: 'Invalid' | 'NotFound';
  constructor(kind: 'Invalid' | 'NotFound', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Versions that one answer has at most. */
const MOST_VERSIONS = 1_000;

export function registryHandlers(registry: RegistryAccess, authorize: Authorize): HostHandlers {
  const viewOf = async ({ version }: Command): Promise<RegistryView> =>
    typeof version === 'number' ? registry.at(version) : registry.current();
  const demand = (context: CommandContext, action: string, resource = ''): void => {
    if (!authorize(context, action, resource)) throw new NotAuthorizedError(context, action, resource);
  };
  const readable = (context: CommandContext, entries: Iterable<Entry>): Data[] =>
    [...entries].filter(({ id }) => authorize(context, 'registry.get', id)).map(entryData);
  const noteOf = (command: Command, { entry, pid, idempotencyKey }: CommandContext): ChangeNote => {
    const { comment } = command;
    return {
      via: `lua ${entry}`,
      ...(typeof comment === 'string' && comment !== '' ? { comment: toText(comment) } : {}),
      // Inside a function the key is the function's own, shared by all that it does.
      ...(pid === undefined && idempotencyKey !== undefined ? { key: idempotencyKey } : {}),
    };
  };
  return {
    'registry.get': async (command, context) => {
      const id = parseEntryId(text(command, 'id'));
      demand(context, 'registry.get', id);
      const view = await viewOf(command);
      const entry = view.get(id);
      if (entry === undefined)
        throw new RegistryCommandError(
          'NotFound',
          `entry '${id}' is not in registry version ${view.version.number}`,
        );
      return entryData(entry);
    },
    'registry.find': async (command, context) => {
      const filter = bytesDataToText(command['filter'] ?? null);
      if (!isObject(filter)) throw new RegistryCommandError('Invalid', 'a filter is a table of fields');
      return readable(context, (await viewOf(command)).find(filter));
    },
    'registry.entries': async (command, context) => {
      const view = await viewOf(command);
      const whole = command['namespace'] === undefined;
      return readable(context, whole ? view.all() : view.namespace(text(command, 'namespace')));
    },
    'registry.version': async (command) => versionData((await viewOf(command)).version),
    'registry.versions': async () => {
      const found: VersionInfo[] = [];
      for (;;) {
        const before = found.at(-1)?.number;
        const options = { limit: MOST_VERSIONS, ...(before === undefined ? {} : { before }) };
        const page = await registry.versions(options);
        found.push(...page);
        if (page.length < MOST_VERSIONS) return found.reverse().map(versionData);
      }
    },
    'registry.history': async (command, context) => {
      const id = parseEntryId(text(command, 'id'));
      demand(context, 'registry.get', id);
      return (await registry.historyOf(id)).map(({ version, change }) =>
        dataObject({
          version: versionData(version),
          kind: `entry.${change.op}`,
          ...(change.op === 'delete' ? {} : { entry: entryData(change.after) }),
          ...(change.op === 'create' ? {} : { original: entryData(change.before) }),
        }),
      );
    },
    'registry.apply': async (command, context) => {
      demand(context, 'registry.apply');
      const { ops, base } = command;
      if (!Array.isArray(ops) || typeof base !== 'number')
        throw new RegistryCommandError(
          'Invalid',
          "'registry.apply' needs a list of ops and the base version",
        );
      if (ops.length === 0) throw new RegistryCommandError('Invalid', 'there are no changes to apply');
      const view = await registry.at(base);
      const changes = ops.map((op) => changeOf(op, view));
      return versionData(await registry.apply(changes, base, noteOf(command, context)));
    },
    'registry.apply_version': async (command, context) => {
      demand(context, 'registry.apply_version');
      const { version } = command;
      if (typeof version !== 'number')
        throw new RegistryCommandError('Invalid', "'registry.apply_version' needs the number of a version");
      return versionData(await registry.applyVersion(version, noteOf(command, context)));
    },
  };
}

function changeOf(data: Data, view: RegistryView): EntryChange {
  const op = isObject(data) ? data : {};
  const { kind } = op;
  if (kind === 'entry.delete') return { op: 'delete', id: parseEntryId(stringOf(op['id'], 'id')) };
  if (kind !== 'entry.create' && kind !== 'entry.update')
    throw new RegistryCommandError(
      'Invalid',
      "an operation is 'entry.create', 'entry.update' or 'entry.delete'",
    );
  const { entry: given } = op;
  if (!isObject(given)) throw new RegistryCommandError('Invalid', 'an entry is a table');
  const entry = bytesDataToText(given) as DataObject;
  const id = parseEntryId(stringOf(entry['id'], 'id'));
  const before = kind === 'entry.update' ? view.get(id) : undefined;
  return {
    op: kind === 'entry.create' ? 'create' : 'update',
    entry: {
      id,
      kind:
        entry['kind'] === undefined && before !== undefined ? before.kind : stringOf(entry['kind'], 'kind'),
      meta: mappingOf(entry['meta'], before?.meta, `the meta of '${id}'`),
      data: mappingOf(entry['data'], before?.data, `the data of '${id}'`),
    },
  };
}

/** Lua's empty table is the empty mapping here. */
function mappingOf(
  value: Data | undefined,
  before: Readonly<DataObject> | undefined,
  what: string,
): Readonly<DataObject> {
  if (value === undefined || value === null) return before ?? dataObject();
  if (isObject(value)) return value;
  if (Array.isArray(value) && value.length === 0) return dataObject();
  throw new RegistryCommandError('Invalid', `${what} is a table of fields`);
}

export const entryData = ({ id, kind, meta, data }: Entry): Data =>
  textDataToBytes(dataObject({ id, kind, meta: meta as DataObject, data: data as DataObject }));

const versionData = ({ number, parent, hash, comment, author, via, time }: VersionInfo): Data =>
  dataObject({
    id: number,
    ...(parent === undefined ? {} : { parent }),
    hash,
    comment: toBytes(comment),
    author: toBytes(author),
    via: toBytes(via),
    time,
  });

const text = (command: Command, field: string): string => toText(stringOf(command[field], field));

function stringOf(value: Data | undefined, field: string): string {
  if (typeof value !== 'string' || value === '')
    throw new RegistryCommandError('Invalid', `'${field}' is missing; it is a text`);
  return value;
}

const isObject = (data: Data | undefined): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat);
