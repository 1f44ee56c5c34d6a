// Compiled units and V8's code of them in a folder.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { UnitCache } from '../../src/lua/compiled/unit-cache-host.js';
import { setUnitSupport } from '../../src/lua/compiled/unit-support.js';
import { Child } from '../support/child.js';
import { openLua, programOf } from '../support/instance.js';

const folderOf = (): string =>
  join(mkdtempSync(join(process.env['MOONTIDE_TEST_RUN'] ?? tmpdir(), 'units-')), 'lua');
let salt = 0;
/** A source that no test has used. */
const source = (): string => `local n = ... local t = { a = n, salt = ${++salt} } return t.a * 2, t.salt`;

/** Runs a source as a process would whose cache this is, from its start to its end. */
function run(folder: string, text: string, maxFiles = 2000): unknown {
  const cache = new UnitCache({ folder, maxFiles });
  setUnitSupport(cache);
  const session = openLua(text, { engine: compiledEngine, args: [21] });
  cache.flush();
  return session.values;
}

const files = (folder: string, end: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(end))
    .map((name) => join(folder, name));

afterEach(() => setUnitSupport(undefined));

describe('a cache of units', () => {
  it('keeps a unit and its code, and uses both again', () => {
    const folder = folderOf();
    const text = source();
    expect(run(folder, text)).toEqual([42, salt]);
    expect([files(folder, '.unit').length, files(folder, '.v8').length]).toEqual([1, 1]);
    const times = (): number[] => readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs);
    const before = times();
    // Another process has loaded nothing of it yet; here the engine keeps what it has loaded, so the cache is asked.
    const unit = Object.values(programOf(text).units)[0]!;
    const kept = new UnitCache({ folder }).find(unit.chunk, unit.source);
    expect(kept?.source).toBe(unit.source);
    const fromCache = compiledEngine.compile(programOf(text));
    setUnitSupport(undefined);
    expect(fromCache).toEqual(compiledEngine.compile(programOf(text)));
    expect(times()).toEqual(before);
  });

  it('takes a broken, cut or empty file for missing and replaces it', () => {
    const folder = folderOf();
    const text = source();
    run(folder, text);
    const unit = Object.values(programOf(text).units)[0]!;
    const [path = ''] = files(folder, '.unit');
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    for (const content of [flipped, whole.subarray(0, -5), whole.subarray(0, 10), Buffer.alloc(0)]) {
      writeFileSync(path, content);
      expect(new UnitCache({ folder }).find(unit.chunk, unit.source)).toBeUndefined();
      expect(run(folder, text)).toEqual([42, salt]);
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
  });

  it('never gives V8 code that is broken or of another script', () => {
    const folder = folderOf();
    const [one, other] = [source(), source()];
    run(folder, one);
    const [code = ''] = files(folder, '.v8');
    run(folder, other);
    const [second = ''] = files(folder, '.v8').filter((path) => path !== code);
    writeFileSync(code, readFileSync(second));
    const made = new UnitCache({ folder }).makeFunction({
      parameters: ['a'],
      body: 'return a+1',
      url: 'lua-0000000000000000',
      chunk: 'a.lua',
      source: '',
      map: { lines: [], operands: [], functions: [] },
    });
    expect(made.run(1)).toBe(2);
    writeFileSync(code, Buffer.concat([readFileSync(code).subarray(0, 40), Buffer.alloc(500, 7)]));
    expect(run(folder, one)).toEqual([42, salt - 1]);
  });

  it('does without a folder that cannot be made or written', () => {
    const file = join(mkdtempSync(join(process.env['MOONTIDE_TEST_RUN'] ?? tmpdir(), 'units-')), 'file');
    writeFileSync(file, '');
    expect(run(join(file, 'lua'), source())).toEqual([42, salt]);
    const folder = folderOf();
    const text = source();
    const unit = Object.values(programOf(text).units)[0]!;
    run(folder, text);
    const [path = ''] = files(folder, '.unit');
    const elsewhere = folderOf();
    mkdirSync(join(elsewhere, path.slice(folder.length + 1)), { recursive: true }); // a folder where the file would be
    expect(new UnitCache({ folder: elsewhere }).find(unit.chunk, unit.source)).toBeUndefined();
    expect(run(elsewhere, text)).toEqual([42, salt]);
  });

  it('drops the oldest files where there are too many', () => {
    const folder = folderOf();
    for (let count = 0; count < 12; count++) run(folder, source(), 8);
    expect(readdirSync(folder).length).toBeLessThanOrEqual(10);
  });

  it('is shared by processes that write at once', { timeout: 60_000 }, async () => {
    const folder = folderOf();
    const writer = new URL('../support/unit-cache-writer.ts', import.meta.url);
    const children = Array.from({ length: 3 }, () => new Child(writer, [folder]));
    expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0]);
    for (const child of children) expect(child.lines).toEqual(['done']);
    expect(files(folder, '.tmp')).toEqual([]);
  });
});
