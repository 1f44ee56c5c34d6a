// Archives that come from volumes and streams and go there: real folders, nothing beside them.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveSpec } from '../../src/modules/archive/spec.js';
import { compressHandlers } from '../../src/modules/compress/host.js';
import { fsHandlers } from '../../src/modules/fs/host.js';
import { fsSpec } from '../../src/modules/fs/spec.js';
import { Holdings } from '../../src/runtime/command-context.js';
import { entryOf, resourcesOf } from '../support/examples.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

let folder = '';
let root = '';
let held: Holdings;
let answers: ReturnType<typeof nodeAnswers>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-archive-'));
  root = join(folder, 'files');
  mkdirSync(root);
  const volumes = resourcesOf([entryOf('app:files', 'fs.directory', { directory: 'files' })], folder).user();
  held = new Holdings(resourcesOf([]), (error) => {
    throw error;
  });
  answers = {
    ...nodeAnswers(compressHandlers),
    ...nodeAnswers(
      fsHandlers(() => true),
      {
        resource: (entry, kind) => volumes.use(entry, kind),
        own: (handle) => held.own(handle),
        owned: (handle) => held.owned(handle),
        release: (handle) => held.release(handle),
      },
    ),
  };
});
afterEach(async () => {
  await held[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const lua = (body: string, ...args: string[]) =>
  evaluate(`local vol = fs.get("app:files") ${body}`, { modules: [archiveSpec, fsSpec], answers, args });
const problem = (call: string, ...args: string[]) =>
  lua(`local v, err = ${call} return v, err and err:kind(), err and err:message()`, ...args);
const python = (script: string) => execFileSync('python3', ['-c', script], { cwd: root });

describe('an archive and a volume', () => {
  it.each(['zip', 'tar', 'tar.gz', 'tar.zst'])(
    'make a %s of files and take it apart again',
    async (format) => {
      writeFileSync(join(root, 'big.bin'), Buffer.alloc(300_000, 'moon'));
      expect(
        await lua(`local w = archive.create(vol, "made/out.${format}", { format = "${format}" })
        assert(w:add_file("data/big.bin", vol, "big.bin"))
        assert(w:add("open", vol:open("big.bin")))
        assert(w:add_dir("empty"))
        local closed, again = w:close(), w:close()
        local s = assert(archive.scan(vol:open("made/out.${format}")))
        local names = {}
        for e, entry in s:walk() do
          names[#names + 1] = e.name
          if not e.is_dir then assert(vol:writefile("copy-" .. #names, entry)) end
        end
        return closed, again, table.concat(names, " ")`),
      ).toEqual([true, true, 'data/big.bin open empty/']);
      const big = readFileSync(join(root, 'big.bin'));
      expect(readFileSync(join(root, 'copy-1')).equals(big)).toBe(true);
      expect(readFileSync(join(root, 'copy-2')).equals(big)).toBe(true);
    },
  );

  it('write to an open file what others can read', async () => {
    expect(
      await lua(`local file = vol:open("out.zip", "w")
        local w = archive.create(file)
        w:add("a/b.txt", ("hello "):rep(1000), { mode = 420, modified = 1718461846 })
        return w:close(), file:close()`),
    ).toEqual([true, true]);
    python('import zipfile; zipfile.ZipFile("out.zip").extractall("unpacked")');
    expect(readFileSync(join(root, 'unpacked/a/b.txt'), 'latin1')).toBe('hello '.repeat(1000));
    expect(
      (
        await problem(
          '(function() local w = archive.create(vol:open("out.zip", "r")) return w:close() end)()',
        )
      )[1],
    ).toBe('PermissionDenied');
  });

  it('extract what others made, with prefix, strip and filter', async () => {
    python(`import tarfile, io
t = tarfile.open("in.tar", "w")
for name, data in (("p/one.txt", b"1"), ("p/deep/er/two.txt", b"2"), ("top.txt", b"t"), ("p/skip.log", b"")):
    i = tarfile.TarInfo(name); i.size = len(data); t.addfile(i, io.BytesIO(data))
t.close()`);
    expect(
      await lua(`vol:mkdir("work") vol:chdir("work")
        return archive.open(vol, "/in.tar"):extract_all(vol, {
          prefix = "out/", strip = 1, filter = function(e) return not e.name:find("%.log$") end,
        })`),
    ).toEqual([2]);
    expect(readFileSync(join(root, 'work/out/deep/er/two.txt'), 'utf8')).toBe('2');
    expect(readdirSync(join(root, 'work/out'))).toEqual(['deep', 'one.txt']);
  });

  it('raise what the filter raises, and may wait in it', async () => {
    const made =
      'archive.open((function() local w = archive.create() w:add("a", "1") return (w:close()) end)())';
    expect(
      await lua(`local ok, err = pcall(function() return ${made}:extract_all(vol, { filter = function() error("no", 0) end }) end)
        local count = ${made}:extract_all(vol, { filter = function(e) return vol:exists("/") end })
        return ok, err, count`),
    ).toEqual([false, 'no', 1]);
  });

  it.each(['../evil', '/evil', 'a/../../evil', 'C:/evil', 'a\\\\..\\\\evil'])(
    'never extract an entry that is named %j',
    async (name) => {
      python(`import zipfile
z = zipfile.ZipFile("in.zip", "w")
z.writestr("good.txt", "fine")
i = zipfile.ZipInfo("x"); i.filename = "${name}"; z.writestr(i, "evil")
z.close()`);
      const [count, kind, message] = await problem('archive.open(vol, "in.zip"):extract_all(vol)');
      expect([count, kind]).toEqual(['<nil>', 'Invalid']);
      expect(message).toMatch(/is not extracted: its name/);
      const [one, why] = await problem(
        'archive.open(vol, "in.zip"):extract(..., vol)',
        name.replaceAll('\\\\', '\\'),
      );
      expect([one, why]).toEqual(['<nil>', 'Invalid']);
      expect(readdirSync(folder)).toEqual(['files']);
      expect(existsSync('/evil')).toBe(false);
    },
  );

  it('follow no link on the way in or out', async () => {
    mkdirSync(join(folder, 'outside'));
    writeFileSync(join(folder, 'outside/canary.zip'), 'canary');
    symlinkSync('../outside', join(root, 'link'));
    python(`import tarfile, io
t = tarfile.open("in.tar", "w")
i = tarfile.TarInfo("escape"); i.type = tarfile.SYMTYPE; i.linkname = "../outside"; t.addfile(i)
i = tarfile.TarInfo("escape/evil"); i.size = 4; t.addfile(i, io.BytesIO(b"evil"))
t.close()
t = tarfile.open("through.tar", "w")
i = tarfile.TarInfo("link/evil"); i.size = 4; t.addfile(i, io.BytesIO(b"evil"))
t.close()`);
    expect((await problem('archive.open(vol, "in.tar"):extract_all(vol)')).slice(1)).toEqual([
      'Invalid',
      "'escape' is not extracted: it is a symbolic link",
    ]);
    expect((await problem('archive.open(vol, "through.tar"):extract_all(vol)'))[1]).toBe('PermissionDenied');
    expect((await problem('archive.open(vol, "link/canary.zip")'))[1]).toBe('PermissionDenied');
    expect((await problem('archive.create(vol, "link/out.zip"):close()'))[1]).toBe('PermissionDenied');
    expect(readdirSync(join(folder, 'outside'))).toEqual(['canary.zip']);
  });

  it('write nothing of a bomb', async () => {
    python(`import zipfile
z = zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED); z.writestr("bomb", b"\\0" * 5000000); z.close()
data = bytearray(open("bomb.zip", "rb").read())
at = data.rfind(b"PK\\x01\\x02"); data[at + 24:at + 28] = (10).to_bytes(4, "little")
open("liar.zip", "wb").write(data)`);
    expect(
      (await problem('archive.open(vol, "bomb.zip", { max_file_bytes = 1000 }):extract_all(vol)'))[1],
    ).toBe('Invalid');
    expect((await problem('archive.open(vol, "liar.zip"):extract_all(vol)'))[1]).toBe('Invalid');
    expect(existsSync(join(root, 'bomb'))).toBe(false);
  });

  it.each([
    ['archive.open(vol)', "bad argument #2 to 'open' (string expected, got nil)"],
    ['archive.open(vol, "")', 'the path is empty'],
    ['archive.open(vol, "a\\0b")', 'the path holds a zero byte'],
    ['archive.create(vol)', "bad argument #2 to 'create' (string expected, got nil)"],
    ['archive.create(vol, "x.zip", 1)', "bad argument #3 to 'create' (table expected, got number)"],
    ['archive.create():add_file("a", "vol", "b")', "bad argument #2 to 'add_file' (FS expected, got string)"],
    ['archive.create():add("a", vol)', "bad argument #2 to 'add' (string or stream expected, got FS)"],
    ['vol:writefile("a", vol)', "bad argument #2 to 'writefile' (string or stream expected, got FS)"],
  ])('refuse %s', async (call, message) => {
    expect(await problem(call)).toEqual(['<nil>', 'Invalid', message]);
  });
});
