// Declared environment variables: env.variable entries over their storages.
// E1: only what an entry declares can be read, by its public name or its entry id.
// E2: a variable is secret where its entry says so, else when its name holds KEY, SECRET, TOKEN or PASSWORD; every value of a
//     secret that is given out is told to `onSecret` first, so that logs can take it out again.
// E3: what is set of a secret is told to `onSecret` too. Where values are kept: storages.ts.
import type { Data } from '../../core/data.js';
import { didYouMean } from '../../core/nearest.js';
import { fillSecrets } from '../../core/secret.js';
import type { DataPath } from '../../core/secret.js';
import { toBytes } from '../../core/text.js';
import type { EnvironmentAccess, FoundVariable } from '../../modules/env/host.js';
import type { Entry } from '../../registry/model/entry.js';
import { nameOf, namespaceOf, resolveReference } from '../../registry/model/ids.js';
import { EnvironmentError } from './errors.js';
import { fillPlaceholders } from './placeholders.js';
import { OF_PROCESS, readOnly, scalarText, Storages } from './storages.js';

export interface EnvironmentOptions {
  /** The entries of the newest registry version. */
  readonly entries: () => {
    get(id: string): Entry | undefined;
    ofKind(kind: string): readonly Entry[];
  };
  /** Usually process.env. */
  readonly os: Readonly<Record<string, string | undefined>>;
  /** What relative paths of files begin at. Default: the working directory. */
  readonly appFolder?: string;
  /** Hears every value of a secret before it is given out. */
  readonly onSecret?: (value: string) => void;
}

const SECRET_NAME = /KEY|SECRET|TOKEN|PASSWORD/i;
const VARIABLE = 'env.variable';

export class Environment implements EnvironmentAccess {
  readonly #options: EnvironmentOptions;
  readonly #storages: Storages;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#storages = new Storages({
      entry: (id) => options.entries().get(id),
      os: options.os,
      appFolder: options.appFolder ?? '.',
      fill: (text) => fillPlaceholders(text, (name) => this.value(name)),
    });
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

  set(name: string, value: string): void {
    const entry = this.#declared(name);
    const { storage, readonly: fixed } = entry.data;
    if (fixed === true) throw new EnvironmentError(`the variable '${name}' is read-only`, 'PermissionDenied');
    if (typeof storage !== 'string') throw readOnly(OF_PROCESS);
    if (isSecret(entry)) this.#options.onSecret?.(value);
    this.#storages.set(storageOf(entry, storage), keyOf(entry), value);
  }

  nameOf(name: string): string {
    const entry = this.#declared(name);
    return publicName(entry) ?? entry.id;
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
    const { storage } = entry.data;
    const key = keyOf(entry);
    // Without a storage the environment of the process is meant.
    const stored =
      typeof storage === 'string'
        ? this.#storages.get(storageOf(entry, storage), key)
        : this.#storages.ofProcess(key);
    const value = stored ?? scalarText(entry.data['default']);
    if (value === undefined) return undefined;
    const secret = isSecret(entry);
    if (secret) this.#options.onSecret?.(value);
    return { id: entry.id, variable: publicName(entry), value, secret };
  }
}

/** The name within the storage. */
const keyOf = (entry: Entry): string => publicName(entry) ?? nameOf(entry.id);

const storageOf = ({ id }: Entry, storage: string): string =>
  resolveReference(storage, namespaceOf(id)) ?? storage;

function isSecret(entry: Entry): boolean {
  const { secret } = entry.data;
  return typeof secret === 'boolean' ? secret : SECRET_NAME.test(keyOf(entry));
}

const publicName = ({ data }: Entry): string | undefined =>
  typeof data['variable'] === 'string' && data['variable'] !== '' ? data['variable'] : undefined;
