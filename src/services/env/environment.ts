// Declared environment variables: env.variable entries over their storages.
// E1: only what an entry declares can be read, by its public name or its entry id.
// E2: a variable is secret where its entry says so, else when its name holds KEY, SECRET, TOKEN or PASSWORD; every value of a
//     secret that is given out is told to `onSecret` first, so that logs can take it out again.
// E3: the environment of the process is for reading.
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import { didYouMean } from '../../core/nearest.js';
import { fillSecrets } from '../../core/secret.js';
import type { DataPath } from '../../core/secret.js';
import { toBytes } from '../../core/text.js';
import type { EnvironmentAccess, FoundVariable } from '../../modules/env/host.js';
import type { Entry } from '../../registry/model/entry.js';

class EnvironmentError extends PlatformError {
  override readonly name = 'EnvironmentError';
  readonly code = 'ENVIRONMENT';
  override readonly kind: ErrorKind;
  constructor(message: string, kind: ErrorKind) {
    super(message);
    this.kind = kind;
  }
}

export interface EnvironmentOptions {
  /** The entries of the newest registry version. */
  readonly entries: () => {
    get(id: string): Entry | undefined;
    ofKind(kind: string): readonly Entry[];
  };
  /** Usually process.env. */
  readonly os: Readonly<Record<string, string | undefined>>;
  /** Hears every value of a secret before it is given out. */
  readonly onSecret?: (value: string) => void;
}

const SECRET_NAME = /KEY|SECRET|TOKEN|PASSWORD/i;
const VARIABLE = 'env.variable';
const OS_STORAGE = 'env.storage.os';

export class Environment implements EnvironmentAccess {
  readonly #options: EnvironmentOptions;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
  }

  /** The value for KindHost.env: undefined where there is none. */
  value(name: string): string | undefined {
    const entry = this.#find(name);
    return entry === undefined ? undefined : this.#read(entry)?.value;
  }

  get(name: string): FoundVariable {
    if (name === '') throw new EnvironmentError('the name of the variable is empty', 'Invalid');
    const found = this.#read(this.#declared(name));
    if (found === undefined)
      throw new EnvironmentError(
        `the variable '${name}' has no value; set it, or give its entry a default`,
        'NotFound',
      );
    return found;
  }

  set(name: string): void {
    const entry = this.#declared(name);
    if (entry.data['readonly'] === true)
      throw new EnvironmentError(`the variable '${name}' is read-only`, 'PermissionDenied');
    throw new EnvironmentError(
      `the variable '${name}' is kept in the environment of the process, which is read-only`,
      'PermissionDenied',
    );
  }

  all(): readonly FoundVariable[] {
    return this.#variables().flatMap((entry) => this.#read(entry) ?? []);
  }

  /** Puts the values of secrets where a workflow named them (core/secret.ts). */
  fillSecrets(data: Data, places: readonly DataPath[]): Data {
    return places.length === 0 ? data : fillSecrets(data, places, (id) => toBytes(this.get(id).value));
  }

  #variables(): readonly Entry[] {
    return this.#options.entries().ofKind(VARIABLE);
  }

  #find(name: string): Entry | undefined {
    const byId = name.includes(':') ? this.#options.entries().get(name) : undefined;
    if (byId?.kind === VARIABLE) return byId;
    return this.#variables().find((entry) => entry.data['variable'] === name);
  }

  #declared(name: string): Entry {
    const entry = this.#find(name);
    if (entry !== undefined) return entry;
    const names = this.#variables().map((one) => publicName(one) ?? one.id);
    throw new EnvironmentError(
      `no env.variable declares '${name.slice(0, 200)}'${didYouMean(name, names)}`,
      'NotFound',
    );
  }

  #read(entry: Entry): FoundVariable | undefined {
    const key = publicName(entry) ?? entry.id.slice(entry.id.indexOf(':') + 1);
    const value = this.#stored(entry, key) ?? defaultOf(entry);
    if (value === undefined) return undefined;
    const { secret: declared } = entry.data;
    const secret = typeof declared === 'boolean' ? declared : SECRET_NAME.test(key);
    if (secret) this.#options.onSecret?.(value);
    return { id: entry.id, variable: publicName(entry), value, secret };
  }

  /** Without a storage the environment of the process is meant. */
  #stored(entry: Entry, key: string): string | undefined {
    const { storage } = entry.data;
    if (typeof storage === 'string') {
      const id = storage.includes(':') ? storage : `${entry.id.slice(0, entry.id.indexOf(':'))}:${storage}`;
      const found = this.#options.entries().get(id);
      if (found === undefined)
        throw new EnvironmentError(`the storage '${id}' of '${entry.id}' does not exist`, 'NotFound');
      if (found.kind !== OS_STORAGE)
        throw new EnvironmentError(
          `'${id}' is of kind '${found.kind}', which is not built in this version; use ${OS_STORAGE}`,
          'Unavailable',
        );
    }
    return Object.hasOwn(this.#options.os, key) ? this.#options.os[key] : undefined;
  }
}

const publicName = ({ data }: Entry): string | undefined =>
  typeof data['variable'] === 'string' && data['variable'] !== '' ? data['variable'] : undefined;

function defaultOf({ data }: Entry): string | undefined {
  const { default: value } = data;
  if (value instanceof LuaFloat) return String(value.n);
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}
