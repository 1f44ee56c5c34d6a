import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBuffer } from 'yauzl';
import type { Entry as ZipEntry, ZipFile } from 'yauzl';
import { crc32, toLittleEndian } from '../../src/modules/archive/format.js';
import { archiveSpec } from '../../src/modules/archive/spec.js';
import { compressHandlers } from '../../src/modules/compress/host.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const answers = nodeAnswers(compressHandlers);
const lua = (body: string, ...args: string[]) => evaluate(body, { modules: [archiveSpec], answers, args });
const latin1 = (buffer: Buffer) => buffer.toString('latin1');
const bytesOf = (value: unknown) => Buffer.from(String(value), 'latin1');
const FORMATS = ['zip', 'tar', 'tar.gz', 'tar.zst'] as const;

/** Names and data of a scan, of all entries. */
const scanned = `local out = {}
  for e, entry in assert(archive.scan(...)):walk() do
    local data, pieces = {}, 0
    if not e.is_dir then
      while true do
        local piece, err = entry:read(1000)
        if err then error(tostring(err)) end
        if piece == nil then break end
        data[#data + 1] = piece
      end
    end
    out[#out + 1] = { e.name, table.concat(data), e.type, e.mode, e.modified }
  end
  return out`;

interface Made {
  readonly name: string;
  readonly data: string;
  readonly stored?: string;
  readonly method?: number;
  readonly size?: number;
  readonly crc?: number;
  readonly flags?: number;
}

/** A zip by hand, with whatever it claims. */
function zipOf(files: readonly Made[], claims: { count?: number } = {}): string {
  let offset = 0;
  const [parts, directory]: [string[], string[]] = [[], []];
  for (const {
    name,
    data,
    stored = data,
    method = 0,
    size = data.length,
    crc = crc32(data),
    flags = 0,
  } of files) {
    const streamed = (flags & 8) !== 0;
    const common = (sizes: boolean) =>
      toLittleEndian(20, 2) +
      toLittleEndian(flags, 2) +
      toLittleEndian(method, 2) +
      toLittleEndian(0, 2) +
      toLittleEndian(33, 2) +
      toLittleEndian(sizes ? crc : 0, 4) +
      toLittleEndian(sizes ? stored.length : 0, 4) +
      toLittleEndian(sizes ? size : 0, 4) +
      toLittleEndian(name.length, 2) +
      toLittleEndian(0, 2);
    const descriptor = streamed
      ? `PK\x07\x08${toLittleEndian(crc, 4)}${toLittleEndian(stored.length, 4)}${toLittleEndian(size, 4)}`
      : '';
    const local = `PK\x03\x04${common(!streamed)}${name}${stored}${descriptor}`;
    directory.push(
      `PK\x01\x02\x14\0${common(true)}${toLittleEndian(0, 10)}${toLittleEndian(offset, 4)}${name}`,
    );
    parts.push(local);
    offset += local.length;
  }
  const { count = files.length } = claims;
  const written = directory.join('');
  return `${parts.join('')}${written}PK\x05\x06\0\0\0\0${toLittleEndian(count, 2)}${toLittleEndian(count, 2)}${toLittleEndian(written.length, 4)}${toLittleEndian(offset, 4)}\0\0`;
}
const problem = (call: string, ...args: string[]) =>
  lua(`local v, err = ${call} return v, err and err:kind(), err and err:message()`, ...args);

describe.each(FORMATS)('an archive of the format %s', (format) => {
  it('gives back what went into it', async () => {
    const file = fc.record({
      name: fc.stringMatching(/^[a-z0-9_ é]{1,12}(?:\/[a-z0-9_]{1,60}){0,3}$/),
      data: fc.uint8Array({ maxLength: 3000 }).map((array) => latin1(Buffer.from(array))),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, { selector: ({ name }) => name, maxLength: 6 }),
        async (files) => {
          const named = files.map(({ name, data }) => [latin1(Buffer.from(name)), data] as const);
          const adds = named.map(
            (_, at) => `w:add(a[${at * 2 + 1}], a[${at * 2 + 2}], { mode = 384, modified = 1718461846 })`,
          );
          const made = await lua(
            `local a = {...} local w = archive.create({ format = "${format}" }) ${adds.join(' ')} w:add_dir("d") return (w:close())`,
            ...named.flat(),
          );
          const [entries] = await lua(scanned, made[0] as string);
          expect(entries).toEqual([
            ...named.map(([name, data]) => [name, data, 'file', 0o600, 1_718_461_846]),
            ['d/', '', 'directory', 0o755, expect.any(Number)],
          ]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('is broken by cuts and changes without a fault of the host', async () => {
    const [made] = await lua(
      `local w = archive.create({ format = "${format}" }) w:add("a", ("hello "):rep(50)) w:add("b/c", "x") return (w:close())`,
    );
    const whole = made as string;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(whole.length),
        async (changes, cut) => {
          const bytes = [...whole];
          for (const [at, byte] of changes) bytes[at] = String.fromCharCode(byte);
          const [ok] = await lua(
            `local s, err = archive.scan(...) if err then return err:kind() end
            for e, entry in s:walk() do
              repeat local piece, why = entry:read() if why then return why:kind() end until piece == nil
            end
            return "Invalid"`,
            bytes.slice(0, cut).join(''),
          );
          expect(ok).toBe('Invalid');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a zip', () => {
  it('is read by others', async () => {
    const [zip] = await lua(
      'local w = archive.create() w:add("dir/\\u{e4}.txt", ("moon "):rep(1000), { mode = 493 }) w:add("s", "", { method = "store" }) w:add_dir("d") return (w:close())',
    );
    const open = promisify(
      fromBuffer as (data: Buffer, options: object, done: (e: Error | null, f: ZipFile) => void) => void,
    );
    const file = await open(bytesOf(zip), { lazyEntries: true });
    const found: [string, string, number][] = [];
    await new Promise<void>((resolve, reject) => {
      file.on('entry', (entry: ZipEntry) => {
        file.openReadStream(entry, (error, stream) => {
          if (error !== null) return reject(error);
          const pieces: Buffer[] = [];
          stream.on('data', (piece: Buffer) => pieces.push(piece));
          stream.on('end', () => {
            found.push([
              entry.fileName,
              Buffer.concat(pieces).toString(),
              (entry.externalFileAttributes >>> 16) & 0o7777,
            ]);
            file.readEntry();
          });
        });
      });
      file.on('end', () => resolve());
      file.on('error', reject);
      file.readEntry();
    });
    expect(found).toEqual([
      ['dir/ä.txt', 'moon '.repeat(1000), 0o755],
      ['s', '', 0o644],
      ['d/', '', 0o755],
    ]);
  });

  it('is read from others: streamed entries, comments, what stands before it', async () => {
    const data = 'streamed '.repeat(100);
    const stored = latin1(deflateRawSync(data));
    const zip = zipOf([
      { name: 'a', data, stored, method: 8, flags: 8 },
      { name: 'b', data: 'plain' },
    ]);
    expect(await lua('local r = archive.open(...) return r:read("a"), r:read("b")', zip)).toEqual([
      data,
      'plain',
    ]);
    const commented = `${zip.slice(0, -2)}${toLittleEndian(5, 2)}PK\x05\x06!`;
    expect(await lua('return (archive.open(...):read("b"))', commented)).toEqual(['plain']);
  });

  it.each([
    ['a wrong sum', zipOf([{ name: 'a', data: 'x', crc: 1 }]), "'a' is corrupt: its checksum is another"],
    [
      'more than it says',
      zipOf([{ name: 'a', data: 'x'.repeat(9), stored: latin1(deflateRawSync('x'.repeat(1e6))), method: 8 }]),
      'decompressed size exceeds 9 bytes',
    ],
    [
      'less than it says',
      zipOf([{ name: 'a', data: 'xy', size: 1000 }]),
      "'a' has another size than the archive says",
    ],
    [
      'a method nobody has',
      zipOf([{ name: 'a', data: 'x', method: 99 }]),
      "'a' is compressed by method 99; store and deflate are read",
    ],
    ['a password', zipOf([{ name: 'a', data: 'x', flags: 1 }]), "'a' is encrypted, which is not read"],
    [
      'a size beyond the limit',
      zipOf([{ name: 'a', data: 'x', size: 0xfffffff0 }]),
      "'a' has 4294967280 bytes, more than max_inline_bytes (16777216); use stream()",
    ],
    ['a directory', zipOf([{ name: 'a', data: '' }]).replaceAll('a', '/'), "'/' is a directory"],
  ])('with %s is told', async (_what, zip, message) => {
    const name = zip.includes('a') ? 'a' : '/';
    expect(await problem(`archive.open(...):read("${name}")`, zip)).toEqual(['<nil>', 'Invalid', message]);
  });

  it('bombs stop at the limits', async () => {
    const bomb = (count: number) =>
      zipOf(
        Array.from({ length: count }, (_, at) => ({
          name: String(at),
          data: 'x'.repeat(1000),
          stored: latin1(deflateRawSync('x'.repeat(1000))),
          method: 8,
        })),
      );
    expect(await problem('archive.open(..., { max_entries = 10 })', bomb(11))).toEqual([
      '<nil>',
      'Invalid',
      'the archive has 11 entries, more than max_entries (10)',
    ]);
    expect(
      await problem(
        '(function(data) local r = archive.open(data, { max_total_bytes = 2500 }) r:read("0") r:read("1") return r:read("2") end)(...)',
        bomb(3),
      ),
    ).toEqual(['<nil>', 'Invalid', 'the entries together are larger than max_total_bytes (2500)']);
    expect(await problem('archive.open(..., { max_file_bytes = 999 }):stream("0"):read()', bomb(1))).toEqual([
      '<nil>',
      'Invalid',
      "'0' has 1000 bytes, more than max_file_bytes (999)",
    ]);
    expect(await problem('archive.open(...)', zipOf([], { count: 65_000 }))).toEqual([
      '<nil>',
      'Invalid',
      'the directory of the zip breaks off at entry 1',
    ]);
  });
});

describe('a tar', () => {
  it('is read by tar, and tar is read, with long names, links and directories', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'moontide-tar-'));
    try {
      const long = `${'deep/'.repeat(30)}file.txt`;
      mkdirSync(join(folder, 'in', 'deep/'.repeat(30)), { recursive: true });
      writeFileSync(join(folder, 'in', long), 'long name');
      writeFileSync(join(folder, 'in', 'short'), 'short name', { mode: 0o640 });
      for (const format of ['gnu', 'pax', 'ustar']) {
        const tar = execFileSync(
          'tar',
          ['-C', join(folder, 'in'), `--format=${format}`, '-cf', '-', 'short', long],
          { maxBuffer: 1e7 },
        );
        expect(
          await lua(
            'local r = archive.open(...) return r:read("short"), r:stat("short").mode, (r:read(r:entries() and "deep/" and "short"))',
            latin1(tar),
          ),
        ).toEqual(['short name', 0o640, 'short name']);
        expect(await lua(`return (archive.open(...):read("${long}"))`, latin1(tar))).toEqual(['long name']);
      }
      const [made] = await lua(
        `local w = archive.create({ format = "tar.gz" }) w:add("${long}", "ours") w:add("b", "two") return (w:close())`,
      );
      writeFileSync(join(folder, 'ours.tar.gz'), bytesOf(made));
      expect(execFileSync('tar', ['-xOzf', join(folder, 'ours.tar.gz'), long]).toString()).toBe('ours');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has no random access where it is packed as a whole, and stops at its limit', async () => {
    const bomb = latin1(gzipSync(Buffer.alloc(5_000_000)));
    expect((await problem('archive.open(...)', bomb)).slice(0, 2)).toEqual(['<nil>', 'Unavailable']);
    expect(await problem('archive.scan(..., { max_total_bytes = 1000000 })', bomb)).toEqual([
      '<nil>',
      'Invalid',
      'decompressed size exceeds 1000000 bytes',
    ]);
    expect((await problem('archive.scan(...)', latin1(gzipSync('no tar')))).slice(1)).toEqual([
      'Invalid',
      'what is in the gzip data is no tar',
    ]);
  });
});

describe('archive', () => {
  it.each(FORMATS)(
    'takes entries of another archive as they are read, and archives in archives: %s',
    async (format) => {
      expect(
        await lua(`local inner = archive.create({ format = "${format}" }) inner:add("a", ("moon"):rep(100)) inner:add("b", "two")
        local outer = archive.create() outer:add("inner", (inner:close()), { method = "store" })
        local reader = archive.open((outer:close()))
        local copy, names = archive.create({ format = "tar" }), {}
        for entry, stream in archive.scan(reader:stream("inner")):walk() do
          if entry.name == "a" then stream:read(200) end
          assert(copy:add(entry.name, stream)) names[#names + 1] = entry.name
        end
        local made = archive.open((copy:close()))
        local used = reader:stream("inner") used:read(1e6) used:close()
        local v, err = copy:add("c", used)
        return names, #made:read("a"), made:read("b"), v, err:kind()`),
      ).toEqual([['a', 'b'], 200, 'two', '<nil>', 'Internal']);
    },
  );

  it.each(['', '/etc/passwd', '../x', 'a/../../x', 'a\\b', 'C:x', 'x\0y'])(
    'makes no archive with the name %j',
    async (name) => {
      for (const format of FORMATS)
        expect(
          (await problem(`archive.create({ format = "${format}" }):add(..., "x")`, name)).slice(0, 2),
        ).toEqual(['<nil>', 'Invalid']);
    },
  );

  it.each([
    ['open()', 'Invalid'],
    ['open({}, "x.zip")', 'Invalid'],
    ['open(archive.create():close(), 1)', 'Invalid'],
    ['scan({})', 'Invalid'],
    ['create({}, "out.zip", { format = "zip" })', 'Invalid'],
    ['create():add("a", {})', 'Invalid'],
    ['open({})', 'Invalid'],
    ['open("")', 'Invalid'],
    ['open("PK\\3\\4")', 'Invalid'],
    ['scan("no archive")', 'Invalid'],
    ['create({ format = "rar" })', 'Invalid'],
    ['create({ max_entries = 0 })', 'Invalid'],
    ['create(print)', 'Invalid'],
    ['create():add("a")', 'Invalid'],
    ['create():add("a/", "x")', 'Invalid'],
    ['create():add("a", "x", { method = "lzma" })', 'Invalid'],
    ['create():add("a", "x", { mode = -1 })', 'Invalid'],
    ['create({ max_file_bytes = 3 }):add("a", "four")', 'Invalid'],
    ['open(archive.create():close(), { format = "tar" })', 'Invalid'],
    ['open(archive.create():close()):read("a")', 'NotFound'],
    ['open(archive.create():close()):stream("a")', 'NotFound'],
    ['open(archive.create():close()):stat("a")', 'NotFound'],
  ])('archive.%s is %s', async (call, kind) => {
    expect((await problem(`archive.${call}`)).slice(0, 2)).toEqual(['<nil>', kind]);
  });
});
