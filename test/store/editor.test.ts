import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Data, dataObject } from '../../src/core/data.js';
import { EventBus } from '../../src/core/event-bus.js';
import { type Logger, silentLogger } from '../../src/core/logger.js';
import { DEFAULT_ENGINE, engineNamed } from '../../src/lua/engines.js';
import type { RequestedChange } from '../../src/registry/apply-request.js';
import { type Edit, RegistryEditor } from '../../src/registry/editor.js';
import { changedId } from '../../src/registry/model/changes.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { parseEntryId } from '../../src/registry/model/ids.js';
import { prepareEntries } from '../../src/registry/pipeline/index.js';
import { fillRequirements } from '../../src/registry/pipeline/requirements.js';
import type { CompileProgram } from '../../src/registry/pipeline/programs.js';
import { openRegistry, type Registry } from '../../src/registry/service.js';
import { verifyStore } from '../../src/registry/verify.js';
import { kinds } from '../../src/services/kinds.js';
import { storeEngines, type TestDatabase } from './support/engines.js';

const engine = engineNamed(DEFAULT_ENGINE);
const compile: CompileProgram = (program) => {
  const result = engine.compile(program);
  return result.ok ? [] : result.diagnostics;
};
const modules = {
  built: ['json', 'time', 'greet'],
  known: ['json', 'time', 'store', 'greet'],
  extensions: ['greet'],
};
const kindMap = new Map(kinds.map((kind) => [kind.name, kind]));

function made(id: string, kind: string, data: Record<string, Data> = {}, meta = {}): Entry {
  return { id: parseEntryId(id), kind, meta: dataObject(meta), data: dataObject(data) };
}
const lua = (id: string, source: string, data: Record<string, Data> = {}): Entry =>
  made(id, 'function.lua', { source, ...data });
const library = (id: string, source: string, data: Record<string, Data> = {}): Entry =>
  made(id, 'library.lua', { source, ...data });
const create = (entry: Entry): RequestedChange => ({ op: 'create', entry });
const update = (entry: Entry): RequestedChange => ({ op: 'update', entry });
const remove = (id: string): RequestedChange => ({ op: 'delete', id });

for (const stores of storeEngines()) {
  describe(`the editor on ${stores.name}`, () => {
    let database: TestDatabase;
    let registry: Registry;
    let editor: RegistryEditor;
    let warnings: string[];
    let adopted: string[];

    const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };

    beforeEach(async () => {
      warnings = [];
      adopted = [];
      database = await stores.create();
      registry = await openRegistry({
        store: await database.open(),
        log: silentLogger,
        bus: new EventBus(),
        follow: false,
      });
      editor = new RegistryEditor({
        registry,
        log,
        kinds: kindMap,
        modules,
        compile,
        adopt: (programs) => {
          for (const { hash } of programs) adopted.push(hash);
        },
      });
    });
    afterEach(async () => {
      await registry[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    });
    afterAll(() => stores[Symbol.asyncDispose]());

    const edit = (...changes: RequestedChange[]) => editor.apply({ changes });
    const publish = (...entries: Entry[]) => {
      const prepared = prepareEntries(entries, { kinds, modules, compile });
      if (!prepared.ok) throw new Error(JSON.stringify(prepared.diagnostics));
      return editor.publish({ entries: prepared.entries, programs: prepared.programs });
    };
    const sourcesOf = async (id: string): Promise<string[]> => {
      const pinned = await registry.program(registry.current.programHash(id) ?? '');
      return Object.values(pinned?.program.units ?? {}).map(({ source }) => source);
    };

    it('compiles and links a function before it takes it', async () => {
      await edit(create(library('app:lib', 'return { one = 1 }')));
      const result = await edit(
        create(lua('app:main', 'return require("lib").one', { imports: dataObject({ lib: 'lib' }) })),
      );
      expect(result.version).toMatchObject({ number: 2, comment: 'create app:main' });
      expect(registry.current.get('app:main')?.data['imports']).toEqual({ lib: 'app:lib' });
      expect(await sourcesOf('app:main')).toEqual(['return require("lib").one', 'return { one = 1 }']);
      expect(adopted).toContain(registry.current.programHash('app:main'));
    });

    it('tells all that is wrong in one go, and changes nothing', async () => {
      await edit(create(made('app:data', 'registry.entry')));
      const before = registry.current;
      const broken = edit(
        create(lua('app:syntax', 'return 1 +')),
        create(lua('app:needy', 'return 1', { imports: dataObject({ x: 'app:nowhere' }) })),
        create(lua('app:module', 'return 1', { modules: ['jsn'] })),
        create(made('app:kind', 'functoin.lua')),
        create(lua('app:field', 'return 1', { metod: 'x' })),
      );
      const error = await broken.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'REGISTRY_CHANGES', kind: 'Invalid' });
      const message = String(error);
      expect(message).toContain('nothing was changed: ');
      expect(message).toContain('app:syntax:1:11: unexpected symbol near <eof>');
      expect(message).toContain("app:needy: unknown entry 'app:nowhere'");
      expect(message).toContain("app:module: unknown module 'jsn'; did you mean 'json'?");
      expect(message).toContain("app:kind: unknown kind 'functoin.lua'; did you mean 'function.lua'?");
      expect(message).toContain("app:field: unknown field 'metod'");
      expect(registry.current).toBe(before);
      expect(await registry.versions()).toHaveLength(1);
    });

    it('makes anew what imports a changed library, directly and through others', async () => {
      await edit(
        create(library('app:low', 'return 1')),
        create(library('app:middle', 'return require("low")', { imports: dataObject({ low: 'app:low' }) })),
        create(lua('app:high', 'return require("m")', { imports: dataObject({ m: 'app:middle' }) })),
        create(lua('app:apart', 'return 0')),
      );
      const apart = registry.current.programHash('app:apart');
      const { changes } = await edit(update(library('app:low', 'return 2')));
      expect(changes.map(changedId).sort()).toEqual(['app:high', 'app:low']);
      expect(await sourcesOf('app:high')).toContain('return 2');
      expect(registry.current.programHash('app:apart')).toBe(apart);
    });

    it('refuses to delete what others need, and takes it with them', async () => {
      await edit(
        create(library('app:lib', 'return 1')),
        create(lua('app:main', 'return require("lib")', { imports: dataObject({ lib: 'app:lib' }) })),
      );
      await expect(edit(remove('app:lib'))).rejects.toThrow(
        "nothing was changed: app:main: entry 'app:lib' is deleted, and 'app:main' needs it; keep it, or delete 'app:main' too",
      );
      await edit(remove('app:lib'), remove('app:main'));
      expect([...registry.current.all()]).toEqual([]);
    });

    it('refuses imports that go in a circle with what is there', async () => {
      await edit(
        create(library('app:a', 'return 1')),
        create(library('app:b', 'return require("a")', { imports: dataObject({ a: 'app:a' }) })),
      );
      await expect(
        edit(update(library('app:a', 'return require("b")', { imports: dataObject({ b: 'app:b' }) }))),
      ).rejects.toThrow('imports go in a circle: app:a -> app:b -> app:a');
    });

    it('takes an empty table of Lua for a mapping where the kind wants one', async () => {
      await edit(create(lua('app:main', 'return 1', { imports: [], modules: [] })));
      expect(registry.current.get('app:main')?.data).toEqual({
        source: 'return 1',
        imports: {},
        modules: [],
      });
    });

    it('makes no version of an update that changes nothing', async () => {
      await publish(lua('app:main', 'return 1'));
      const { version, changes } = await edit(update(lua('app:main', 'return 1')));
      expect([version.number, changes]).toEqual([1, []]);
      expect(registry.current.state.get('app:main')?.origin).toBe(undefined);
    });

    it('refuses changes made for an older version', async () => {
      await edit(create(made('app:one', 'registry.entry')));
      const stale: Edit = { changes: [create(made('app:two', 'registry.entry'))], base: 0 };
      await expect(editor.apply(stale)).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT' });
      await expect(edit(create(made('app:one', 'registry.entry')))).rejects.toThrow('it is there already');
      await expect(edit(remove('app:nobody'))).rejects.toThrow(
        "entry 'app:nobody' cannot be deleted: it is not there",
      );
    });

    it('makes one version of an effect with a key, however often it is asked for', async () => {
      const once = (): Promise<unknown> =>
        editor.apply({ key: 'run/7', changes: [create(made('app:one', 'registry.entry'))] });
      const first = await once();
      await edit(create(made('app:two', 'registry.entry')));
      expect(await registry.apply({ key: 'run/7', changes: [] })).toMatchObject({
        version: { number: 1 },
        changes: [{ op: 'create', after: { id: 'app:one' } }],
      });
      expect(first).toMatchObject({ version: { number: 1 } });
    });

    it('keeps what was made at run time when the folder is published, over its newest code', async () => {
      await publish(library('app:lib', 'return 1'));
      await edit(
        create(lua('app:new', 'return require("lib")', { imports: dataObject({ lib: 'app:lib' }) })),
      );
      await publish(library('app:lib', 'return 2'), lua('app:other', 'return 0'));
      expect(registry.current.get('app:new')?.kind).toBe('function.lua');
      expect(await sourcesOf('app:new')).toContain('return 2');
      expect(registry.current.state.get('app:new')?.origin).toBe('runtime');

      await publish(lua('app:other', 'return 0')); // its library is gone: it goes on with what it has
      expect(await sourcesOf('app:new')).toContain('return 2');
      expect(warnings).toEqual([
        'an entry made at run time does not fit the folder any more; its old program goes on',
      ]);
    });

    it('keeps what was changed at run time until the folder changes it too', async () => {
      const folder = (n: number): Entry => made('app:limit', 'registry.entry', { n });
      await publish(folder(1));
      await edit(update(folder(50)));
      await edit(update(folder(60)));
      await publish(folder(1));
      expect(registry.current.get('app:limit')?.data['n']).toBe(60);
      await publish(folder(2));
      expect(registry.current.get('app:limit')?.data['n']).toBe(2);
      expect(registry.current.state.get('app:limit')?.origin).toBe(undefined);
      expect(warnings).toEqual(['the folder has changed what was changed at run time, and counts']);
    });

    it("refuses a workflow that uses an extension's module, through a library too", async () => {
      const flow = (data: Record<string, Data>): RequestedChange =>
        create(made('app:flow', 'workflow.lua', { source: 'return function() end', ...data }));
      await expect(edit(flow({ modules: ['greet'] }))).rejects.toThrow(
        "workflow 'app:flow' uses the module 'greet', which comes from an extension",
      );
      await edit(create(library('app:lib', 'return 1', { modules: ['greet'] })));
      await expect(edit(flow({ imports: dataObject({ lib: 'app:lib' }) }))).rejects.toThrow(
        "uses the module 'greet' (through 'app:lib')",
      );
      await edit(create(lua('app:function', 'return 1', { modules: ['greet'] })));
    });

    describe('with other kinds, modules or another engine', () => {
      const without = (kind: string, module: string, compileLess: CompileProgram = compile): RegistryEditor =>
        new RegistryEditor({
          registry,
          log,
          kinds: new Map([...kindMap].filter(([name]) => name !== kind)),
          modules: {
            built: modules.built.filter((name) => name !== module),
            known: modules.known.filter((name) => name !== module),
          },
          compile: compileLess,
        });

      it('rolls back to nothing that it could not run', async () => {
        await publish(lua('app:main', 'return 1', { modules: ['greet'] }), made('app:x', 'template.set'));
        await publish(lua('app:main', 'return 2'));
        const { hash } = registry.current.version;
        await expect(without('template.set', 'none').rollback(1)).rejects.toThrow(
          "nothing was changed: app:x: unknown kind 'template.set'",
        );
        await expect(without('none', 'greet').rollback(1)).rejects.toMatchObject({
          code: 'REGISTRY_CHANGES',
          message: "nothing was changed: app:main: unknown module 'greet'",
        });
        const refuseAll: CompileProgram = ({ entry }) => [
          { severity: 'error', place: { file: entry, line: 3, column: 1 }, message: 'a goto too far' },
        ];
        await expect(without('none', 'none', refuseAll).rollback(1)).rejects.toThrow(
          'app:main:3:1: a goto too far',
        );
        expect(registry.current.version.hash).toBe(hash);
        adopted.length = 0;
        const { version } = await editor.rollback(1);
        expect(version.number).toBe(3);
        expect(adopted).toEqual([registry.current.programHash('app:main')]);
      });

      it('keeps its node on its version when others have stored one that it cannot run', async () => {
        await publish(lua('app:main', 'return 1'));
        await using follower = await openRegistry({
          store: await database.open(),
          log: silentLogger,
          bus: new EventBus(),
          follow: false,
        });
        const own = without('template.set', 'none').over(follower);
        follower.listen({ name: 'the node', check: (changes, next) => own.check(changes, next) });
        await publish(lua('app:main', 'return 2'), made('app:x', 'template.set'));
        expect(await follower.catchUp()).toBe(false);
        await expect(own.apply({ changes: [remove('app:main')] })).rejects.toThrow(
          "this node goes on with registry version 1, since it cannot take version 2: the node rejected the version: it does not fit this node: app:x: unknown kind 'template.set'",
        );
        await publish(lua('app:main', 'return 2'));
        expect(await follower.catchUp()).toBe(true);
      });
    });

    it('stores embedded files with the version that brings them, and takes none that are not stored', async () => {
      const bytes = new TextEncoder().encode('<p>hello</p>');
      const hash = createHash('sha256').update(bytes).digest('hex');
      const site = (files: Data): Entry => made('app:site', 'fs.embed', { directory: './public', files });
      const named = [dataObject({ path: 'index.html', hash, size: bytes.length })];
      const unknown = edit(create(site(named)));
      await expect(unknown).rejects.toMatchObject({ code: 'REGISTRY_FILE_MISSING' });
      await expect(unknown).rejects.toThrow(
        `the content '${hash}' of file 'index.html' of entry 'app:site' is not stored`,
      );
      await expect(edit(create(made('app:site', 'fs.embed', { directory: './public' })))).rejects.toThrow(
        'only YAML files of the app can name folders',
      );
      await expect(edit(create(site([dataObject({ path: 'x', hash: 'x', size: 1 })])))).rejects.toThrow(
        "app:site: 'files[1].hash' must be 64 hexadecimal digits",
      );
      await editor.publish({ entries: [site(named)], files: [{ hash, bytes }] });
      expect(await registry.file(hash)).toEqual(Uint8Array.from(bytes));
      await edit(remove('app:site'));
      await edit(create(site(named))); // stored already
      const store = await database.open();
      expect(await verifyStore(store)).toMatchObject({ ok: true, files: 1 });
      const forged = stores.engine === 'sqlite' ? "x'00'" : "'\\x00'";
      await database.execute(`update files set bytes = ${forged}`);
      expect(await verifyStore(store)).toMatchObject({
        ok: false,
        problems: [
          `the content '${hash}' of file 'index.html' of entry 'app:site' is not what its hash says`,
        ],
      });
      await store[Symbol.asyncDispose]();
    });

    describe('with a module', () => {
      const parameters = (...given: [name: string, value: Data][]): Data =>
        given.map(([name, value]) => dataObject({ name, value }));
      const uses = (component: string, ...given: [name: string, value: Data][]): Entry =>
        made(`app:use.${component.replace('/', '.')}`, 'ns.dependency', {
          component,
          parameters: parameters(...given),
        });
      const requires = (...paths: string[]): Entry =>
        made('acme.jobs:target', 'ns.requirement', {
          default: 'app:a',
          targets: paths.map((path) => dataObject({ entry: 'conf', path })),
        });
      const conf = (): Entry | undefined => registry.current.get('acme.jobs:conf');
      // As the folder was read, values written.
      const start = (): Promise<unknown> => {
        const { entries, diagnostics } = fillRequirements(
          [
            uses('acme/jobs', ['target', 'app:a']),
            requires('.target', '.list+=', '.meta.db'),
            made('acme.jobs:conf', 'registry.entry', { list: ['own'] }),
            made('app:a', 'registry.entry'),
          ],
          new Set(),
        );
        expect(diagnostics).toEqual([]);
        return publish(...entries);
      };

      it('writes the values of a requirement when they change, and appends none twice', async () => {
        await start();
        expect(conf()).toMatchObject({
          data: { target: 'app:a', list: ['own', 'app:a'] },
          meta: { db: 'app:a' },
        });
        const { changes } = await edit(update(uses('acme/jobs', ['target', 'app:b'])));
        expect(changes.map(changedId)).toEqual(['acme.jobs:conf', 'app:use.acme.jobs']);
        expect(conf()).toMatchObject({
          data: { target: 'app:b', list: ['own', 'app:b'] },
          meta: { db: 'app:b' },
        });
        // The next start does the same, and keeps it.
        await start();
        expect(conf()).toMatchObject({ data: { target: 'app:b' } });
        await edit(remove('app:use.acme.jobs'));
        expect(conf()).toMatchObject({ data: { target: 'app:a', list: ['own', 'app:a'] } }); // the default
      });

      it('follows targets that come and go', async () => {
        await start();
        await edit(update(requires('.target', '.other+=')));
        expect(conf()?.data).toMatchObject({ target: 'app:a', list: ['own'], other: ['app:a'] });
        await edit(remove('acme.jobs:target'), update(uses('acme/jobs')));
        expect(conf()?.data).toMatchObject({ target: 'app:a', list: ['own'], other: [] });
      });

      it('leaves entries alone that no change of a value reaches', async () => {
        await start();
        await edit(update(made('acme.jobs:conf', 'registry.entry', { target: 'mine', list: [] })));
        await edit(create(uses('acme/other')));
        expect(conf()?.data).toMatchObject({ target: 'mine', list: [] });
      });

      it('refuses values that fit nothing', async () => {
        await start();
        await expect(edit(update(uses('acme/jobs', ['targt', 'x'])))).rejects.toThrow(
          "module 'acme/jobs' has no requirement 'targt'; did you mean 'target'?",
        );
        await expect(
          edit(
            update(
              made('acme.jobs:target', 'ns.requirement', {
                default: 1,
                targets: [dataObject({ entry: 'gone', path: '.x' })],
              }),
            ),
          ),
        ).rejects.toThrow("acme.jobs:target: unknown entry 'acme.jobs:gone'");
        expect(registry.current.version.number).toBe(1);
      });
    });

    it('tells of entries that were made at run time and whose kind is gone', async () => {
      await publish(made('app:data', 'registry.entry'));
      await edit(create(made('app:x', 'template.set')));
      const fewer = new Map([...kindMap].filter(([name]) => name !== 'template.set'));
      const later = new RegistryEditor({ registry, log, kinds: fewer, modules, compile });
      await later.publish({ entries: [made('app:data', 'registry.entry')] });
      expect(registry.current.get('app:x')).toBeDefined();
      expect(warnings).toEqual([
        'entries made at run time are of kinds that nobody knows any more, and stay idle',
      ]);
    });

    it('knows what happened to an entry, newest first', async () => {
      await publish(made('app:one', 'registry.entry', { n: 1 }));
      await edit(create(made('app:two', 'registry.entry')));
      await editor.apply({
        changes: [update(made('app:one', 'registry.entry', { n: 2 }))],
        author: 'ada',
        via: 'lua app:agent',
      });
      const history = await registry.historyOf('app:one');
      expect(history).toMatchObject([
        { version: { number: 3, author: 'ada', via: 'lua app:agent' }, change: { op: 'update' } },
        { version: { number: 1 }, change: { op: 'create' } },
      ]);
      expect(await registry.historyOf('app:one', { before: 3 })).toMatchObject([{ version: { number: 1 } }]);
      expect(await registry.historyOf('app:one', { limit: 1 })).toHaveLength(1);
      expect(await registry.historyOf('app:none')).toEqual([]);
    });
  });
}
