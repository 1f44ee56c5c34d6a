// `npm run test:lua-official`: the official Lua 5.3 test suite on our engine. Names of files run only these;
// `--oracle` runs them on lua5.3 instead, with the same parts left out; `--standalone` runs them whole with `moontide lua`.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildIfStale } from './build-if-stale.js';
import { buildLuaTools } from './lua-tools.js';

const folder = join(buildLuaTools(), 'test/lua-official');
const load = (file) => import(pathToFileURL(join(folder, file)).href);
const { main } = await load('main.js');
const { runWithEngine } = await load('engine-runner.js');
const { runStandalone } = await load('standalone.js');
const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (process.argv.includes('--standalone')) buildIfStale(root);
process.exit(main(process.argv.slice(2), runWithEngine, runStandalone(join(root, 'bin/moontide.js'))));
