// Runs a whole test file with `moontide lua`, as its users would: nothing is emulated.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChunkRunner } from './run-file.js';

/** Assertions are counted by a stand-in for `assert`, without which a file is run the other time. */
const DRIVER = `local path, name, counting = ...
_U, _port, _soft, _nomsg = true, true, true, true
local file = assert(io.open(path, 'rb'))
local text = file:read('a')
file:close()
local run, plain = 0, assert
if counting == 'yes' then
  function assert(...)
    run = run + 1
    if ... then return ... end
    error((select(2, ...)) or 'assertion failed!', 2)
  end
end
local ok, message = xpcall(plain(load(text, '@' .. name)), function(raised)
  return tostring(raised) .. '\\n' .. debug.traceback()
end)
print('##\\t' .. tostring(ok) .. '\\t' .. run .. '\\t' .. tostring(message))`;

/** `command` starts the command line of Moontide. */
export const runStandalone =
  (command: string): ChunkRunner =>
  (name, source, counting) => {
    const folder = mkdtempSync(join(tmpdir(), 'moontide-lua-'));
    try {
      const path = join(folder, name);
      const driver = join(folder, 'driver.lua');
      writeFileSync(path, source, 'latin1');
      writeFileSync(driver, DRIVER);
      const run = spawnSync(process.execPath, [command, 'lua', driver, path, name, counting ? 'yes' : 'no'], {
        encoding: 'latin1',
        timeout: 300_000,
        maxBuffer: 1 << 28,
        cwd: folder,
      });
      return `${run.stdout}${run.stderr}`.split('\n').filter((line) => line !== '');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
