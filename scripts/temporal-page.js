// docs/temporal.md: every export of Temporal's TypeScript SDK for workflows, activities and clients, and how Lua says it.
//   node scripts/temporal-page.js           writes the page
//   node scripts/temporal-page.js --check   fails where an export has no row, a row no export, or the page is old
// P1: exports are those that the installed SDK has at run time; its types are the shapes of what these take.
// P2: the snippets are run by test/e2e/temporal-page.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { inFunctions, rows } from './temporal-page/rows.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs/temporal.md');

/** Lua by the title of its section. */
export function snippets() {
  const sections = readFileSync(join(root, 'scripts/temporal-page/snippets.lua'), 'utf8').split(/^--- /m);
  return new Map(
    sections.slice(1).map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end + 1).trim()];
    }),
  );
}

const anchor = (title) => `#${title.replaceAll(' ', '-')}`;

function table(exports) {
  const lines = ['| export | in Lua | |', '| --- | --- | --- |'];
  for (const [name, { text, snippet, why }] of Object.entries(exports))
    lines.push(
      text === undefined
        ? `| \`${name}\` | not: ${why} | |`
        : `| \`${name}\` | ${text} | [${snippet}](${anchor(snippet)}) |`,
    );
  return lines;
}

function pageText() {
  return [
    '<!-- Made by scripts/temporal-page.js; change its rows and snippets. -->',
    '',
    "# Coming from Temporal's TypeScript SDK",
    '',
    'Everything that the packages `@temporalio/workflow`, `@temporalio/activity` and `@temporalio/client` export, and how Lua',
    'says it. Each snippet is run by a test, against a real server.',
    '',
    'A function is an activity when a workflow calls it; a workflow is an entry, started by its id from any SDK. Runs stay on the',
    'program they began with, so there is no bundle, no worker version and no patching for a change of Lua.',
    '',
    ...Object.entries(rows).flatMap(([name, exports]) => [
      `## \`@temporalio/${name}\``,
      '',
      ...table(exports),
      '',
    ]),
    '## Snippets',
    '',
    ...[...snippets()].flatMap(([title, code]) => [
      `### ${title}`,
      '',
      ...(inFunctions.includes(title) ? ['In a function:', ''] : []),
      '```lua',
      code,
      '```',
      '',
    ]),
  ].join('\n');
}

/** What is missing on either side. */
async function faults() {
  const found = [];
  const known = snippets();
  for (const [name, exports] of Object.entries(rows)) {
    const there = Object.keys(await import(`@temporalio/${name}`)).filter(
      (one) => !['default', 'module.exports', '__esModule'].includes(one),
    );
    for (const one of there)
      if (exports[one] === undefined) found.push(`@temporalio/${name} exports '${one}', which has no row`);
    for (const [one, { snippet }] of Object.entries(exports)) {
      if (!there.includes(one)) found.push(`@temporalio/${name} has no '${one}'; take its row away`);
      if (snippet === undefined) continue;
      if (!known.has(snippet))
        found.push(`the row of '${one}' names the snippet '${snippet}', which there is not`);
    }
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await faults();
  const text = await format(pageText(), { ...(await resolveConfig(page)), parser: 'markdown' });
  if (process.argv.includes('--check')) {
    let old = '';
    try {
      old = readFileSync(page, 'utf8');
    } catch {
      // it is not there yet
    }
    if (old !== text)
      found.push('docs/temporal.md is not what its rows give; run `node scripts/temporal-page.js`');
  } else writeFileSync(page, text);
  for (const fault of found) process.stderr.write(`${fault}\n`);
  process.exit(found.length > 0 ? 1 : 0);
}
