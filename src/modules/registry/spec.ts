// The `registry` module: entries by id and by their fields, versions, and changes. Sealed; commands are told in host.ts.
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';

import { fromData, tryToData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { table, text } from '../../lua/parameters.js';
import type { HostResult, LuaTable } from '../../lua/values.js';
import { stateOf } from '../../registry/model/changes.js';
import { buildDelta, mentionedIds } from '../../registry/model/delta.js';
import type { Entry } from '../../registry/model/entry.js';
import { isEntryId, nameOf, namespaceOf, parseEntryId } from '../../registry/model/ids.js';
import {
  ask,
  ChangesType,
  filterOf,
  find,
  History,
  HistoryType,
  idLike,
  invalid,
  isObject,
  makeSnapshot,
  makeVersion,
  makeVersions,
  SnapshotType,
  versionLike,
  VersionType,
} from './values.js';

const denied = { PermissionDenied: 'a policy does not allow it' } as const;
/** Comparing two states takes about this many instructions an entry. */
const COST = 2_000;

/** Entries as Lua gave them; strings stay bytes, which compare as the texts that they are. */
function entriesOf(list: LuaTable, name: string): Entry[] | HostResult {
  const converted = tryToData(list);
  if (!converted.ok) return [undefined, converted.error];
  const { data } = converted;
  if (!Array.isArray(data)) return invalid(`'${name}' is a list of entries`);
  const entries: Entry[] = [];
  for (const [index, one] of data.entries()) {
    const { id, kind, meta, data: fields } = isObject(one) ? one : ({} as DataObject);
    if (typeof id !== 'string' || typeof kind !== 'string')
      return invalid(`entry ${index + 1} of '${name}' has no id or kind`);
    const parts = [meta, fields].map((part): Data => part ?? {});
    const [metaPart, dataPart] = parts.map((part) => (Array.isArray(part) && part.length === 0 ? {} : part));
    if (!isObject(metaPart) || !isObject(dataPart))
      return invalid(`meta and data of '${id}' in '${name}' are tables of fields`);
    if (!isEntryId(id)) return invalid(`expected 'namespace:name', got '${id}'`);
    entries.push({ id: parseEntryId(id), kind, meta: metaPart, data: dataPart });
  }
  return entries;
}

const isList = (entries: Entry[] | HostResult): entries is Entry[] =>
  Array.isArray(entries) && (entries.length === 0 || entries[0] !== undefined);

export const registrySpec = defineModuleSpec({
  name: 'registry',
  summary: 'Entries of the app: look them up, change them while the app runs, go back to older versions',
  workflow: 'recorded',
  members: members(
    define('get', {
      summary: 'An entry: a table of `id`, `kind`, `meta` and `data`.',
      params: [idLike()],
      returns: ['table?', 'Error?'],
      fails: { NotFound: 'there is no such entry', Invalid: 'the id is not `namespace:name`', ...denied },
      returnsWrongArguments: true,
      run: (call, id) => ask(call, { type: 'registry.get', id }),
    }),
    define('find', {
      summary:
        'The entries that fit a filter, sorted by id; only those that the caller may read. A field is `.kind`, `.ns`, `.name`, `.id`, `meta.<path>` or `data.<path>`; `.kind`, `.ns`, `.name` take globs. In front of a field `~` is a regular expression, `*` contains, `^` begins with, `$` ends with. Other plain keys are ignored.',
      params: [filterOf],
      returns: ['table?', 'Error?'],
      fails: { Invalid: 'the filter names no field, or holds what is no pattern' },
      returnsWrongArguments: true,
      run: (call, filter) => find(call, filter),
    }),
    define('parse_id', {
      summary: 'The two parts of an id: a table of `ns` and `name`.',
      params: [text('id')],
      returns: ['table?', 'Error?'],
      fails: { Invalid: 'the text is not `namespace:name`' },
      returnsWrongArguments: true,
      workflow: 'sealed',
      run: (call, id) => {
        if (!isEntryId(id)) return invalid(`expected 'namespace:name', got '${id}'`);
        const parts = call.instance.newTable();
        parts.set('ns', namespaceOf(id));
        parts.set('name', nameOf(id));
        return parts;
      },
    }),
    define('snapshot', {
      summary: 'The registry as it is now, whatever comes later.',
      params: [],
      returns: ['Snapshot?', 'Error?'],
      run: (call) => ask(call, { type: 'registry.version' }, makeSnapshot),
    }),
    define('snapshot_at', {
      summary: 'The registry as a version has it.',
      params: [versionLike('version')],
      returns: ['Snapshot?', 'Error?'],
      fails: { NotFound: 'there is no such version, or none any more' },
      returnsWrongArguments: true,
      run: (call, version) => ask(call, { type: 'registry.version', version }, makeSnapshot),
    }),
    define('current_version', {
      summary: 'The newest version.',
      params: [],
      returns: ['Version?', 'Error?'],
      run: (call) => ask(call, { type: 'registry.version' }, makeVersion),
    }),
    define('versions', {
      summary: 'All versions that are kept, oldest first.',
      params: [],
      returns: ['table?', 'Error?'],
      run: (call) => ask(call, { type: 'registry.versions' }, makeVersions(call)),
    }),
    define('history', {
      summary: 'The history of the registry.',
      params: [],
      returns: ['History?', 'Error?'],
      workflow: 'sealed',
      run: () => HistoryType.wrap(new History()),
    }),
    define('apply_version', {
      summary:
        'Goes back or forward to a version: a new version is made whose entries are those of the old one. Code that runs goes on as it is, what starts takes the entries of the version.',
      params: [versionLike('version')],
      returns: ['boolean?', 'Error?'],
      fails: {
        NotFound: 'there is no such version, or none any more',
        Invalid: 'this node could not run an entry of that version: the message has all that is wrong',
        Conflict: 'a listener rejects a change',
        Unavailable: 'the registry can only be read just now, or this node could not take its newest version',
        ...denied,
      },
      returnsWrongArguments: true,
      run: (call, version) => ask(call, { type: 'registry.apply_version', version }, () => true),
    }),
    define('build_delta', {
      summary:
        'What leads from one list of entries to another: tables of `kind` (`entry.create`, `entry.update`, `entry.delete`), `entry`, and for updates and deletes the `original` before. Deletes come first, dependents before what they depend on; then creates and updates, dependencies first.',
      params: [table('from', 'A list of entries.'), table('to', 'A list of entries.')],
      returns: ['table?', 'Error?'],
      fails: { Invalid: 'an entry has no id or kind, or stands twice in a list' },
      returnsWrongArguments: true,
      workflow: 'sealed',
      run: (call, from, to) => {
        const before = entriesOf(from, 'from');
        if (!isList(before)) return before;
        const after = entriesOf(to, 'to');
        if (!isList(after)) return after;
        call.charge((before.length + after.length) * COST);
        try {
          const ops = buildDelta(stateOf(before), stateOf(after), mentionedIds).map((change): Data => {
            const original = change.op === 'create' ? undefined : change.before;
            const entry = change.op === 'delete' ? change.before : change.after;
            return {
              kind: `entry.${change.op}`,
              entry: entry as unknown as DataObject,
              ...(original === undefined ? {} : { original: original as unknown as DataObject }),
            };
          });
          return fromData(ops, () => call.instance.newTable());
        } catch (error) {
          if (error instanceof PlatformError) return failure('Invalid', error.message);
          throw error;
        }
      },
    }),
  ),
  types: [VersionType, SnapshotType, ChangesType, HistoryType],
});
