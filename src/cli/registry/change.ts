// `moontide registry apply|rollback`: changes by hand, each one version.
import { dataObject } from '../../core/data.js';
import { chooseEngine, engineNamed } from '../../lua/engines.js';
import type { ApplyResult } from '../../registry/apply-request.js';
import { RegistryEditor } from '../../registry/editor.js';
import { resolveAppName } from '../../registry/load/config.js';
import type { RegistryView } from '../../registry/model/registry.js';
import type { Registry } from '../../registry/service.js';
import { RegistryConflictError } from '../../registry/store/registry-store.js';
import { userOfHost } from '../../runtime/user-of-host.js';
import type { WorkerPlan } from '../../services/temporal/worker-plan.js';
import type { Globals } from '../globals.js';
import { makeEnvironment } from '../app-environment.js';
import { jsonText, say } from '../output.js';
import { loadVocabulary } from '../prepare-app.js';
import { planOf, settingsOf } from '../temporal-parts.js';
import { workersListener } from '../workers-listener.js';
import { changesOf, readChanges } from './change-file.js';
import { commandLogger, withRegistry } from './open.js';
import type { RegistryPlaceOfApp } from './open.js';
import { changeDocument, changeLines, colored, versionDocument } from './readable.js';

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
    const { base } = wishes;
    const { number } = registry.current.version;
    if (base !== undefined && base !== number) throw new RegistryConflictError(base, number);
    const changes = changesOf(document, registry.current, file);
    if (wishes.dryRun === true) {
      editor.rehearse(changes);
      if (globals.json) say(jsonText(dataObject({ ok: true, changes: changes.length }), false));
      else {
        const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
        say(`${count} can be applied to version ${number}`);
      }
      return 0;
    }
    const { comment: fromFile } = document;
    const comment = wishes.comment ?? (typeof fromFile === 'string' ? fromFile : undefined);
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
