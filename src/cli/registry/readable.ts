// Entries, versions and changes for people: YAML with Lua as it is written, differences line by line; and the same as JSON.
import { createTwoFilesPatch } from 'diff';
import { type Data, dataObject, type DataObject } from '../../core/data.js';
import { textDataToBytes } from '../../core/text.js';
import { formatYaml } from '../../core/yaml.js';
import { type Change, changedId, sidesOf } from '../../registry/model/changes.js';
import type { Entry } from '../../registry/model/entry.js';
import type { VersionInfo } from '../../registry/model/registry.js';

export const entryDocument = ({ id, kind, meta, data }: Entry): DataObject =>
  textDataToBytes(dataObject({ id, kind, meta: meta as DataObject, data: data as DataObject })) as DataObject;

export const versionDocument = ({ number, parent, ...version }: VersionInfo): DataObject =>
  textDataToBytes(
    dataObject({
      version: number,
      parent: parent ?? null,
      time: version.time,
      author: version.author,
      via: version.via,
      comment: version.comment,
      hash: version.hash,
    }),
  ) as DataObject;

export function changeDocument(change: Change): DataObject {
  const { before, after } = sidesOf(change);
  return dataObject({
    operation: change.op,
    entry: changedId(change),
    ...(before === undefined ? {} : { before: entryDocument(before.entry) }),
    ...(after === undefined ? {} : { after: entryDocument(after.entry) }),
    ...(before?.program === undefined ? {} : { program_before: before.program }),
    ...(after?.program === undefined ? {} : { program_after: after.program }),
  });
}

/** An entry as YAML of a definition file, with its id in front. */
export function entryYaml(entry: Entry): string {
  return formatYaml(entryDocument(entry));
}

const PROGRAM_DIGITS = 8;
const MARKS: Readonly<Record<Change['op'], string>> = { create: '+', update: '~', delete: '-' };

/** A change as a headline, and the differences of its fields and of each text of several lines. */
export function changeLines(
  change: Change,
  names: { readonly before: string; readonly after: string },
): string[] {
  const { before, after } = sidesOf(change);
  const kind = after?.entry.kind ?? before?.entry.kind ?? '';
  const lines = [`${MARKS[change.op]} ${change.op} ${changedId(change)} (${kind})`];
  const [left, right] = [before?.entry, after?.entry].map(partsOf);
  for (const part of new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])) {
    const [old = '', now = ''] = [left?.get(part), right?.get(part)];
    if (old !== now) lines.push(...patchLines(part, old, now, names));
  }
  if (lines.length === 1 && before?.program !== after?.program)
    lines.push(`    what it imports changed: program ${short(before?.program)} -> ${short(after?.program)}`);
  return lines;
}

const short = (hash: string | undefined): string => hash?.slice(0, PROGRAM_DIGITS) ?? 'none';

/** The fields as YAML under 'entry', and texts of several lines under their names. */
function partsOf(entry: Entry | undefined): Map<string, string> {
  const parts = new Map<string, string>();
  if (entry === undefined) return parts;
  const data = dataObject(entry.data);
  const texts: [string, string][] = [];
  for (const [field, value] of Object.entries(data))
    if (typeof value === 'string' && (value.includes('\n') || field === 'source')) {
      texts.push([field, value]);
      delete data[field];
    }
  parts.set(
    'entry',
    formatYaml(textDataToBytes(dataObject({ kind: entry.kind, meta: entry.meta as Data, data }))),
  );
  for (const [field, text] of texts) parts.set(field, text.endsWith('\n') ? text : `${text}\n`);
  return parts;
}

function patchLines(
  part: string,
  before: string,
  after: string,
  names: { readonly before: string; readonly after: string },
): string[] {
  const patch = createTwoFilesPatch(
    `${part} ${names.before}`,
    `${part} ${names.after}`,
    before,
    after,
    '',
    '',
    {
      context: 3,
    },
  );
  return patch
    .split('\n')
    .filter((line) => !line.startsWith('=====') && !line.startsWith('\\ No newline') && line !== '')
    .map((line) => (/^(---|\+\+\+) /.test(line) ? line.trimEnd() : line))
    .map((line) => `    ${line}`);
}

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const BOLD = '\u001b[1m';
const RESET = '\u001b[0m';

/** Differences in the colors that people know, on a terminal that has them. */
export function colored(
  line: string,
  wanted = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
): string {
  if (!wanted) return line;
  if (/^[+~-] (create|update|delete) /.test(line)) return `${BOLD}${line}${RESET}`;
  if (line.startsWith('    +')) return `${GREEN}${line}${RESET}`;
  if (line.startsWith('    -')) return `${RED}${line}${RESET}`;
  return line;
}

/** Text with control characters made visible: comments and names come from anywhere. */
export const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (char) =>
    char === '\n' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
