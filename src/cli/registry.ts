// `moontide registry`: what the registry holds, what happened to it, and changes by hand. One file a group in cli/registry/.
import { Command } from 'commander';
import { subCommand } from './sub-command.js';
import type { SubCommand } from './sub-command.js';
import { countArgument, versionArgument } from './registry/version-argument.js';

const AT = ['--at <n>', 'as this version has it; default: the newest'] as const;
const COMMENT = ['--comment <text>', 'why; kept with the version'] as const;

const sub = <Options extends object>(wishes: SubCommand<Options>): Command => subCommand('registry', wishes);

interface AtOptions {
  readonly at?: string;
}
interface ListOptions extends AtOptions {
  readonly kind?: string;
  readonly ns?: string;
}
interface HistoryOptions {
  readonly limit?: string;
}
interface ApplyOptions {
  readonly comment?: string;
  readonly base?: string;
  readonly dryRun?: boolean;
}
interface ExportOptions extends ListOptions {
  readonly output?: string;
}
interface PruneOptions {
  readonly keep?: string;
  readonly temporal: boolean;
}

const versionOf = ({ at }: AtOptions): number | undefined =>
  at === undefined ? undefined : versionArgument(at, '--at');

export function registryCommand(): Command {
  const command = new Command('registry')
    .summary('look at the registry, and change it by hand')
    .description(
      'The registry holds the entries of the app in versions. These commands read and change it where it is kept, ' +
        'whether a node runs or not; nodes that run follow at once.',
    );
  const look = () => import('./registry/look.js');
  const change = () => import('./registry/change.js');
  const keep = () => import('./registry/keep.js');
  for (const made of [
    sub<ListOptions>({
      name: 'list',
      summary: 'list entries',
      options: [
        ['--kind <kind>', 'of this kind; `*` is any text'],
        ['--ns <namespace>', 'of this namespace; `app.**` is all below app'],
        AT,
      ],
      examples: ['list', "list --kind 'function.*'", 'list --at 3'],
      run: async (globals, options) =>
        (await look()).listEntries(globals, { ...options, version: versionOf(options) }),
    }),
    sub<AtOptions>({
      name: 'get',
      summary: 'print an entry',
      arguments: [['<id>', 'namespace:name']],
      options: [AT],
      examples: ['get app:order', 'get app:order --at 3'],
      run: async (globals, options, [id]) =>
        (await look()).getEntry(globals, id as string, versionOf(options)),
    }),
    sub<AtOptions>({
      name: 'find',
      summary: 'find entries by their fields',
      arguments: [
        [
          '<field=value...>',
          '.kind, .ns, .name, .id, meta.<path> or data.<path>; in front ~ ^ $ * as in Lua',
        ],
      ],
      options: [AT],
      examples: ['find .kind=function.lua meta.type=test', "find '^.name=order' '*meta.tags=shop'"],
      run: async (globals, options, [fields]) =>
        (await look()).findEntries(globals, fields as readonly string[], versionOf(options)),
    }),
    sub<HistoryOptions>({
      name: 'history',
      summary: 'list versions, newest first: when, who, how and why',
      arguments: [['[id]', 'only what happened to this entry']],
      options: [['--limit <n>', 'how many; default 20']],
      examples: ['history', 'history app:order', 'history --limit 100'],
      run: async (globals, { limit }, [id]) =>
        (await look()).showHistory(
          globals,
          id as string | undefined,
          limit === undefined ? undefined : countArgument(limit, '--limit'),
        ),
    }),
    sub({
      name: 'show',
      summary: 'print a version and what it changed',
      arguments: [['<n>', 'number of the version']],
      examples: ['show 7'],
      run: async (globals, _options, [n]) =>
        (await look()).showVersion(globals, versionArgument(n as string)),
    }),
    sub({
      name: 'diff',
      summary: 'print what lies between two versions',
      arguments: [
        ['<a>', 'number of a version'],
        ['<b>', 'number of a version'],
      ],
      examples: ['diff 3 7', 'diff 7 3'],
      run: async (globals, _options, [a, b]) =>
        (await look()).diffVersions(globals, versionArgument(a as string), versionArgument(b as string)),
    }),
    sub<{ readonly comment?: string }>({
      name: 'rollback',
      summary: 'make a new version whose entries are those of an old one',
      arguments: [['<n>', 'number of the version to go back to']],
      options: [COMMENT],
      examples: ['rollback 3', "rollback 3 --comment 'the discount was wrong'"],
      run: async (globals, { comment }, [n]) =>
        (await change()).rollBack(globals, versionArgument(n as string), comment),
    }),
    sub<ApplyOptions>({
      name: 'apply',
      summary: 'apply changes from a file as one version',
      arguments: [
        [
          '<file>',
          'YAML or JSON: create, update, put (create or update) and delete, each a list; - is stdin',
        ],
      ],
      options: [
        COMMENT,
        ['--base <n>', 'only if this is the newest version'],
        ['--dry-run', 'check everything and change nothing'],
      ],
      examples: [
        'apply limits.yaml',
        'apply limits.yaml --dry-run',
        'export --ns app.config | moontide registry apply -',
      ],
      run: async (globals, { base, ...options }, [file]) =>
        (await change()).applyFile(globals, file as string, {
          ...options,
          base: base === undefined ? undefined : versionArgument(base, '--base'),
        }),
    }),
    sub<ExportOptions>({
      name: 'export',
      summary: 'print entries as a file that `apply` takes',
      options: [
        ['--kind <kind>', 'of this kind'],
        ['--ns <namespace>', 'of this namespace'],
        AT,
        ['--output <file>', 'write it there'],
      ],
      examples: ['export > registry.yaml', 'export --ns app.config --output config.yaml', '--json export'],
      run: async (globals, options) =>
        (await look()).exportEntries(globals, { ...options, version: versionOf(options) }),
    }),
    sub({
      name: 'verify',
      summary: 'check every version, entry and program against its hash',
      examples: ['verify'],
      run: async (globals) => (await keep()).verifyRegistry(globals),
    }),
    sub<PruneOptions>({
      name: 'prune',
      summary: 'drop old versions, and programs that no version and no run needs',
      options: [
        ['--keep <time>', 'versions younger than this stay: 30d, 12h; default 30d'],
        ['--no-temporal', 'do not ask Temporal which programs its runs need; all programs stay'],
      ],
      examples: ['prune --keep 30d', 'prune --keep 0s'],
      run: async (globals, options) => (await keep()).pruneRegistry(globals, options),
    }),
  ])
    command.addCommand(made);
  return command;
}
