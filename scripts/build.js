// Builds dist/: TypeScript, the files that are not TypeScript, and the workflow bundle.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

function copyTree(from, wanted) {
  for (const item of readdirSync(join(root, from), { withFileTypes: true })) {
    const path = join(from, item.name);
    if (item.isDirectory()) copyTree(path, wanted);
    else if (wanted.test(item.name)) {
      mkdirSync(dirname(join(dist, path)), { recursive: true });
      cpSync(join(root, path), join(dist, path));
    }
  }
}

async function timed(label, work) {
  const started = performance.now();
  process.stderr.write(`${label} ...`);
  await work();
  process.stderr.write(` ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

if (process.argv.includes('--clean')) rmSync(dist, { recursive: true, force: true });
// The incremental state without its output would leave dist/ empty.
if (!existsSync(join(dist, 'src'))) rmSync(join(dist, '.tsbuildinfo'), { force: true });

await timed('compiling TypeScript', async () => {
  const tsc = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (tsc.status !== 0) {
    process.stderr.write(`\n${tsc.stdout}${tsc.stderr}`);
    process.exit(1);
  }
  copyTree('src', /[.]sql$/);
});
await timed('bundling workflows', async () => {
  const { buildWorkflowBundle } = await import(pathToFileURL(join(dist, 'src/temporal/bundle.js')).href);
  await buildWorkflowBundle(join(dist, 'workflow-bundle.js'));
});
