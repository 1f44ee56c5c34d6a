#!/usr/bin/env node
// The `moontide` command. In a source checkout it builds first when the build is missing or older than the sources;
// an installed package brings its build along and never builds.
import { existsSync } from 'node:fs';
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
const { exitWith, main: run } = await import(pathToFileURL(main).href);
exitWith(await run(process.argv.slice(2)));
