// `npm run test:lua-official`: the official Lua 5.3 test suite on our engine. Names of files run only these;
// `--oracle` runs them on lua5.3 instead, with the same parts left out.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildLuaTools } from './lua-tools.js';

const folder = join(buildLuaTools(), 'test/lua-official');
const load = (file) => import(pathToFileURL(join(folder, file)).href);
const { main } = await load('main.js');
const { runWithEngine } = await load('engine-runner.js');
process.exit(main(process.argv.slice(2), runWithEngine));
