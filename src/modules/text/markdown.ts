// Markdown in chunks that keep its structure: a chunk begins with the heading it stands under, code and tables stay whole. Sealed.
import { lengthOf, splitRecursively } from './chunks.js';
import type { ChunkSize } from './chunks.js';

export interface MarkdownOptions extends ChunkSize {
  /** Fenced code stays in one chunk, whatever its size. */
  readonly codeBlocks: boolean;
  /** `[text][name]` becomes `[text](url)`, so that a chunk has its links whole. */
  readonly referenceLinks: boolean;
  /** A chunk begins with all headings above it, not only the nearest. */
  readonly headingHierarchy: boolean;
  /** Rows of a table stay together; what is too long is cut between rows, and each part has the head. */
  readonly joinTableRows: boolean;
}

interface Block {
  readonly is: 'text' | 'code' | 'table';
  readonly text: string;
}

interface Section {
  /** Headings above its blocks, from the outermost to its own. */
  readonly headings: readonly string[];
  readonly blocks: Block[];
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?:\s|$)/;
const DEFINITION = /^ {0,3}\[([^\]\n]{1,999})\]:\s*<?([^\s>]+)>?.*$/;

/** The sections of a text, and the links that it defines by name. */
function parse(text: string): { readonly sections: Section[]; readonly links: ReadonlyMap<string, string> } {
  const sections: Section[] = [{ headings: [], blocks: [] }];
  const links = new Map<string, string>();
  let open: { readonly level: number; readonly text: string }[] = [];
  let lines: string[] = [];
  let kind: Block['is'] = 'text';
  const flush = (): void => {
    const block = lines.join('\n').replace(/^\n+/, '').trimEnd();
    if (block !== '') sections.at(-1)?.blocks.push({ is: kind, text: block });
    lines = [];
    kind = 'text';
  };
  let fence: string | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      lines.push(line);
      if (mark?.startsWith(fence) === true && line.trim() === mark) {
        fence = undefined;
        flush();
      }
      continue;
    }
    if (mark !== undefined) {
      flush();
      kind = 'code';
      fence = mark;
      lines.push(line);
      continue;
    }
    const level = HEADING.exec(line)?.[1]?.length;
    if (level !== undefined) {
      flush();
      open = [...open.filter((one) => one.level < level), { level, text: line.trim() }];
      sections.push({ headings: open.map((one) => one.text), blocks: [] });
      continue;
    }
    const [, name, url] = DEFINITION.exec(line) ?? [];
    if (name !== undefined && url !== undefined) links.set(name.toLowerCase(), url);
    const isRow = /^\s*\|.*\|\s*$/.test(line);
    if (line.trim() === '' || isRow !== (kind === 'table')) flush();
    if (isRow) kind = 'table';
    if (line.trim() !== '') lines.push(line);
  }
  flush();
  return { sections, links };
}

const inlineLinks = (text: string, links: ReadonlyMap<string, string>): string =>
  text.replace(/\[([^[\]\n]+)\](?:\[([^[\]\n]*)\])/g, (whole: string, label: string, name: string) => {
    const url = links.get((name === '' ? label : name).toLowerCase());
    return url === undefined ? whole : `[${label}](${url})`;
  });

/** Rows in parts of at most `room` characters, each with the head. */
function splitTable(text: string, room: number): string[] {
  const [title = '', rule = '', ...rows] = text.split('\n');
  const head = `${title}\n${rule}`;
  const parts: string[] = [];
  let part = head;
  for (const row of rows) {
    if (part !== head && lengthOf(part) + 1 + lengthOf(row) > room) {
      parts.push(part);
      part = head;
    }
    part = `${part}\n${row}`;
  }
  return [...parts, part];
}

const SEPARATORS = ['\n\n', '\n', ' ', ''];

export function splitMarkdown(text: string, options: MarkdownOptions): string[] {
  const { sections, links } = parse(text);
  return sections.flatMap((section) => splitSection(section, links, options));
}

function splitSection(
  { headings, blocks }: Section,
  links: ReadonlyMap<string, string>,
  options: MarkdownOptions,
): string[] {
  const heading = (options.headingHierarchy ? headings : headings.slice(-1)).join('\n');
  // A heading that leaves no room is part of the text and cut like it.
  const room = options.size - lengthOf(heading) - 1;
  const isLong = room < options.size / 4;
  const within = {
    ...options,
    size: isLong ? options.size : room,
    overlap: Math.min(options.overlap, Math.max(0, room - 1)),
  };
  const chunks: string[] = [];
  let chunk = '';
  const flush = (): void => {
    if (chunk !== '') chunks.push(chunk);
    chunk = '';
  };
  for (const block of blocks)
    for (const piece of piecesOf(block, links, within)) {
      const joined = chunk === '' ? piece : `${chunk}\n\n${piece}`;
      if (chunk !== '' && lengthOf(joined) > within.size) {
        flush();
        chunk = piece;
      } else chunk = joined;
    }
  flush();
  if (heading === '') return chunks;
  if (chunks.length === 0) return options.headingHierarchy && headings.length > 0 ? [] : [heading];
  if (isLong)
    return [
      ...splitRecursively(heading, { ...options, separators: SEPARATORS, keepSeparator: false }),
      ...chunks,
    ];
  return chunks.map((one) => `${heading}\n${one}`);
}

function piecesOf(
  { is, text }: Block,
  links: ReadonlyMap<string, string>,
  options: MarkdownOptions,
): string[] {
  if (is === 'code' && options.codeBlocks) return [text];
  if (is === 'table' && options.joinTableRows) return splitTable(text, options.size);
  const whole = options.referenceLinks && is !== 'code' ? inlineLinks(text, links) : text;
  if (lengthOf(whole) <= options.size) return [whole];
  return splitRecursively(whole, { ...options, separators: SEPARATORS, keepSeparator: false });
}
