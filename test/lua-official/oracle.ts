// Runs a test file under Debian's lua5.3, in the same environment: shows that what is left out is enough.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DRIVER = `local prelude, name, path, counting = ...
local file = assert(io.open(path, 'rb'))
local text = file:read('a')
file:close()
assert(loadfile(prelude))(name, text, counting)`;

/** The lines that the file prints. */
export function runWithOracle(name: string, source: string, counting: boolean): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'moontide-lua-'));
  try {
    const path = join(folder, name);
    const driver = join(folder, 'driver.lua');
    writeFileSync(path, source, 'latin1');
    writeFileSync(driver, DRIVER);
    const prelude = fileURLToPath(new URL('prelude.lua', import.meta.url));
    const run = spawnSync('lua5.3', [driver, prelude, name, path, counting ? 'yes' : 'no'], {
      encoding: 'latin1',
      timeout: 120_000,
      maxBuffer: 1 << 28,
    });
    return `${run.stdout}${run.stderr}`.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
