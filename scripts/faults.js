// `npm run test:faults [-- --seed N] [files]`: the whole of the fault tests: what is killed, cut or filled up, and when, follows from the seed.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true });
const seed = values.seed ?? String(Date.now() % 1_000_000);
if (!/^\d+$/.test(seed)) {
  process.stderr.write(`--seed must be a whole number, got '${seed}'\n`);
  process.exit(2);
}
process.stdout.write(`seed ${seed}; the same again: npm run test:faults -- --seed ${seed}\n`);
const files = positionals.length === 0 ? ['test/faults'] : positionals;
const run = spawnSync(process.execPath, [join(root, 'scripts/test.js'), ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, MOONTIDE_FAULTS: 'whole', MOONTIDE_FAULTS_SEED: seed },
});
process.stdout.write(`seed ${seed}\n`);
process.exit(run.status ?? 1);
