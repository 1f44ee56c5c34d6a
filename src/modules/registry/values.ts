// The values that Lua has of the registry: Version, Snapshot, Changes, History. Sealed; commands are told in host.ts.
// V1: each is a number and nothing of a node's memory, so it works across the steps of a workflow.
import type { Command } from '../../core/command.js';
import { type Data, type DataObject, LuaFloat } from '../../core/data.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { custom, expected, optional, type Parameter, table, text } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import { LuaTable } from '../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../lua/values.js';

export const invalid = (message: string): HostResult => failure('Invalid', message);

/** Asks, and gives what came as Lua's data, or `nil, err`. */
export const ask = (
  call: HostCall,
  asked: Command,
  make?: (value: Data) => LuaValue,
  onError?: (kind: string) => HostResult | undefined,
): HostResult => {
  const { instance } = call;
  return command(asked, (answer) => {
    if (!answer.ok) return onError?.(answer.error.kind) ?? [undefined, errorFromData(answer.error)];
    return make === undefined ? fromData(answer.value, () => instance.newTable()) : make(answer.value);
  });
};

/** What `registry.version` answers. */
export class Version {
  readonly id: number;
  readonly data: DataObject;
  constructor(data: Data) {
    this.data = isObject(data) ? data : {};
    this.id = Number(this.data['id'] ?? 0);
  }
  text(field: string): string {
    const value = this.data[field];
    return typeof value === 'string' ? value : '';
  }
}

export class Snapshot {
  readonly version: Version;
  constructor(version: Version) {
    this.version = version;
  }
}

interface Operation {
  readonly kind: 'entry.create' | 'entry.update' | 'entry.delete';
  /** As Lua gave it, bytes and all. */
  readonly entry: DataObject;
}

export class Changes {
  base: number;
  ops: Operation[] = [];
  constructor(base: number) {
    this.base = base;
  }
}

/** There is one history; a value of it names nothing. */
export class History {
  readonly whole = true;
}

const version = methodsOf<Version>();
const snapshot = methodsOf<Snapshot>();
const changes = methodsOf<Changes>();
const history = methodsOf<History>();

const nobody = (kind: string): HostResult | undefined => (kind === 'NotFound' ? [undefined] : undefined);
const neighbour = (call: HostCall, number: number): HostResult =>
  number < 1 ? undefined : ask(call, { type: 'registry.version', version: number }, makeVersion, nobody);

const fails = { PermissionDenied: 'a policy does not allow it' } as const;

export const VersionType = defineType<Version>(
  'Version',
  'A version of the registry.',
  [
    version('id', {
      summary: 'Its number. The first version is 1.',
      params: [],
      returns: ['integer'],
      workflow: 'sealed',
      run: (_call, self) => self.id,
    }),
    version('string', {
      summary: 'Its number for people, `v7`; `tostring` gives the same.',
      params: [],
      returns: ['string'],
      workflow: 'sealed',
      run: (_call, self) => `v${self.id}`,
    }),
    version('previous', {
      summary:
        'The version before, or nil: there is none before the first, and old ones may have been pruned.',
      params: [],
      returns: ['Version?', 'Error?'],
      run: (call, self) => neighbour(call, self.id - 1),
    }),
    version('next', {
      summary: 'The version after, or nil while there is none.',
      params: [],
      returns: ['Version?', 'Error?'],
      run: (call, self) => neighbour(call, self.id + 1),
    }),
    ...(
      [
        ['hash', 'Hash of the whole state, chained to that of the version before.'],
        ['comment', 'Why it was made.'],
        ['author', 'Who made it.'],
        ['via', 'How it was made: `start`, `cli`, `file watch`, `lua <entry>`.'],
        ['time', 'When it was made: ISO 8601, UTC.'],
      ] as const
    ).map(([name, summary]) =>
      version(name, {
        summary,
        params: [],
        returns: ['string'],
        workflow: 'sealed',
        run: (_call, self) => self.text(name),
      }),
    ),
  ],
  { tostring: (self) => `v${self.id}`, eq: (a, b) => a.id === b.id },
);

export const makeVersion = (data: Data): LuaValue => VersionType.wrap(new Version(data));

/** A list of versions as Lua has it. */
export const makeVersions =
  (call: HostCall) =>
  (data: Data): LuaValue => {
    const list = call.instance.newTable();
    if (Array.isArray(data)) data.forEach((one, index) => list.set(index + 1, makeVersion(one)));
    return list;
  };

/** A Version, or its number. */
export const versionLike = (name: string): Parameter<number> =>
  custom(name, 'Version | integer', 'A Version, or its number.', (value) => {
    const found = VersionType.unwrap(value);
    if (found !== undefined) return found.id;
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : expected('Version', value);
  });

/** `namespace:name`, or `{ ns, name }`. */
export const idLike = (name = 'id'): Parameter<string> =>
  custom(name, 'string | table', '`namespace:name`, or a table of `ns` and `name`.', (value) => {
    if (typeof value === 'string') return value;
    if (!(value instanceof LuaTable)) return expected('string', value);
    const [ns, own] = [value.get('ns') ?? value.get(1), value.get('name') ?? value.get(2)];
    return typeof ns === 'string' && typeof own === 'string' ? `${ns}:${own}` : expected('string', value);
  });

export const filterOf = optional(
  table('filter', 'Fields and what they shall be; all must fit. Default: everything.'),
);

/** A read at a version, or at the newest one. */
export function find(call: HostCall, filter: LuaTable | undefined, at?: number): HostResult {
  const data = filter === undefined ? { ok: true as const, data: {} } : tryToData(filter);
  if (!data.ok) return [undefined, data.error];
  const fields = Array.isArray(data.data) && data.data.length === 0 ? {} : data.data;
  return ask(call, { type: 'registry.find', filter: fields, ...(at === undefined ? {} : { version: at }) });
}

export const SnapshotType = defineType<Snapshot>(
  'Snapshot',
  'The registry as one version has it, whatever comes later.',
  [
    snapshot('entries', {
      summary: 'All entries that the caller may read, sorted by id.',
      params: [],
      returns: ['table?', 'Error?'],
      run: (call, self) => ask(call, { type: 'registry.entries', version: self.version.id }),
    }),
    snapshot('get', {
      summary: 'One entry.',
      params: [idLike()],
      returns: ['table?', 'Error?'],
      fails: { NotFound: 'there is no such entry', Invalid: 'the id is not `namespace:name`', ...fails },
      returnsWrongArguments: true,
      run: (call, self, id) => ask(call, { type: 'registry.get', id, version: self.version.id }),
    }),
    snapshot('find', {
      summary: 'The entries that fit a filter, as `registry.find`.',
      params: [filterOf],
      returns: ['table?', 'Error?'],
      fails: { Invalid: 'the filter names no field, or holds what is no pattern' },
      returnsWrongArguments: true,
      run: (call, self, filter) => find(call, filter, self.version.id),
    }),
    snapshot('namespace', {
      summary: 'The entries of one namespace, sorted by id; those of namespaces below it are not among them.',
      params: [text('namespace')],
      returns: ['table?', 'Error?'],
      returnsWrongArguments: true,
      run: (call, self, namespace) =>
        ask(call, { type: 'registry.entries', namespace, version: self.version.id }),
    }),
    snapshot('version', {
      summary: 'Its version.',
      params: [],
      returns: ['Version'],
      workflow: 'sealed',
      run: (_call, self) => VersionType.wrap(self.version),
    }),
    snapshot('changes', {
      summary: 'An empty list of changes to this version.',
      params: [],
      returns: ['Changes'],
      workflow: 'sealed',
      run: (_call, self) => ChangesType.wrap(new Changes(self.version.id)),
    }),
  ],
  { tostring: (self) => `Snapshot v${self.version.id}` },
);

export const makeSnapshot = (data: Data): LuaValue => SnapshotType.wrap(new Snapshot(new Version(data)));

const entryParameter = table('entry', '`id`, `kind`, `meta` and `data`.');

function add(self: Changes, kind: 'entry.create' | 'entry.update', entry: LuaTable): HostResult {
  const converted = tryToData(entry);
  if (!converted.ok) return [undefined, converted.error];
  const { data } = converted;
  const id = isObject(data) ? data['id'] : undefined;
  if (!isObject(data) || typeof id !== 'string')
    return invalid("an entry is a table with its 'id', 'kind', 'meta' and 'data'");
  if (kind === 'entry.create' && typeof data['kind'] !== 'string')
    return invalid(`'${id}' has no kind; write kind = "registry.entry", or another`);
  self.ops.push({ kind, entry: data });
  return ChangesType.wrap(self);
}

export const ChangesType: UserdataType<Changes> = defineType<Changes>(
  'Changes',
  'Changes that are collected, and applied as one version.',
  [
    changes('create', {
      summary: 'Adds an entry. Gives the changes again, so that calls can follow on each other.',
      params: [entryParameter],
      returns: ['Changes?', 'Error?'],
      fails: { Invalid: 'the entry has no id or kind, or a value does not cross' },
      returnsWrongArguments: true,
      workflow: 'sealed',
      run: (_call, self, entry) => add(self, 'entry.create', entry),
    }),
    changes('update', {
      summary: 'Replaces an entry; `kind`, `meta` or `data` that are left out stay as they are.',
      params: [entryParameter],
      returns: ['Changes?', 'Error?'],
      fails: { Invalid: 'the entry has no id, or a value does not cross' },
      returnsWrongArguments: true,
      workflow: 'sealed',
      run: (_call, self, entry) => add(self, 'entry.update', entry),
    }),
    changes('delete', {
      summary: 'Deletes an entry.',
      params: [idLike()],
      returns: ['Changes?', 'Error?'],
      returnsWrongArguments: true,
      workflow: 'sealed',
      run: (_call, self, id) => {
        self.ops.push({ kind: 'entry.delete', entry: { id } });
        return ChangesType.wrap(self);
      },
    }),
    changes('ops', {
      summary:
        'The changes so far: tables of `kind` (`entry.create`, `entry.update`, `entry.delete`) and `entry`.',
      params: [],
      returns: ['table'],
      workflow: 'sealed',
      run: (call, self) => {
        const ops = self.ops.map(({ kind, entry }): Data => ({ kind, entry }));
        return fromData(ops, () => call.instance.newTable());
      },
    }),
    changes('apply', {
      summary:
        'Applies the changes as one version, and gives it. When it returns the version is live on this node: entries are checked and compiled, and listeners have accepted them; or nothing was changed and the error says why. Option: `comment`, why it is done.',
      params: [optional(table('options'))],
      returns: ['Version?', 'Error?'],
      fails: {
        Invalid: 'there are no changes, or one of them does not fit: the message has all that is wrong',
        Conflict:
          'another version came first, or a listener rejects a change; take a new snapshot and try again',
        Unavailable: 'the registry can only be read just now, or this node could not take its newest version',
        ...fails,
      },
      returnsWrongArguments: true,
      run: (call, self, options) => {
        const comment = options?.get('comment');
        if (comment !== undefined && typeof comment !== 'string')
          return invalid("'comment' is a text: why the change is made");
        if (self.ops.length === 0) return invalid('there are no changes to apply');
        const ops = self.ops.map(({ kind, entry }): Data =>
          kind === 'entry.delete' ? { kind, id: entry['id'] ?? null } : { kind, entry },
        );
        const asked = { type: 'registry.apply', base: self.base, ops };
        return ask(call, comment === undefined ? asked : { ...asked, comment }, (data) => {
          const applied = new Version(data);
          self.base = applied.id;
          self.ops = [];
          return VersionType.wrap(applied);
        });
      },
    }),
  ],
  { tostring: (self) => `Changes of v${self.base}` },
);

export const HistoryType = defineType<History>('History', 'All versions of the registry that are kept.', [
  history('versions', {
    summary: 'All versions, oldest first.',
    params: [],
    returns: ['table?', 'Error?'],
    run: (call) => ask(call, { type: 'registry.versions' }, makeVersions(call)),
  }),
  history('get_version', {
    summary: 'One version by its number.',
    params: [versionLike('version')],
    returns: ['Version?', 'Error?'],
    fails: { NotFound: 'there is no such version, or none any more' },
    returnsWrongArguments: true,
    run: (call, _self, number) => ask(call, { type: 'registry.version', version: number }, makeVersion),
  }),
  history('snapshot_at', {
    summary: 'The registry as a version has it.',
    params: [versionLike('version')],
    returns: ['Snapshot?', 'Error?'],
    fails: { NotFound: 'there is no such version, or none any more' },
    returnsWrongArguments: true,
    run: (call, _self, number) => ask(call, { type: 'registry.version', version: number }, makeSnapshot),
  }),
  history('of', {
    summary:
      'What happened to one entry, newest first: tables of `version`, `kind` (`entry.create`, `entry.update`, `entry.delete`), and the `entry` after and the `original` before.',
    params: [idLike()],
    returns: ['table?', 'Error?'],
    fails: { Invalid: 'the id is not `namespace:name`', ...fails },
    returnsWrongArguments: true,
    run: (call, _self, id) =>
      ask(call, { type: 'registry.history', id }, (data) => {
        const newTable = (): LuaTable => call.instance.newTable();
        const list = newTable();
        for (const [index, one] of (Array.isArray(data) ? data : []).entries()) {
          if (!isObject(one)) continue;
          const { version: made = null, ...rest } = one;
          const row = fromData(rest, newTable);
          if (!(row instanceof LuaTable)) continue;
          row.set('version', makeVersion(made));
          list.set(index + 1, row);
        }
        return list;
      }),
  }),
]);

export const isObject = (data: Data | undefined): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat);
