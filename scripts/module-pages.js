// docs/modules/: a page for each Lua module, made from its spec and its examples.
//   node scripts/module-pages.js           writes the pages
//   node scripts/module-pages.js --check   fails where a page is not what the specs give, or a function has no example
// M1: examples are sections of src/modules/<name>/examples.lua, `--- base64.encode` each, one for every function and method;
//     test/modules/examples.test.ts runs them, and test/e2e/module-examples.test.ts those that need an app around them.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { compare } from './documented.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs/modules');
const dist = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
const [{ builtModules }, { descriptionOf }] = await Promise.all([
  dist('modules/index.js'),
  dist('lua/module.js'),
]);

const USES = {
  sealed: 'answers at once, inside the workflow',
  deterministic: "answers at once, from the workflow's own clock or chance: the same at every replay",
  recorded: 'is a recorded command: an activity whose answer is in the history',
  function: 'is refused: call a `function.lua` that does it',
};
const useOf = (spec, signature) =>
  signature.workflow ?? (spec.workflow === 'refused' ? 'function' : spec.workflow);

/** Modules whose types have no words yet. */
const UNDESCRIBED = new Set(['sql']);

const code = (text) => `\`${text}\``;
const cell = (text) => text.replaceAll('|', '\\|');

/** Sections of a module's examples by name. */
export function examplesOf(name) {
  const file = join(root, `src/modules/${name}/examples.lua`);
  if (!existsSync(file)) return new Map();
  const sections = readFileSync(file, 'utf8').split(/^--- /m).slice(1);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end + 1).trim()];
    }),
  );
}

function functionText(spec, title, signature, example) {
  const lines = [`### ${code(`${title}(${signature.params.join(', ')})`)}`, '', signature.summary, ''];
  if (signature.returns.length > 0) lines.push(`Returns ${signature.returns.map(code).join(', ')}.`, '');
  const told = (signature.parameters ?? []).filter(({ meaning }) => meaning !== '');
  if (told.length > 0) {
    lines.push('| argument | type | meaning |', '| --- | --- | --- |');
    for (const { name, type, meaning } of told)
      lines.push(`| ${code(name)} | ${code(cell(type))} | ${cell(meaning)} |`);
    lines.push('');
  }
  if (signature.errors.length > 0) {
    const when = (kind) => (signature.fails?.[kind] === undefined ? '' : ` when ${signature.fails[kind]}`);
    lines.push(`Errors: ${signature.errors.map((kind) => `${code(kind)}${when(kind)}`).join('; ')}.`, '');
  }
  const use = useOf(spec, signature);
  if (use !== useOf(spec, {})) lines.push(`In a workflow it ${USES[use]}.`, '');
  if (example !== undefined) lines.push('```lua', example, '```', '');
  return lines.join('\n');
}

/** Whether the examples say that they need the app of APP around them. */
function needsApp(name) {
  const file = join(root, `src/modules/${name}/examples.lua`);
  return existsSync(file) && readFileSync(file, 'utf8').split(/^--- /m)[0].includes('examples-app.yaml');
}

const APP = join(root, 'src/modules/examples-app.yaml');

const valueText = (value) =>
  typeof value === 'string' ? `"${value}"` : typeof value === 'object' ? 'a value' : String(value);

function pageOf(spec, differences) {
  const examples = examplesOf(spec.name);
  const missing = [];
  const undescribed = [];
  const text = (title, signature) => {
    const example = examples.get(title);
    if (example === undefined) missing.push(title);
    examples.delete(title);
    return functionText(spec, title, signature, example);
  };
  const functions = [];
  const constants = [];
  const walk = (prefix, members) => {
    for (const [name, member] of Object.entries(members)) {
      const title = `${prefix}.${name}`;
      if (member.is === 'table') walk(title, member.members);
      else if (member.is === 'function') functions.push(text(title, member));
      else constants.push(`| ${code(title)} | ${code(cell(valueText(member.value)))} |`);
    }
  };
  walk(spec.name, spec.members);
  const types = (spec.types ?? []).flatMap((type) => {
    const described = descriptionOf(type);
    if (described === undefined) {
      if (Object.keys(type.methods).length > 0 && !UNDESCRIBED.has(spec.name)) undescribed.push(type.name);
      return [];
    }
    const methods = Object.entries(described.methods).map(([name, signature]) =>
      text(`${type.name}:${name}`, signature),
    );
    return [`## ${code(type.name)}`, '', described.summary, '', ...methods];
  });
  const table = differences.filter(({ module }) => module === spec.name);
  const page = [
    `<!-- Made by scripts/module-pages.js from src/modules/${spec.name}; change it there. -->`,
    '',
    `# ${code(spec.name)}`,
    '',
    spec.summary.endsWith('.') ? spec.summary : `${spec.summary}.`,
    '',
    `In a workflow each function ${USES[useOf(spec, {})]}, unless it says otherwise.`,
    '',
    ...(needsApp(spec.name)
      ? ['The examples run in [the app of the examples](README.md#the-app-of-the-examples).', '']
      : []),
    ...(functions.length > 0 ? ['## Functions', '', ...functions] : []),
    ...types,
    ...(constants.length > 0
      ? ['## Constants', '', '| name | value |', '| --- | --- |', ...constants, '']
      : []),
    ...(table.length > 0
      ? ['## Where it differs from the documentation', '', ...differencesTable(table)]
      : []),
  ].join('\n');
  return { page, missing, undescribed, extra: [...examples.keys()] };
}

const differencesTable = (rows) => [
  '| name | | what |',
  '| --- | --- | --- |',
  ...rows.map((row) =>
    row.state === 'differs'
      ? `| ${code(row.name)} | differs | ${cell(row.differs)}; ${cell(row.change)} |`
      : `| ${code(row.name)} | left out | ${cell(row.left_out)} |`,
  ),
  '',
];

function indexPage(rows) {
  const names = builtModules.map(({ name }) => name).toSorted();
  const summary = (name) => builtModules.find((spec) => spec.name === name)?.summary ?? '';
  const differences = rows.filter(({ state }) => state === 'differs' || state === 'left out');
  const done = rows.filter(({ state }) => state === 'done').length;
  return [
    '<!-- Made by scripts/module-pages.js; change the specs. -->',
    '',
    '# Lua modules',
    '',
    ...names.map((name) => `- [${code(name)}](${name}.md): ${summary(name)}`),
    '',
    '## The app of the examples',
    '',
    'The examples of modules that call functions, start workflows or use a database run in this app:',
    '',
    '```yaml',
    readFileSync(APP, 'utf8').trimEnd(),
    '```',
    '',
    '## Against the public documentation',
    '',
    `Of the names of its pages of these modules ${done} are done; the others are here.`,
    '',
    ...differencesTable(differences),
  ].join('\n');
}

const { rows } = await compare();
const options = { ...(await resolveConfig(join(folder, 'x.md'))), parser: 'markdown' };
const pages = new Map();
const faults = [];
for (const spec of builtModules) {
  const { page, missing, undescribed, extra } = pageOf(
    spec,
    rows.filter(({ state }) => state === 'differs' || state === 'left out'),
  );
  pages.set(`${spec.name}.md`, page);
  for (const title of missing)
    faults.push(`src/modules/${spec.name}/examples.lua has no section '--- ${title}'`);
  for (const type of undescribed)
    faults.push(`src/modules/${spec.name}: nobody says what the methods of '${type}' are; call describeType`);
  for (const title of extra)
    faults.push(`src/modules/${spec.name}/examples.lua: there is no function '${title}'`);
}
pages.set('README.md', indexPage(rows));

const check = process.argv.includes('--check');
mkdirSync(folder, { recursive: true });
for (const [file, page] of pages) {
  const wanted = await format(page, options);
  const path = join(folder, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) continue;
  if (check)
    faults.push(`docs/modules/${file} is not what the specs give; run \`node scripts/module-pages.js\``);
  else writeFileSync(path, wanted);
}
for (const file of readdirSync(folder)) {
  if (pages.has(file)) continue;
  if (check) faults.push(`docs/modules/${file} is of no module; run \`node scripts/module-pages.js\``);
  else rmSync(join(folder, file));
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
if (faults.length > 0) process.exit(1);
