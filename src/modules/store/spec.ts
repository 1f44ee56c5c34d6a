// The `store` module: values by keys, with a time to live. Sealed; what reads or writes is a command.
// S1: a store holds nothing of the node, so that it can be kept over the steps of a workflow.
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { didYouMean } from '../../core/nearest.js';
import { nameSecrets } from '../../core/secret.js';
import { asNumber, asText } from '../../lua/instance/arguments.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import {
  constant,
  define,
  defineModuleSpec,
  defineType,
  members,
  methodsOf,
  table,
} from '../../lua/module.js';
import { any, bytes, optional, table as tableParameter } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaTable, LuaValue } from '../../lua/values.js';
import { luaType } from '../../lua/values.js';

export const BACKENDS = {
  MEMORY: 'memory',
  SQL: 'sql',
  KV_RAFT: 'kv.raft',
  KV_CRDT: 'kv.crdt',
  UNKNOWN: 'unknown',
} as const;
export const CONSISTENCIES = {
  LINEARIZABLE: 'linearizable',
  EVENTUAL: 'eventual',
  LOCAL: 'local',
  UNKNOWN: 'unknown',
} as const;

class StoreHandle {
  readonly id: string;
  released = false;
  constructor(id: string) {
    this.id = id;
  }
}

/** Longest time to live. Seconds: 292 years, as durations have it. */
const LONGEST_TTL = 9_223_372_036;

const ask = (asked: Command, then: (value: Data) => HostResult): HostResult =>
  command(asked, (answer) => (answer.ok ? then(answer.value) : [undefined, errorFromData(answer.error)]));

const asLua = (call: HostCall, value: Data): LuaValue => fromData(value, () => call.instance.newTable());

const method = methodsOf<StoreHandle>();

/** Why a store cannot be asked for a key; undefined: it can. */
function refusal(self: StoreHandle, key?: string): HostResult | undefined {
  if (self.released) return failure('Invalid', `the store '${self.id}' was released; get it again`);
  return key === '' ? failure('Invalid', 'the key is empty') : undefined;
}

/** Milliseconds; undefined: for ever. */
function ttlOf(value: LuaValue): { readonly ttl?: number } | HostResult {
  if (value === undefined) return {};
  const seconds = asNumber(value);
  if (seconds === undefined || !(seconds >= 0) || seconds > LONGEST_TTL)
    return failure(
      'Invalid',
      `the time to live is a number of seconds, 0 for ever, got ${asText(value) ?? luaType(value)}`,
    );
  return seconds === 0 ? {} : { ttl: Math.ceil(seconds * 1000) };
}

function put(
  self: StoreHandle,
  key: string,
  value: LuaValue,
  more: Readonly<DataObject>,
  then: (entry: Data) => HostResult,
): HostResult {
  const refused = refusal(self, key);
  if (refused !== undefined) return refused;
  if (value === undefined) return failure('Invalid', 'nil cannot be stored; delete the key instead');
  const converted = tryToData(value);
  if (!converted.ok) return [undefined, converted.error];
  const { data } = converted;
  return ask({ type: 'store.put', id: self.id, key, value: data, ...more }, (stored) =>
    then(isMap(stored) ? dataObject({ ...stored, value: nameSecrets(data).data }) : stored),
  );
}

const isResult = (value: object): value is readonly LuaValue[] => Array.isArray(value);

const PUT_OPTIONS = ['ttl', 'only_if_absent', 'if_version'];
const LIST_OPTIONS = ['prefix', 'after', 'limit'];

/** Values of known options by name, or the result that says what is wrong. */
function optionsOf(
  given: LuaTable | undefined,
  known: readonly string[],
): Map<string, LuaValue> | HostResult {
  const options = new Map<string, LuaValue>();
  for (const [key, value] of given?.entries() ?? []) {
    const name = asText(key) ?? luaType(key);
    if (!known.includes(name))
      return failure('Invalid', `unknown option '${name}'${didYouMean(name, known)}`);
    options.set(name, value);
  }
  return options;
}

function putOptions(given: LuaTable | undefined): DataObject | HostResult {
  const options = optionsOf(given, PUT_OPTIONS);
  if (!(options instanceof Map)) return options;
  const [absent, version] = [options.get('only_if_absent'), options.get('if_version')];
  if (absent !== undefined && typeof absent !== 'boolean')
    return failure('Invalid', `option 'only_if_absent' is true or false, got ${luaType(absent)}`);
  if (version !== undefined && typeof version !== 'string')
    return failure('Invalid', `option 'if_version' is a version as entry gives it, got ${luaType(version)}`);
  if (absent === true && version !== undefined)
    return failure('Invalid', "'only_if_absent' and 'if_version' cannot both hold; give one");
  const ttl = ttlOf(options.get('ttl'));
  if (typeof ttl !== 'object' || isResult(ttl)) return ttl;
  return {
    ...(ttl as { readonly ttl?: number }),
    ...(absent === true ? { only_if_absent: true } : {}),
    ...(version === undefined ? {} : { if_version: version }),
  };
}

function listOptions(given: LuaTable | undefined): DataObject | HostResult {
  const options = optionsOf(given, LIST_OPTIONS);
  if (!(options instanceof Map)) return options;
  const data: Record<string, Data> = {};
  for (const name of ['prefix', 'after']) {
    const value = options.get(name);
    if (value === undefined || value === '') continue;
    if (typeof value !== 'string')
      return failure('Invalid', `option '${name}' is a text, got ${luaType(value)}`);
    data[name] = value;
  }
  const limit = options.get('limit');
  if (limit !== undefined) {
    const number = asNumber(limit);
    if (number === undefined || !Number.isSafeInteger(number) || number < 1)
      return failure(
        'Invalid',
        `option 'limit' is a whole number of at least 1, got ${asText(limit) ?? luaType(limit)}`,
      );
    data['limit'] = number;
  }
  return data;
}

const KEY = bytes('key');
const wrongKey = 'the key is empty or no string, or the store was released';
const refused = 'no policy allows it on the store';

const StoreType = defineType<StoreHandle>(
  'Store',
  'Values by keys.',
  [
    method('get', {
      summary: 'The value of a key.',
      params: [KEY],
      returns: ['any', 'Error?'],
      fails: {
        NotFound: 'the key is not there, or has expired',
        Invalid: wrongKey,
        PermissionDenied: refused,
      },
      returnsWrongArguments: true,
      run: (call, self, key) =>
        refusal(self, key) ??
        ask({ type: 'store.get', id: self.id, key }, (found) =>
          isMap(found)
            ? asLua(call, found['value'] ?? null)
            : failure('NotFound', `the key '${key}' is not there`),
        ),
    }),
    method('entry', {
      summary: 'The value of a key with its version: `{ key, value, version }`.',
      params: [KEY],
      returns: ['Entry?', 'Error?'],
      fails: {
        NotFound: 'the key is not there, or has expired',
        Invalid: wrongKey,
        PermissionDenied: refused,
      },
      returnsWrongArguments: true,
      run: (call, self, key) =>
        refusal(self, key) ??
        ask({ type: 'store.get', id: self.id, key }, (found) =>
          isMap(found) ? asLua(call, found) : failure('NotFound', `the key '${key}' is not there`),
        ),
    }),
    method('set', {
      summary: 'Stores a value.',
      params: [
        KEY,
        any('value', 'Plain data; not nil.'),
        optional(any('ttl', 'Time to live in seconds; absent or 0: for ever.', 'number')),
      ],
      returns: ['boolean?', 'Error?'],
      fails: {
        Invalid: `${wrongKey}, the value does not cross, or the time is no number`,
        RateLimited: 'a store in memory is full',
        PermissionDenied: refused,
      },
      returnsWrongArguments: true,
      run: (_call, self, key, value, ttl) => {
        const time = ttlOf(ttl);
        if (typeof time !== 'object' || isResult(time)) return time;
        return put(self, key, value, time as DataObject, () => true);
      },
    }),
    method('put', {
      summary:
        'Stores a value and gives its new entry. Options: `ttl` (seconds); `only_if_absent` (the key must not be there) or `if_version` (its version must still be that).',
      params: [KEY, any('value', 'Plain data; not nil.'), optional(tableParameter('options'))],
      returns: ['Entry?', 'Error?'],
      fails: {
        AlreadyExists: 'the key is there, and `only_if_absent` says that it must not',
        Conflict: 'the version is another one by now',
        Invalid: `${wrongKey}, an option is wrong, or the store has no conditional writes`,
        RateLimited: 'a store in memory is full',
        PermissionDenied: refused,
      },
      returnsWrongArguments: true,
      run: (call, self, key, value, given) => {
        const options = putOptions(given);
        if (typeof options !== 'object' || isResult(options)) return options;
        return put(self, key, value, options as DataObject, (entry) => asLua(call, entry));
      },
    }),
    method('list', {
      summary:
        'Entries in the order of their keys, a page at a time: `{ items, cursor, has_more }`. Options: `prefix`, `after` (a cursor), `limit` (default 100, at most 1000).',
      params: [optional(tableParameter('options'))],
      returns: ['Page?', 'Error?'],
      fails: { Invalid: 'an option is wrong, or the store was released', PermissionDenied: refused },
      returnsWrongArguments: true,
      run: (call, self, given) => {
        const options = listOptions(given);
        if (typeof options !== 'object' || isResult(options)) return options;
        return (
          refusal(self) ??
          ask({ type: 'store.list', id: self.id, ...(options as DataObject) }, (page) => asLua(call, page))
        );
      },
    }),
    method('has', {
      summary: 'Whether a key is there.',
      params: [KEY],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: wrongKey, PermissionDenied: refused },
      returnsWrongArguments: true,
      run: (_call, self, key) =>
        refusal(self, key) ?? ask({ type: 'store.has', id: self.id, key }, (there) => there === true),
    }),
    method('delete', {
      summary: 'Takes a key away; false when it was not there.',
      params: [KEY],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: wrongKey, PermissionDenied: refused },
      returnsWrongArguments: true,
      run: (_call, self, key) =>
        refusal(self, key) ?? ask({ type: 'store.delete', id: self.id, key }, (there) => there === true),
    }),
    method('info', {
      summary:
        'What stands behind the store: `id`, `backend`, `consistency`, `durable`, `list`, `versioned`, `conditional_put`, `ttl`.',
      params: [],
      returns: ['Info?', 'Error?'],
      fails: { Invalid: 'the store was released', PermissionDenied: refused },
      run: (call, self) =>
        refusal(self) ??
        ask({ type: 'store.info', id: self.id }, (info) =>
          asLua(call, isMap(info) ? { ...info, id: self.id } : info),
        ),
    }),
    method('release', {
      summary: 'Lets the store go; it answers nothing after that. False where it was let go before.',
      params: [],
      returns: ['boolean'],
      workflow: 'sealed',
      run: (_call, self) => {
        const held = !self.released;
        self.released = true;
        return held;
      },
    }),
  ],
  { tostring: (self) => `store.Store(${self.id})` },
);

const constants = (values: Readonly<Record<string, string>>) =>
  table(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constant(value)])));

export const storeSpec = defineModuleSpec({
  name: 'store',
  summary: 'Values by keys, with a time to live: caches, sessions, locks',
  workflow: 'recorded',
  members: {
    ...members(
      define('get', {
        summary: 'A store by its entry.',
        params: [bytes('id', 'Entry id of a kind `store.*`.')],
        returns: ['Store?', 'Error?'],
        fails: {
          Invalid: 'the id is empty, or the entry is of another kind',
          NotFound: 'there is no such entry',
          PermissionDenied: 'no policy allows `store.get` on the id',
        },
        returnsWrongArguments: true,
        run: (_call, id) =>
          id === ''
            ? failure('Invalid', 'the id of the store is empty')
            : ask({ type: 'store.info', id }, () => StoreType.wrap(new StoreHandle(id))),
      }),
    ),
    backend: constants(BACKENDS),
    consistency: constants(CONSISTENCIES),
  },
  types: [StoreType],
});
