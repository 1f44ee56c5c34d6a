// `moontide registry apply|rollback`: changes by hand, each one version.
import { readFileSync } from 'node:fs';
import { type Data, dataObject, type DataObject, LuaFloat } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { bytesDataToText } from '../../core/text.js';
import { parseYaml } from '../../core/yaml.js';
import { chooseEngine, engineNamed } from '../../lua/engines.js';
import type { ApplyResult, RequestedChange } from '../../registry/apply-request.js';
import { RegistryEditor } from '../../registry/editor.js';
import { sameEntry } from '../../registry/model/changes.js';
import type { Entry } from '../../registry/model/entry.js';
import { parseEntryId } from '../../registry/model/ids.js';
import { resolveAppName } from '../../registry/load/config.js';
import type { RegistryView } from '../../registry/model/registry.js';
import type { StateView } from '../../registry/registry-view.js';
import type { Registry } from '../../registry/service.js';
import { userOfHost } from '../../runtime/user-of-host.js';
import type { WorkerPlan } from '../../services/temporal/worker-plan.js';
import type { Globals } from '../globals.js';
import { makeEnvironment } from '../node-parts.js';
import { jsonText, say } from '../output.js';
import { loadVocabulary } from '../prepare-app.js';
import { planOf, settingsOf } from '../temporal-parts.js';
import { workersListener } from '../workers-listener.js';
import { commandLogger, withRegistry } from './open.js';
import type { RegistryPlaceOfApp } from './open.js';
import { changeDocument, changeLines, colored, versionDocument } from './readable.js';

/** A file of changes that cannot be read. */
class ChangeFileError extends PlatformError {
  override readonly name = 'ChangeFileError';
  readonly code = 'REGISTRY_CHANGE_FILE';
  override readonly kind = 'Invalid';
  override readonly exitCode: ExitCode = 2;
}

export interface ApplyWishes {
  readonly comment?: string;
  readonly base: number | undefined;
  readonly dryRun?: boolean;
}

const note = (comment: string | undefined) => ({
  author: userOfHost(),
  via: 'cli',
  ...(comment === undefined ? {} : { comment }),
});

export function rollBack(globals: Globals, number: number, comment: string | undefined): Promise<number> {
  return withRegistry(globals, async (registry, place) => {
    const editor = await editorOf(globals, registry, place);
    const result = await editor.rollback(number, note(comment));
    return sayResult(globals, result, `the registry holds what version ${number} held already`);
  });
}

export function applyFile(globals: Globals, file: string, wishes: ApplyWishes): Promise<number> {
  const document = readChanges(file);
  return withRegistry(globals, async (registry, place) => {
    const editor = await editorOf(globals, registry, place);
    const changes = changesOf(document, registry.current, file);
    if (wishes.dryRun === true) {
      const warnings = editor.rehearse(changes);
      if (globals.json) say(jsonText(dataObject({ ok: true, changes: changes.length }), false));
      else say(`${changes.length} changes can be applied to version ${registry.current.version.number}`);
      return warnings.length >= 0 ? 0 : 1;
    }
    const { comment: fromFile } = document;
    const comment = wishes.comment ?? (typeof fromFile === 'string' ? fromFile : undefined);
    const { base } = wishes;
    const result = await editor.apply({ ...note(comment), changes, ...(base === undefined ? {} : { base }) });
    return sayResult(globals, result, 'nothing is different; there is no new version');
  });
}

async function editorOf(
  globals: Globals,
  registry: Registry,
  { appFolder, config }: RegistryPlaceOfApp,
): Promise<RegistryEditor> {
  const { kinds, moduleNames } = await loadVocabulary(appFolder, config);
  registry.listen(workersListener({ plan: (next) => planFor(globals, { appFolder, config }, next) }));
  const engine = engineNamed(chooseEngine(config.lua.engine));
  return new RegistryEditor({
    registry,
    log: commandLogger(globals),
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    modules: moduleNames,
    compile: (program) => {
      const result = engine.compile(program);
      return result.ok ? [] : result.diagnostics;
    },
  });
}

/** The workers that a node with this environment would run. Throws AppErrors. */
function planFor(
  globals: Globals,
  { appFolder: folder, config }: Pick<RegistryPlaceOfApp, 'appFolder' | 'config'>,
  view: RegistryView,
): WorkerPlan {
  const app = { folder, config, entries: [...view.all()] };
  const environment = process.env;
  const variables = makeEnvironment(
    app,
    environment,
    () => undefined,
    () => undefined,
  );
  const wishes = { ...globals, environment, lookup: (name: string) => variables.value(name) };
  return planOf(resolveAppName(config, folder).name, app.entries, settingsOf(app, wishes), wishes);
}

function sayResult(globals: Globals, { version, changes }: ApplyResult, same: string): number {
  if (globals.json) {
    say(jsonText(dataObject({ ...versionDocument(version), changes: changes.map(changeDocument) }), false));
    return 0;
  }
  if (changes.length === 0) {
    say(same);
    return 0;
  }
  say(`version ${version.number}: ${version.comment}`);
  const names = { before: `v${version.parent ?? 0}`, after: `v${version.number}` };
  for (const change of changes) {
    say('');
    for (const line of changeLines(change, names)) say(colored(line));
  }
  return 0;
}

/** Strings as text. */
function readChanges(file: string): DataObject {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new ChangeFileError(`cannot read '${file}': ${(cause as Error).message}`, { cause });
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

const SHAPE = "write 'create:', 'update:', 'put:' with lists of entries, and 'delete:' with a list of ids";
const KEYS = new Set(['create', 'update', 'put', 'delete', 'comment', 'version', 'hash']);

function changesOf(document: DataObject, view: StateView, file: string): RequestedChange[] {
  const listOf = (key: string): readonly Data[] => {
    const list = document[key] ?? [];
    if (!Array.isArray(list)) throw new ChangeFileError(`'${key}' of '${file}' is no list; ${SHAPE}`);
    return list;
  };
  const changes: RequestedChange[] = [
    ...listOf('create').map((item, index): RequestedChange => ({
      op: 'create',
      entry: entryOf(item, `create[${index}]`, file),
    })),
    ...listOf('update').map((item, index): RequestedChange => ({
      op: 'update',
      entry: entryOf(item, `update[${index}]`, file, view),
    })),
    ...listOf('put').flatMap((item, index): RequestedChange[] => {
      const entry = entryOf(item, `put[${index}]`, file);
      const before = view.get(entry.id);
      if (before === undefined) return [{ op: 'create', entry }];
      return sameEntry(before, entry) ? [] : [{ op: 'update', entry }];
    }),
    ...listOf('delete').map((item, index): RequestedChange => {
      if (typeof item !== 'string') throw new ChangeFileError(`delete[${index}] of '${file}' is no id`);
      return { op: 'delete', id: parseEntryId(item) };
    }),
  ];
  const touched = ['create', 'update', 'put', 'delete'].some((key) => listOf(key).length > 0);
  if (!touched) throw new ChangeFileError(`'${file}' holds no changes; ${SHAPE}`);
  return changes;
}

/** An entry as a definition file has it with its id, or as `get` prints it. For updates what is left out stays. */
function entryOf(item: Data, where: string, file: string, view?: StateView): Entry {
  const { id: written, kind, meta, data } = isObject(item) ? item : dataObject();
  if (typeof written !== 'string')
    throw new ChangeFileError(`${where} of '${file}' has no 'id', as in 'id: app:limits'`);
  const id = parseEntryId(written);
  const before = view?.get(id);
  const kindText = kind ?? before?.kind;
  if (typeof kindText !== 'string')
    throw new ChangeFileError(`${where} of '${file}' ('${id}') has no 'kind', as in 'kind: registry.entry'`);
  for (const key of Object.keys(item as DataObject))
    if (!['id', 'kind', 'meta', 'data'].includes(key))
      throw new ChangeFileError(
        `${where} of '${file}' ('${id}') has an unknown key '${key}'; fields stand below 'data'`,
      );
  const mapping = (value: Data | undefined, kept: Readonly<DataObject> | undefined, what: string) => {
    if (value === undefined || value === null) return kept ?? dataObject();
    if (isObject(value)) return value;
    throw new ChangeFileError(`'${what}' of ${where} of '${file}' ('${id}') is no mapping`);
  };
  return {
    id,
    kind: kindText,
    meta: mapping(meta, before?.meta, 'meta'),
    data: mapping(data, before?.data, 'data'),
  };
}

const isObject = (data: Data | undefined): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat);
