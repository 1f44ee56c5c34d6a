// `node scripts/record-histories.js`: records the histories of this release into test/replay/histories/<version>, which every
// later release replays (test/replay/golden.test.ts, system.test.ts). Run it before a release, and only for changes of what histories may hold.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    'test/replay/golden.test.ts',
    'test/replay/system.test.ts',
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, MOONTIDE_RECORD_HISTORIES: '1' } },
);
process.exit(run.status ?? 1);
