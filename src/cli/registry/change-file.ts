// The file that `moontide registry apply` takes: changes as YAML or JSON.
// F1: all that is wrong with its entries is told in one go, each with its place in the lists.
import { readFileSync } from 'node:fs';
import { type Data, dataObject, type DataObject, LuaFloat } from '../../core/data.js';
import type { Diagnostic } from '../../core/diagnostics.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { bytesDataToText } from '../../core/text.js';
import { parseYaml } from '../../core/yaml.js';
import type { RequestedChange } from '../../registry/apply-request.js';
import { RegistryChangesError } from '../../registry/editor.js';
import { sameEntry } from '../../registry/model/changes.js';
import type { Entry, EntryId } from '../../registry/model/entry.js';
import { isEntryId, parseEntryId } from '../../registry/model/ids.js';
import type { StateView } from '../../registry/registry-view.js';

/** A file of changes that cannot be read. */
class ChangeFileError extends PlatformError {
  override readonly name = 'ChangeFileError';
  readonly code = 'REGISTRY_CHANGE_FILE';
  override readonly kind = 'Invalid';
  override readonly exitCode: ExitCode = 2;
}

const SHAPE = "write 'create:', 'update:', 'put:' with lists of entries, and 'delete:' with a list of ids";
const LISTS = ['create', 'update', 'put', 'delete'] as const;
const KEYS: ReadonlySet<string> = new Set([...LISTS, 'comment', 'version', 'hash']);

/** Strings as text. */
export function readChanges(file: string): DataObject {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new ChangeFileError(`cannot read '${file}': ${whyUnread(cause)}`, { cause });
  }
  let data: Data;
  try {
    data = bytesDataToText(parseYaml(text));
  } catch (cause) {
    throw new ChangeFileError(`'${file}': ${(cause as Error).message}`, { cause });
  }
  if (!isObject(data)) throw new ChangeFileError(`'${file}' is no mapping; ${SHAPE}`);
  for (const key of Object.keys(data))
    if (!KEYS.has(key)) throw new ChangeFileError(`'${file}' has an unknown key '${key}'; ${SHAPE}`);
  return data;
}

function whyUnread(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
      return 'its permissions do not allow it';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** The changes to a version. Throws ChangeFileError, or RegistryChangesError for what is wrong with its entries (F1). */
export function changesOf(document: DataObject, view: StateView, file: string): RequestedChange[] {
  const reader = new ChangeReader(view, file);
  for (const list of LISTS) {
    const items = document[list] ?? [];
    if (!Array.isArray(items)) throw new ChangeFileError(`'${list}' of '${file}' is no list; ${SHAPE}`);
    for (const [index, item] of items.entries()) reader.read(list, item, `${list}[${index}]`);
  }
  if (reader.problems.length > 0) throw new RegistryChangesError(reader.problems);
  if (!reader.touched) throw new ChangeFileError(`'${file}' holds no changes; ${SHAPE}`);
  return reader.changes;
}

class ChangeReader {
  readonly changes: RequestedChange[] = [];
  readonly problems: Diagnostic[] = [];
  touched = false;
  readonly #view: StateView;
  readonly #file: string;
  /** As the changes so far leave them. */
  readonly #held = new Map<EntryId, Entry | undefined>();

  constructor(view: StateView, file: string) {
    this.#view = view;
    this.#file = file;
  }

  read(list: (typeof LISTS)[number], item: Data, where: string): void {
    this.touched = true;
    if (list === 'delete') {
      if (typeof item !== 'string') this.#tell(where, 'is no id', "write 'namespace:name'");
      else if (!isEntryId(item)) this.#tell(where, `'${item}' is no id`, "write 'namespace:name'");
      else if (this.#before(parseEntryId(item)) === undefined) this.#tell(where, `'${item}' is not there`);
      else {
        this.#held.set(parseEntryId(item), undefined);
        this.changes.push({ op: 'delete', id: item });
      }
      return;
    }
    const entry = this.#entry(list, item, where);
    if (entry === undefined) return;
    const before = this.#before(entry.id);
    this.#held.set(entry.id, entry);
    if (list === 'put' && before !== undefined && sameEntry(before, entry)) return;
    this.changes.push({ op: before === undefined ? 'create' : 'update', entry });
  }

  #before(id: EntryId): Entry | undefined {
    return this.#held.has(id) ? this.#held.get(id) : this.#view.get(id);
  }

  /** An entry as a definition file has it with its id, or as `get` prints it. For updates what is left out stays. */
  #entry(list: 'create' | 'update' | 'put', item: Data, where: string): Entry | undefined {
    const { id: written, kind, meta, data, ...others } = isObject(item) ? item : dataObject();
    if (typeof written !== 'string') return this.#tell(where, "has no 'id'", "write 'id: app:limits'");
    if (!isEntryId(written)) return this.#tell(where, `'${written}' is no id`, "write 'namespace:name'");
    const id = parseEntryId(written);
    const before = this.#before(id);
    const named = `${where} ('${id}')`;
    if (list === 'create' && before !== undefined)
      return this.#tell(named, 'is there already', "name it in 'update' or 'put'");
    if (list === 'update' && before === undefined)
      return this.#tell(named, 'is not there', "name it in 'create' or 'put'");
    const kept = list === 'update' ? before : undefined;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined)
      return this.#tell(named, `has an unknown key '${unknown}'`, "fields stand below 'data'");
    const kindText = kind ?? kept?.kind;
    if (typeof kindText !== 'string')
      return this.#tell(named, "has no 'kind'", "write 'kind: registry.entry', or another");
    const parts = { meta: meta ?? kept?.meta ?? dataObject(), data: data ?? kept?.data ?? dataObject() };
    for (const [name, part] of Object.entries(parts))
      if (!isObject(part)) return this.#tell(named, `'${name}' is no mapping`);
    return { id, kind: kindText, meta: parts.meta as DataObject, data: parts.data as DataObject };
  }

  #tell(where: string, what: string, fix?: string): undefined {
    this.problems.push({
      severity: 'error',
      place: { file: this.#file, line: 0, column: 0 },
      message: `${where} ${what}`,
      ...(fix === undefined ? {} : { fix }),
    });
  }
}

const isObject = (data: unknown): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat);
