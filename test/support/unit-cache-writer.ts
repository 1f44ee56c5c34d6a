// Keeps and finds the same units again and again: `unit-cache-writer.ts FOLDER`. Says `done`, or what it found wrong.
import { UnitCache } from '../../src/lua/compiled/unit-cache-host.js';

const [folder = ''] = process.argv.slice(2);
for (let round = 0; round < 150; round++) {
  const source = `return ${round % 5}`;
  const text = `text of ${source}`.repeat(2000);
  const cache = new UnitCache({ folder });
  cache.keep({ chunk: 'a.lua', source, text, map: { lines: [], operands: [], functions: [] }, sites: [] });
  const found = cache.find('a.lua', source);
  if (found?.text !== text) process.stdout.write(`round ${round}: found ${found?.text.slice(0, 20)}\n`);
}
process.stdout.write('done\n');
