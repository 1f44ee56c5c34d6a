// A process that waits for a debugger and then runs some Lua: `debugged-lua.ts SOURCE`. Says `url ...`, then `printed ...`.
import { open, url, waitForDebugger } from 'node:inspector';
import { readFileSync } from 'node:fs';
import { debuggingSupport } from '../../src/lua/compiled/debugging-host.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { setUnitSupport } from '../../src/lua/compiled/unit-support.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import { standardGlobals, testHost } from './instance.js';

const [file = ''] = process.argv.slice(2);
setUnitSupport(debuggingSupport);
open(0, '127.0.0.1');
process.stdout.write(`url ${url()}\n`);
waitForDebugger();
const compiled = compiledEngine.compile({
  entry: 'orders:order',
  kind: 'function.lua',
  units: {
    'orders:order': {
      id: 'orders:order',
      chunk: 'orders/order.lua',
      source: readFileSync(file, 'latin1'),
      imports: {},
    },
  },
});
if (!compiled.ok) throw new Error('does not compile');
const printed: string[] = [];
const instance = createInstance(
  compiledEngine.load(compiled.artifact),
  testHost(printed, []),
  moduleLookup([], standardGlobals),
);
instance.start([3]);
process.stdout.write(`printed ${printed.join(' ')}\n`);
process.exit(0);
