// `npm test`: builds once, then runs every suite. Arguments go to vitest (`npm test -- test/unit`).
// The last line is `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = spawnSync(process.execPath, [join(root, 'scripts/build.js')], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) {
  process.stdout.write('the build failed\n0 passed, 1 failed\n');
  process.exit(1);
}
const report = join(mkdtempSync(join(tmpdir(), 'moontide-test-')), 'report.json');
const run = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
let counts;
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  process.stdout.write('vitest ended without a report\n0 passed, 1 failed\n');
  process.exit(1);
}
// A file that cannot be loaded counts as a failure of its own: vitest reports it as a suite without tests.
const brokenFiles = counts.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
const failed = counts.numFailedTests + brokenFiles;
process.stdout.write(
  `${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests + counts.numTodoTests} skipped\n`,
);
process.exit(run.status === 0 && failed === 0 ? 0 : 1);
