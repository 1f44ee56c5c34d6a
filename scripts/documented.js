// What the public documentation has, page by page, against what the specs of the modules have.
//   node scripts/documented.js refresh FOLDER   reads the names out of the pages below FOLDER (its `en/`) into documented/names.json
//   node scripts/documented.js compare          compares them with the built specs; a gap without a row in documented/rows.json fails
// D1: only names are kept here, no sentence of a page.
// D2: a row is { differs, change } (how, and what an app has to change) or { left_out } (why; `answers`: the function is there and
//     answers with an error that says so); a row that names nothing is an error too.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { namesOf } from './documented/extract.js';
import { pages } from './documented/pages.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const namesFile = join(root, 'scripts/documented/names.json');
const MOST_DIFFERING = 0.05;

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

async function refresh(folder) {
  const names = {};
  const faults = [];
  for (const page of pages)
    try {
      names[page.page] = namesOf(readFileSync(join(folder, page.page), 'utf8'), page);
    } catch (error) {
      faults.push(error.message);
    }
  if (faults.length > 0) {
    process.stderr.write(`${faults.join('\n')}\n`);
    process.exit(1);
  }
  const options = { ...(await resolveConfig(namesFile)), parser: 'json' };
  writeFileSync(namesFile, await format(JSON.stringify(names), options));
  const count = Object.values(names).flat().length;
  process.stdout.write(`${count} names of ${pages.length} pages\n`);
}

/** Everything that a spec offers, as the names have it. */
function offered(spec, { descriptionOf }) {
  const names = new Set();
  const walk = (prefix, members) => {
    for (const [name, member] of Object.entries(members)) {
      if (member.is === 'table') walk(`${prefix}.${name}`, member.members);
      else names.add(`${prefix}.${name}`);
    }
  };
  walk(spec.name, spec.members);
  for (const type of spec.types ?? []) {
    for (const method of Object.keys(type.methods)) names.add(`${type.name}:${method}`);
    for (const method of Object.keys(descriptionOf(type)?.methods ?? {})) names.add(`${type.name}:${method}`);
  }
  return names;
}

/** Rows of the comparison: { page, name, state: done | differs | left out | not built | gap }. */
export async function compare() {
  const dist = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
  const [{ builtModules }, module] = await Promise.all([dist('modules/index.js'), dist('lua/module.js')]);
  const names = readJson(namesFile);
  const rows = readJson(join(root, 'scripts/documented/rows.json'));
  const unused = new Set(Object.keys(rows));
  const result = [];
  for (const { page, module: name } of pages) {
    const spec = builtModules.find((one) => one.name === name);
    const has = spec === undefined ? undefined : offered(spec, module);
    for (const wanted of names[page]) {
      const row = rows[wanted];
      unused.delete(wanted);
      const state =
        row?.differs !== undefined
          ? 'differs'
          : row?.left_out !== undefined
            ? 'left out'
            : has === undefined
              ? 'not built'
              : has.has(wanted)
                ? 'done'
                : 'gap';
      const contradiction =
        (state === 'differs' && has !== undefined && !has.has(wanted) && row.without !== true) ||
        (state === 'left out' && has !== undefined && has.has(wanted) !== (row.answers === true));
      result.push({
        page,
        module: name,
        name: wanted,
        state: contradiction ? 'contradiction' : state,
        ...row,
      });
    }
  }
  return { rows: result, unused: [...unused] };
}

async function report() {
  const { rows, unused } = await compare();
  const count = (state) => rows.filter((row) => row.state === state).length;
  const built = rows.filter(({ state }) => state !== 'not built').length;
  const faults = [
    ...rows
      .filter(({ state }) => state === 'gap')
      .map(
        ({ page, name }) =>
          `${page}: '${name}' is neither built nor explained in scripts/documented/rows.json`,
      ),
    ...rows
      .filter(({ state }) => state === 'contradiction')
      .map(({ page, name }) => `${page}: the row of '${name}' says other than the spec`),
    ...unused.map((name) => `scripts/documented/rows.json: '${name}' is on no page`),
  ];
  if (count('differs') > built * MOST_DIFFERING)
    faults.push(`${count('differs')} of ${built} functions differ: more than ${MOST_DIFFERING * 100} %`);
  process.stdout.write(
    `${rows.length} names of ${pages.length} pages: ${count('done')} done, ${count('differs')} differ, ${count('left out')} left out, ${count('not built')} of modules that are not built\n`,
  );
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  if (faults.length > 0) process.exit(1);
}

const [command, folder] = process.argv.slice(2);
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (command === 'refresh' && folder !== undefined) await refresh(folder);
  else if (command === 'compare') await report();
  else {
    process.stderr.write('usage: node scripts/documented.js refresh FOLDER | compare\n');
    process.exit(2);
  }
}
