import { describe, expect, it } from 'vitest';
import { linesOf, prepared, prepareFiles } from './support.js';

const MODULE = `
version: "1.0"
namespace: acme.jobs
entries:
  - { name: definition, kind: ns.definition, readme: file://README.md }
  - { name: limits, kind: registry.entry, meta: { db: none } }
  - { name: worker, kind: registry.entry, middleware: [log] }
  - name: target_db
    kind: ns.requirement
    default: app:db
    targets: [{ entry: limits, path: .meta.db }, { entry: "acme.jobs:worker", path: .store.database }]
  - name: host
    kind: ns.requirement
    targets: [{ entry: worker, path: .host }]
  - { name: auth, kind: ns.requirement, default: "", targets: [{ entry: worker, path: .middleware+= }] }
`;
const app = (dependency: string, more = ''): string => `
version: "1.0"
namespace: app
entries:
  - { name: db, kind: registry.entry }
  - ${dependency}
${more}`;
const inModules = (dependency: string, more = '', at = '.moontide/modules/acme/jobs') => ({
  'src/_index.yaml': app(dependency, more),
  [`${at}/src/_index.yaml`]: MODULE,
  [`${at}/src/README.md`]: '# Jobs\n',
  [`${at}/wippy.yaml`]: 'organization: acme\nmodule: jobs\nversion: 1.4.0\n',
});
const JOBS = '{ name: jobs, kind: ns.dependency, component: acme/jobs, version: ^1.2.0, parameters: [';

async function entriesOf(files: Record<string, string>) {
  const result = prepared(await prepareFiles(files));
  const byId = new Map(result.entries.map((entry) => [entry.id as string, entry]));
  return { byId, warnings: linesOf(result.warnings) };
}
async function problemsOf(files: Record<string, string>): Promise<string[]> {
  const result = await prepareFiles(files);
  return linesOf(result.ok ? result.warnings : result.diagnostics);
}

describe('modules', () => {
  it('come from .moontide/modules where an entry depends on them, and get the values that they require', async () => {
    const { byId, warnings } = await entriesOf(
      inModules(`${JOBS}{ name: host, value: app:host }, { name: acme.jobs:auth, value: token }] }`),
    );
    expect(warnings).toEqual([]);
    expect(byId.get('acme.jobs:limits')?.meta).toEqual({ db: 'app:db' });
    expect(byId.get('acme.jobs:worker')?.data).toEqual({
      middleware: ['log', 'token'],
      store: { database: 'app:db' },
      host: 'app:host',
    });
    expect(byId.get('acme.jobs:definition')?.data['readme']).toBe('# Jobs\n');
  });

  it('come from a folder that moontide.yaml names', async () => {
    const { byId } = await entriesOf({
      ...inModules(
        `${JOBS}{ name: host, value: x }, { name: target_db, value: app:other }] }`,
        '',
        'local/jobs',
      ),
      'moontide.yaml': 'modules: { acme/jobs: ./local/jobs }\n',
    });
    expect(byId.get('acme.jobs:limits')?.meta).toEqual({ db: 'app:other' });
  });

  it('bring the modules that they depend on, whose values the app can give and override', async () => {
    const files = inModules(`${JOBS}{ name: host, value: mine }] }`);
    const index = '.moontide/modules/acme/outer/_index.yaml';
    const outer = (value: string): string => `
version: "1.0"
namespace: acme.outer
entries:
  - { name: jobs, kind: ns.dependency, component: acme/jobs, parameters: [{ name: host, value: ${value} }] }
`;
    const dependOnOuter = '  - { name: outer, kind: ns.dependency, component: acme/outer }\n';
    const own = await entriesOf({
      ...files,
      'src/_index.yaml': `${files['src/_index.yaml'] ?? ''}${dependOnOuter}`,
      [index]: outer('theirs'),
    });
    expect(own.byId.get('acme.jobs:worker')?.data['host']).toBe('mine');
    const theirs = await entriesOf({
      ...files,
      'src/_index.yaml': app('{ name: outer, kind: ns.dependency, component: acme/outer }'),
      [index]: outer('theirs'),
    });
    expect(theirs.byId.get('acme.jobs:worker')?.data['host']).toBe('theirs');
  });

  it('are told when they are missing, of another version, or not satisfied', async () => {
    expect(await problemsOf({ 'src/_index.yaml': app(`${JOBS}] }`) })).toEqual([
      "src/_index.yaml:6:51: module 'acme/jobs' is not there; unpack it in '.moontide/modules/acme/jobs', or name its folder in 'modules' of moontide.yaml",
    ]);
    expect(
      await problemsOf(inModules(`${JOBS.replace('^1.2.0', '^2.0.0')}{ name: host, value: x }] }`)),
    ).toEqual([
      expect.stringContaining(
        "module 'acme/jobs' is version 1.4.0, and '^2.0.0' is wanted; change the version here, or unpack another one",
      ),
    ]);
    expect(
      await problemsOf(inModules(`${JOBS.replace('^1.2.0', 'newest')}{ name: host, value: x }] }`)),
    ).toEqual([
      expect.stringContaining(
        "'newest' is no range of versions for module 'acme/jobs'; change the version here, or unpack another one",
      ),
    ]);
    expect(await problemsOf(inModules(`${JOBS}] }`))).toEqual([
      expect.stringContaining(
        "requirement 'acme.jobs:host' has no value, so nothing is written into its targets",
      ),
    ]);
  });

  it('belong to the app once', async () => {
    const second = '  - { name: again, kind: ns.dependency, component: acme/jobs }\n';
    expect(await problemsOf(inModules(`${JOBS}{ name: host, value: x }] }`, second))).toEqual([
      expect.stringContaining("module 'acme/jobs' is depended on in 'app:jobs' already; change that one"),
    ]);
  });

  it('append with blanks before += too', async () => {
    const files = inModules(`${JOBS}{ name: host, value: x }, { name: auth, value: token }] }`);
    const module = '.moontide/modules/acme/jobs/src/_index.yaml';
    const { byId } = await entriesOf({
      ...files,
      [module]: MODULE.replace('.middleware+=', '".middleware += "'),
    });
    expect(byId.get('acme.jobs:worker')?.data['middleware']).toEqual(['log', 'token']);
  });

  it('refuse parameters that nobody requires, different values for one, and targets that are not there', async () => {
    expect(
      await problemsOf(inModules(`${JOBS}{ name: hots, value: x }, { name: host, value: x }] }`)),
    ).toEqual([
      expect.stringContaining("module 'acme/jobs' has no requirement 'hots'; did you mean 'host'?"),
    ]);
    const second =
      '  - { name: again, kind: ns.dependency, component: acme/more, parameters: [{ name: acme.jobs:host, value: y }] }\n';
    expect(await problemsOf(inModules(`${JOBS}{ name: host, value: x }] }`, second))).toEqual([
      expect.stringContaining("module 'acme/more' is not there"),
      expect.stringContaining("'acme.jobs:host' is 'y' here and 'x' in 'app:jobs'; give it one value"),
    ]);
    const files = inModules(`${JOBS}{ name: host, value: x }] }`);
    const module = '.moontide/modules/acme/jobs/src/_index.yaml';
    const broken = {
      ...files,
      [module]: MODULE.replace('{ entry: worker, path: .host }', '{ entry: wroker, path: .host }'),
    };
    expect(await problemsOf(broken)).toEqual([
      expect.stringContaining("unknown entry 'acme.jobs:wroker'; did you mean 'acme.jobs:worker'?"),
    ]);
    const empty = { ...files, [module]: MODULE.replace('[{ entry: worker, path: .host }]', '[]') };
    expect(await problemsOf(empty)).toEqual([expect.stringContaining("'acme.jobs:host' has no targets")]);
  });
});
