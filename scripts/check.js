// `npm run check`: format, lint, imports, types twice (all, sealed), the sealed bundle, unused code, the package.
// Every step runs even when an earlier one failed, so that one run tells everything.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const steps = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['lint', 'eslint', '--max-warnings', '0', '.'],
  [
    'imports',
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    'src',
    'workflows',
    'activities',
    'bench',
    'test',
  ],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['sealed types', 'tsc', '-p', 'tsconfig.sealed.json'],
  ['build with declarations and sealed bundle', process.execPath, 'scripts/build.js', '--types'],
  ['documented names', process.execPath, 'scripts/documented.js', 'compare'],
  ['module pages', process.execPath, 'scripts/module-pages.js', '--check'],
  ["Temporal's exports", process.execPath, 'scripts/temporal-page.js', '--check'],
  ['unused code', 'knip'],
  ['package', 'publint', '--strict'],
];
const wanted = process.argv.slice(2);
const failed = [];
for (const [name, command, ...args] of steps) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const started = performance.now();
  const path = command === process.execPath ? command : `node_modules/.bin/${command}`;
  const run = spawnSync(path, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  const ok = run.status === 0;
  process.stdout.write(
    `${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`,
  );
  if (!ok) {
    failed.push(name);
    process.stdout.write(`${run.error ? run.error.message : ''}${run.stdout ?? ''}${run.stderr ?? ''}\n`);
  }
}
if (failed.length > 0) {
  process.stdout.write(`check failed: ${failed.join(', ')}\n`);
  process.exit(1);
}
