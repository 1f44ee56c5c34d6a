#!/usr/bin/env node
// The `moontide` command. In a source checkout it builds first when the build is missing or older than the sources;
// an installed package brings its build along and never builds.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist/src/cli/main.js');

if (existsSync(join(root, 'tsconfig.build.json')) && process.env.MOONTIDE_SKIP_BUILD !== '1') {
  const { buildIfStale } = await import('../scripts/build-if-stale.js');
  const status = buildIfStale(root);
  if (status !== 0) process.exit(status);
}
if (!existsSync(main)) {
  process.stderr.write(`moontide: '${main}' is missing; run \`npm run build\`\n`);
  process.exit(1);
}
// Saves a quarter of the time of a short command; Node 20 does not have it. Not in the shared temporary folder, Node's own
// choice: who can write there could bring code.
const cache =
  process.env.MOONTIDE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'moontide');
module.enableCompileCache?.(join(cache, 'node'));
const { exitWith, main: run } = await import(pathToFileURL(main).href);
exitWith(await run(process.argv.slice(2)));
