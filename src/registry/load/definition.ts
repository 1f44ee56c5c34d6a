// A definition file: `namespace` with `entries`, or with one entry's own `name` and `kind`.
import type { Data, DataObject } from '../../core/data.js';
import type { Diagnostic } from '../../core/diagnostics.js';
import type { EntryId } from '../model/entry.js';
import { isEntryName, parseEntryId } from './entry-id.js';
import { quotedList, suggest } from './nearest.js';
import { child, isObject } from './pointer.js';
import { readableValue } from './schema-check.js';
import type { YamlTree } from './yaml-tree.js';

/** An entry as its file says it, before its sources are read. */
export interface RawEntry {
  readonly id: EntryId;
  readonly kind: string;
  readonly meta: DataObject;
  readonly data: DataObject;
  readonly tree: YamlTree;
  /** Pointer of the entry in its file. */
  readonly base: string;
}

export const isIndexName = (name: string): boolean => /^_index\.ya?ml$/.test(name);
export const isYamlName = (name: string): boolean => /\.ya?ml$/.test(name);

/** Whether a parsed file other than `_index.yaml` is a definition file. */
export function isDefinition(value: Data): boolean {
  if (!isObject(value) || value['namespace'] === undefined) return false;
  return value['entries'] !== undefined || (value['name'] !== undefined && value['kind'] !== undefined);
}

/** The same question about a file that does not parse. */
export function looksLikeDefinition(text: string): boolean {
  const has = (key: string): boolean => new RegExp(`^${key}\\s*:`, 'm').test(text);
  return has('namespace') && (has('entries') || (has('name') && has('kind')));
}

const FILE_KEYS = ['version', 'namespace', 'entries'];

export class DefinitionReader {
  readonly entries: RawEntry[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #tree: YamlTree;

  constructor(tree: YamlTree) {
    this.#tree = tree;
  }

  read(): this {
    const root = this.#tree.value;
    if (!isObject(root)) {
      this.#error(
        '',
        `a definition file must be a mapping, got ${readableValue(root)}`,
        "begin with 'namespace:'",
      );
      return this;
    }
    this.#checkVersion(root['version']);
    const namespace = this.#namespace(root['namespace']);
    if (root['entries'] === undefined && (root['name'] !== undefined || root['kind'] !== undefined)) {
      const entry = Object.assign(Object.create(null) as DataObject, root);
      delete entry['version'];
      delete entry['namespace'];
      this.#entry(entry, '', namespace);
      return this;
    }
    for (const key of Object.keys(root)) {
      if (FILE_KEYS.includes(key)) continue;
      const known = `known keys are ${quotedList(FILE_KEYS, 'and')}`;
      this.#error(child('', key), `unknown key '${key}'`, suggest(key, FILE_KEYS, known).fix, true);
    }
    const { entries } = root;
    if (entries === undefined) this.#error('', "missing key 'entries'", "add 'entries:' with a list");
    else if (Array.isArray(entries))
      for (const [index, entry] of entries.entries()) this.#entry(entry, child('/entries', index), namespace);
    else if (entries !== null)
      this.#error(
        '/entries',
        `'entries' must be a list, got ${readableValue(entries)}`,
        "begin each entry with '-'",
      );
    return this;
  }

  #checkVersion(version: Data | undefined): void {
    if (version === undefined || ['1', '1.0'].includes(readableValue(version).slice(1, -1))) return;
    this.#error('/version', `version ${readableValue(version)} is not known`, `write 'version: "1.0"'`);
  }

  #namespace(namespace: Data | undefined): string | undefined {
    if (typeof namespace === 'string' && isEntryName(namespace)) return namespace;
    if (namespace === undefined) this.#error('', "missing key 'namespace'", "add 'namespace: app'");
    else this.#error('/namespace', `bad namespace ${readableValue(namespace)}`, NAME_RULE);
    return undefined;
  }

  #entry(value: Data, base: string, namespace: string | undefined): void {
    if (!isObject(value)) {
      this.#error(
        base,
        `an entry must be a mapping, got ${readableValue(value)}`,
        "write its 'name:' and 'kind:'",
      );
      return;
    }
    const { name, kind, meta, ...data } = value;
    let usable = true;
    if (name === undefined) {
      this.#error(base, "missing field 'name'", 'add it');
      usable = false;
    } else if (typeof name !== 'string' || !isEntryName(name)) {
      this.#error(child(base, 'name'), `bad entry name ${readableValue(name)}`, NAME_RULE);
      usable = false;
    }
    if (kind === undefined) {
      this.#error(base, "missing field 'kind'", "add it, as in 'kind: function.lua'");
      usable = false;
    } else if (typeof kind !== 'string' || kind === '') {
      this.#error(child(base, 'kind'), `'kind' must be a text, got ${readableValue(kind)}`);
      usable = false;
    }
    if (meta !== undefined && meta !== null && !isObject(meta)) {
      this.#error(child(base, 'meta'), `'meta' must be a mapping, got ${readableValue(meta)}`);
      usable = false;
    }
    if (!usable || namespace === undefined || typeof name !== 'string' || typeof kind !== 'string') return;
    this.entries.push({
      id: parseEntryId(`${namespace}:${name}`),
      kind,
      meta: isObject(meta) ? meta : (Object.create(null) as DataObject),
      data: Object.assign(Object.create(null) as DataObject, data),
      tree: this.#tree,
      base,
    });
  }

  #error(pointer: string, message: string, fix?: string, atKey = false): void {
    const place = atKey ? this.#tree.keyPlaceOf(pointer) : this.#tree.placeOf(pointer);
    this.diagnostics.push({ severity: 'error', place, message, ...(fix === undefined ? {} : { fix }) });
  }
}

const NAME_RULE = "begin with a letter or '_', go on with letters, digits, '_', '-' and '.'";
