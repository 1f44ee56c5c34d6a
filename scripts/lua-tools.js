// Compiles the judges of the Lua engine (test/lua-official, test/lua-fuzz) and what they import, so that they run in
// plain Node. Gives the folder with the JavaScript; their Lua and JSON files are copied beside it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'node_modules/.cache/moontide-lua-tools');
const FOLDERS = ['test/lua-official', 'test/lua-fuzz', 'src/core'];

export function buildLuaTools() {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
  // The incremental state without its output would leave the folder empty.
  if (!existsSync(join(target, 'test'))) rmSync(join(target, '.tsbuildinfo'), { force: true });
  const tsc = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      join(root, 'test/lua-official/tsconfig.tools.json'),
    ],
    { cwd: root, encoding: 'utf8' },
  );
  if (tsc.status !== 0) {
    process.stderr.write(`${tsc.stdout}${tsc.stderr}`);
    process.exit(2);
  }
  for (const folder of FOLDERS)
    for (const file of readdirSync(join(root, folder)))
      if (/[.](lua|json|cjs)$/.test(file)) copyFileSync(join(root, folder, file), join(target, folder, file));
  return target;
}
