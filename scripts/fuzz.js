// `npm run fuzz -- lua [--count N] [--seed N] [--most N]`: random inputs until something breaks; says how to get it again.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildLuaTools } from './lua-tools.js';

const [what, ...rest] = process.argv.slice(2);
if (what !== 'lua') {
  process.stderr.write(`${what === undefined ? 'say what to fuzz' : `no fuzzer '${what}'`}: lua\n`);
  process.exit(2);
}
const { main } = await import(pathToFileURL(join(buildLuaTools(), 'test/lua-fuzz/main.js')).href);
process.exit(main(rest));
