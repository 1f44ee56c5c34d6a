// Names out of a page of the public documentation: functions, methods and constants of its module. Only names and results are
// kept; no sentence of a page is.
// X1: a method whose receiver no page setting knows stops the reading, so that nothing is missed in silence.

const FENCE = /^\s*(?:```|<code-block|<\/code-block)/;

/** The lines of code of a page, and its tables. */
function split(markdown) {
  const code = [];
  const tables = [];
  let fenced = false;
  let table;
  for (const line of markdown.split('\n')) {
    if (FENCE.test(line)) {
      fenced = line.includes('</code-block') ? false : !fenced;
      continue;
    }
    if (fenced) {
      code.push(line.replace(/--.*$/, ''));
      table = undefined;
    } else if (line.startsWith('|')) {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      if (table === undefined) tables.push((table = { head: cells[0], rows: [] }));
      else if (!cells[0].startsWith('--')) table.rows.push(cells[0]);
    } else table = undefined;
  }
  return { code, tables };
}

const CALL = /([A-Za-z_][\w.]*(?:\[\d+\])?(?:[.:]\w+\([^()]*\))?):([A-Za-z_]\w*)\s*[({"]/g;

/** Names as the comparison has them: `time.now`, `Time:add`, `time.RFC3339`. */
export function namesOf(markdown, { page, module, receivers, tables, others, more = [], less = [] }) {
  const names = new Set();
  const unknown = new Set();
  const { code, tables: found } = split(markdown);
  const text = code.join('\n').replace(/"[^"\n]*"|'[^'\n]*'/g, '""');
  const member = new RegExp(`(?<![\\w.:])${module}((?:\\.[A-Za-z_]\\w*)+)`, 'g');
  for (const [, path] of text.matchAll(member)) names.add(`${module}${path}`);
  for (const [, name] of text.matchAll(new RegExp(`(?<![\\w.:])${module}:(\\w+)\\(`, 'g')))
    names.add(`${module}.${name}`);
  for (const [, receiver, method] of text.matchAll(CALL)) {
    const plain = receiver.replace(/\([^()]*\)/g, '()');
    if (plain === module) continue;
    const type = receivers[plain];
    if (type !== undefined) names.add(`${type}:${method}`);
    else if (!others.includes(plain)) unknown.add(`${plain}:${method}`);
  }
  if (unknown.size > 0)
    throw new Error(
      `${page}: nobody knows what these are called on; add them to scripts/documented/pages.js: ${[...unknown].join(', ')}`,
    );
  for (const { head, rows } of found)
    for (const row of rows) {
      const cell = row.match(/^`([\w.:]+)(?:\([^`]*\))?`$/)?.[1];
      if (cell === undefined) continue;
      if (cell.startsWith(`${module}.`)) names.add(cell);
      else if (tables[head] !== undefined) names.add(`${tables[head]}:${cell.replace(/^\w+:/, '')}`);
    }
  // A table of functions (`text.diff`) is no name of its own where its members are.
  for (const name of [...names])
    if ([...names].some((other) => other.startsWith(`${name}.`))) names.delete(name);
  for (const name of [module, ...less]) names.delete(name);
  for (const name of more) names.add(name);
  return [...names].sort();
}
