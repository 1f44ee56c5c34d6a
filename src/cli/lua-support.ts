// How this process compiles Lua: so that a debugger sees it when one is asked for, else with what earlier processes kept.
import { join } from 'node:path';
import { collectWhereMuchIsTaken } from '../lua/compiled/collection-host.js';
import { debuggingSupport, isDebugged } from '../lua/compiled/debugging-host.js';
import { UnitCache } from '../lua/compiled/unit-cache-host.js';
import { setUnitSupport } from '../lua/compiled/unit-support.js';
import { userCacheFolder } from '../temporal/binary.js';

let isDone = false;

/** Once per process, before anything is compiled. */
export function prepareLua(environment: Readonly<Record<string, string | undefined>>): void {
  if (isDone) return;
  isDone = true;
  collectWhereMuchIsTaken();
  if (isDebugged()) {
    setUnitSupport(debuggingSupport);
    return;
  }
  const cache = new UnitCache({ folder: join(userCacheFolder(environment), 'lua') });
  setUnitSupport(cache);
  process.once('exit', () => cache.flush());
}
