// What the functions of this module share: keys that may be secrets, commands, and errors as results. Sealed.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { toBytes } from '../../core/text.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { custom, expected } from '../../lua/parameters.js';
import type { Parameter } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import { LuaUserdata } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { CryptoError } from './support.js';

/** A key as text, or a secret that only a node can read. */
export type Key = string | { readonly secret: Data };

/** The key that a value is; undefined for a value that is none. */
export function keyOf(value: LuaValue): Key | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof LuaUserdata && value.type.name === 'Secret') {
    const { data } = value.type.meta;
    if (data !== undefined) return { secret: data(value.value as never) };
  }
  return undefined;
}

export const keyParameter = (name: string, meaning: string): Parameter<Key> =>
  custom(
    name,
    'string',
    `${meaning} In a workflow also a secret of \`env.get\`.`,
    (value) => keyOf(value) ?? expected('string', value),
  );

/** The key as a field of a command. */
export const keyData = (key: Key): Data => (typeof key === 'string' ? key : key.secret);

export function attempt(work: () => HostResult): HostResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof CryptoError) return failure(error.kind, toBytes(error.message), undefined, false);
    throw error;
  }
}

/** Asks a node, whose answer becomes a value. */
export const ask = (call: HostCall, asked: Command): HostResult =>
  command(asked, (answer) =>
    answer.ok
      ? fromData(answer.value, () => call.instance.newTable())
      : [undefined, errorFromData(answer.error)],
  );
