// Key-value stores on a node: the commands, and what a store must offer to answer them. services/store has the stores.
// `store.info` { id } -> { backend, consistency, durable, list, versioned, conditional_put, ttl }
// `store.get` | `store.has` { id, key } -> { key, value, version } or null | boolean
// `store.put` { id, key, value, ttl?, only_if_absent?, if_version? } -> { key, version }
//   without the value, which its program has: it would be recorded twice, and may hold a secret, which is never recorded
// `store.delete` { id, key } -> whether it was there
// `store.list` { id, prefix?, after?, limit? } -> { items, cursor, has_more }
//   key, prefix, after: byte strings; ttl: milliseconds, absent: for ever
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import type { Command } from '../../core/command.js';
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { toTextLossy } from '../../core/text.js';

export interface StoreCapabilities {
  /** One of BACKENDS of spec.ts. */
  readonly backend: string;
  /** One of CONSISTENCIES of spec.ts. */
  readonly consistency: string;
  /** What is written outlives the node. */
  readonly durable: boolean;
  readonly list: boolean;
  readonly versioned: boolean;
  readonly conditional_put: boolean;
  readonly ttl: boolean;
}

export interface StoredValue {
  readonly key: string;
  readonly value: Data;
  readonly version: string;
}

export interface PutOptions {
  /** Milliseconds; absent: for ever. */
  readonly ttlMs?: number | undefined;
  readonly onlyIfAbsent?: boolean | undefined;
  readonly ifVersion?: string | undefined;
}

export interface StoreCaller {
  readonly signal: AbortSignal;
  /** Set when the same call may come again: the second one gets the answer of the first. */
  readonly key: string | undefined;
}

export interface Page {
  readonly items: readonly StoredValue[];
  readonly hasMore: boolean;
}

/** What an entry of a kind `store.*` opens to. Keys are byte strings; what has expired is not there. */
export interface KeyValueStore {
  readonly capabilities: StoreCapabilities;
  get(key: string, caller: StoreCaller): Promise<StoredValue | undefined>;
  put(key: string, value: Data, options: PutOptions, caller: StoreCaller): Promise<StoredValue>;
  /** Whether it was there. */
  delete(key: string, caller: StoreCaller): Promise<boolean>;
  /** In the order of the keys' bytes. */
  list(
    options: { readonly prefix: string; readonly after: string | undefined; readonly limit: number },
    caller: StoreCaller,
  ): Promise<Page>;
}

/** A call that a store refuses, or a command that Lua's side would not have made. */
export class StoreCallError extends PlatformError {
  override readonly name = 'StoreCallError';
  readonly code = 'STORE_CALL';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  constructor(kind: ErrorKind, message: string, retryable = false) {
    super(message);
    this.kind = kind;
    this.retryable = retryable;
  }
}

export const LONGEST_PAGE = 1000;
const USUAL_PAGE = 100;

export function storeHandlers(authorize: Authorize): HostHandlers {
  const open = (command: Command, context: CommandContext, action: string): Promise<KeyValueStore> => {
    const id = toTextLossy(textOf(command, 'id'));
    if (!authorize(context, action, id)) throw new NotAuthorizedError(context, action, id);
    return context.resource<KeyValueStore>(id, 'store.*');
  };
  return {
    'store.info': async (command, context) => {
      const { capabilities } = await open(command, context, 'store.get');
      return dataObject({ ...capabilities });
    },
    'store.get': async (command, context) => {
      const store = await open(command, context, 'store.key.get');
      const found = await store.get(textOf(command, 'key'), callerOf(context));
      return found === undefined ? null : entryData(found);
    },
    'store.has': async (command, context) => {
      const store = await open(command, context, 'store.key.has');
      return (await store.get(textOf(command, 'key'), callerOf(context))) !== undefined;
    },
    'store.put': async (command, context) => {
      const store = await open(command, context, 'store.key.set');
      const { ttl, if_version: version } = command;
      const options = {
        ttlMs: numberOf(ttl),
        onlyIfAbsent: command['only_if_absent'] === true,
        ifVersion: typeof version === 'string' ? version : undefined,
      };
      if ((options.onlyIfAbsent || options.ifVersion !== undefined) && !store.capabilities.conditional_put)
        throw new StoreCallError(
          'Invalid',
          `a store of backend '${store.capabilities.backend}' has no conditional writes; take one whose info().conditional_put is true`,
        );
      const value = command['value'] ?? null;
      try {
        const { key, version } = await store.put(textOf(command, 'key'), value, options, callerOf(context));
        return dataObject({ key, version });
      } catch (error) {
        // A program reads again before its next try; a workflow's activity would only repeat the same write.
        const repeats = context.pid === undefined && error instanceof StoreCallError && error.retryable;
        throw repeats ? new StoreCallError(error.kind, error.message) : error;
      }
    },
    'store.delete': async (command, context) => {
      const store = await open(command, context, 'store.key.delete');
      return store.delete(textOf(command, 'key'), callerOf(context));
    },
    'store.list': async (command, context) => {
      const store = await open(command, context, 'store.key.list');
      const { prefix, after, limit } = command;
      const page = await store.list(
        {
          prefix: typeof prefix === 'string' ? prefix : '',
          after: typeof after === 'string' ? after : undefined,
          limit: Math.min(numberOf(limit) ?? USUAL_PAGE, LONGEST_PAGE),
        },
        callerOf(context),
      );
      return dataObject({
        items: page.items.map(entryData),
        cursor: page.items.at(-1)?.key ?? '',
        has_more: page.hasMore,
      });
    },
  };
}

const entryData = ({ key, value, version }: StoredValue): DataObject => dataObject({ key, value, version });

const numberOf = (value: Data | undefined): number | undefined =>
  typeof value === 'number' ? value : value instanceof LuaFloat ? value.n : undefined;

function textOf(command: Command, field: string): string {
  const value = command[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new StoreCallError('Invalid', `'${command.type}' needs a text as ${field}`);
}

const callerOf = (context: CommandContext): StoreCaller => ({
  get signal() {
    return context.signal;
  },
  // The key of a command that a workflow sent is its own; inside a function it is the function's, shared by all it does.
  key: context.pid === undefined ? context.idempotencyKey : undefined,
});
