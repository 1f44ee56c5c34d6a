// `npm run bench -- NAME [--json]`: runs bench/NAME.ts from the build. Without a name it lists them.
import { existsSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'dist/bench');
const [name, ...rest] = process.argv.slice(2).filter((word) => word !== '--json');
const json = process.argv.includes('--json');

const build = spawnSync(process.execPath, [join(root, 'scripts/build.js')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(1);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3));
if (name === undefined || !existsSync(join(folder, `${name}.js`))) {
  process.stderr.write(
    `${name === undefined ? 'say which benchmark' : `no benchmark '${name}'`}: ${names.join(', ')}\n`,
  );
  process.exit(2);
}
const { bench } = await import(pathToFileURL(join(folder, `${name}.js`)).href);
const result = await bench({ json, args: rest });
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  process.stdout.write(`\n${result.bench} on ${result.machine}\n`);
  const width = Math.max(...Object.keys(result.figures).map((key) => key.length));
  for (const [key, value] of Object.entries(result.figures)) {
    const target = result.targets[key];
    process.stdout.write(
      `  ${key.padEnd(width)}  ${value}${target === undefined ? '' : `  (target ${target})`}\n`,
    );
  }
  process.stdout.write(`targets ${result.met ? 'met' : 'NOT met'}\n`);
}
process.exit(0);
