// `moontide registry verify|prune`: whether what is stored is what it was, and what need not be stored any more.
// K1: a program stays while an open run, or a closed run that Temporal still has, names it (search attribute MoontideProgram);
//     who cannot ask Temporal removes no program. All connections of the newest version are asked, those that the folder does
//     not have too.
import { dataObject } from '../../core/data.js';
import { parseDurationMs } from '../../core/durations.js';
import { toBytes } from '../../core/text.js';
import { resolveAppName } from '../../registry/load/config.js';
import { loadView } from '../../registry/views.js';
import { verifyStore } from '../../registry/verify.js';
import type { PruneResult, RegistryStore } from '../../registry/store/registry-store.js';
import { connectTo } from '../connect-app.js';
import type { Globals } from '../globals.js';
import { jsonText, say, tell } from '../output.js';
import { UsageError } from '../usage-error.js';
import { openStoreOf, type RegistryPlaceOfApp } from './open.js';

export async function verifyRegistry(globals: Globals): Promise<number> {
  const { store } = await openStoreOf(globals);
  await using _closing = store;
  const { ok, versions, entries, programs, files, oldest, problems } = await verifyStore(store);
  if (globals.json)
    say(
      jsonText(
        dataObject({ ok, versions, entries, programs, files, oldest, problems: problems.map(toBytes) }),
        false,
      ),
    );
  else {
    for (const problem of problems) tell(problem);
    const walked = `${versions} versions${oldest > 1 ? ` down to ${oldest}` : ''}, ${entries} entries, ${programs} programs${files === 0 ? '' : `, ${files} files`}`;
    say(
      ok
        ? `all is as its hashes say: ${walked}`
        : `${problems.length} problems in ${walked}; restore the registry from a backup`,
    );
  }
  return ok ? 0 : 1;
}

export interface PruneWishes {
  /** Default 30d. */
  readonly keep?: string;
  readonly temporal: boolean;
}

export async function pruneRegistry(
  globals: Globals,
  { keep = '30d', temporal }: PruneWishes,
): Promise<number> {
  const keepMs = keepTime(keep);
  const place = await openStoreOf(globals);
  const { store } = place;
  await using _closing = store;
  const before = await firstKept(store, Date.now() - keepMs);
  const programs = (await store.programs()).map(({ hash }) => hash);
  const keepPrograms = new Set(temporal ? await programsInUse(globals, place, programs) : programs);
  const result = await store.prune({ before, keepPrograms });
  sayPruned(globals, result, keepPrograms.size);
  return 0;
}

function sayPruned({ json }: Globals, { versions, programs, files }: PruneResult, kept: number): void {
  if (json) say(jsonText(dataObject({ versions, programs, files, programs_in_use: kept }), false));
  else
    say(`dropped ${versions} versions, ${programs} programs and ${files} files; runs need ${kept} programs`);
}

const DAY_MS = 86_400_000;

/** `30d`, or a duration of Go's syntax. */
function keepTime(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days !== undefined) return Number(days) * DAY_MS;
  try {
    return parseDurationMs(text);
  } catch (cause) {
    throw new UsageError(`--keep is a time such as 30d or 12h, got '${text}'`, { cause });
  }
}

const PAGE = 500;

/** Number of the oldest version that is younger than `sinceMs`; of the newest when all are older. */
async function firstKept(store: RegistryStore, sinceMs: number): Promise<number> {
  let first = (await store.head())?.number ?? 0;
  for (let before: number | undefined; ;) {
    const page = await store.versions({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    for (const { number, time } of page) {
      if (Date.parse(time) < sinceMs) return first;
      first = number;
    }
    before = page.at(-1)?.number;
    if (page.length < PAGE || before === undefined) return first;
  }
}

/** Those of the programs that runs name (K1). */
async function programsInUse(
  globals: Globals,
  { appFolder, config, store }: RegistryPlaceOfApp,
  programs: readonly string[],
): Promise<string[]> {
  const { countProgramRuns } = await import('../../services/temporal/program-runs.js');
  const entries = loadView(await store.snapshot()).all();
  const named = resolveAppName(config, appFolder);
  await using connected = connectTo(globals, { ...named, folder: appFolder, config, entries });
  const { temporal } = connected;
  const clients = entries.filter(({ kind }) => kind === 'temporal.client').map(({ id }) => id);
  const used = new Set<string>();
  for (const entry of [undefined, ...clients]) {
    if (entry !== undefined && temporal.isOwn(entry)) continue;
    const connection = await temporal.connection(entry);
    const counted = await countProgramRuns(connection, programs);
    if (counted === undefined) {
      tell(
        `'${connection.namespace}' on ${connection.address} does not have the search attribute MoontideProgram; all programs stay`,
      );
      return [...programs];
    }
    for (const hash of counted) used.add(hash);
  }
  return [...used];
}
