// Files of volumes over HTTP: types, conditions and ranges (RFC 9110, sections 13 and 14).
// F1: the volume keeps a path inside; here only the text of the path is cleaned, and names that begin with a dot are not served.
// F2: a file goes out piece by piece, and is closed when it is done or the client goes away.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import mime from 'mime';
import parseRange from 'range-parser';
import { PlatformError } from '../../core/errors.js';
import { cleanPath } from '../../lua/handles.js';
import type { FileFacts, OpenFile, Volume } from '../../modules/fs/host.js';
import { errorBody } from './answers.js';

const CHUNK = 64 * 1024;

export interface FileOptions {
  /** File that stands for a folder; '' for none. */
  readonly index: string;
  /** Every path without a file gives the index of the root. */
  readonly spa: boolean;
  /** Value of Cache-Control. */
  readonly cache: string | undefined;
}

interface Found {
  readonly path: string;
  readonly facts: FileFacts;
}

/** What is sent; the head is set. */
type Payload = Readable | string | undefined;

/** `path`: decoded bytes, below the volume's root. */
export async function fileAnswer(
  volume: Volume,
  path: string,
  options: FileOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Payload> {
  const found = await find(volume, path, options);
  if (found === undefined) return notFound(reply);
  return answerWith(volume, found, options.cache, request, reply);
}

function notFound(reply: FastifyReply): string {
  reply.code(404).header('content-type', 'application/json');
  return errorBody('NotFound', 'there is no such file');
}

async function find(volume: Volume, path: string, { index, spa }: FileOptions): Promise<Found | undefined> {
  if (path.includes('\0')) return undefined;
  const clean = cleanPath(path, '/');
  const hidden = clean.split('/').some((part) => part.startsWith('.') && part !== '.well-known');
  if (!hidden) {
    const facts = await factsOf(volume, clean);
    if (facts?.type === 'file') return { path: clean, facts };
    if (facts?.type === 'directory' && index !== '') {
      const inside = clean === '/' ? `/${index}` : `${clean}/${index}`;
      const indexFacts = await factsOf(volume, inside);
      if (indexFacts?.type === 'file') return { path: inside, facts: indexFacts };
    }
  }
  if (!spa) return undefined;
  const facts = await factsOf(volume, `/${index}`);
  return facts?.type === 'file' ? { path: `/${index}`, facts } : undefined;
}

/** A path that a volume refuses (a link out of it, bytes that are no name) is not there, for clients. */
async function factsOf(volume: Volume, path: string): Promise<FileFacts | undefined> {
  try {
    return await volume.stat(path);
  } catch (error) {
    if (error instanceof PlatformError && error.kind !== 'Internal' && error.kind !== 'Unavailable')
      return undefined;
    throw error;
  }
}

async function answerWith(
  volume: Volume,
  { path, facts }: Found,
  cache: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Payload> {
  const { size, modified } = facts;
  const etag = `W/"${size.toString(16)}-${Math.round(modified * 1000).toString(16)}"`;
  const lastModified = new Date(modified * 1000).toUTCString();
  reply.header('etag', etag).header('last-modified', lastModified).header('accept-ranges', 'bytes');
  if (cache !== undefined) reply.header('cache-control', cache);
  const type = mime.getType(path) ?? 'application/octet-stream';
  if (reply.getHeader('content-type') === undefined)
    reply.header(
      'content-type',
      /^text\/|javascript$|json$|xml$/.test(type) ? `${type}; charset=utf-8` : type,
    );
  reply.header('x-content-type-options', 'nosniff');
  if (fresh(request.headers, { etag, 'last-modified': lastModified })) {
    for (const name of ['content-type', 'accept-ranges'] as const) reply.removeHeader(name);
    reply.code(304);
    return undefined;
  }
  const range = wantedRange(request, size, lastModified);
  if (range === 'none') {
    reply.removeHeader('content-type');
    reply.code(416).header('content-range', `bytes */${size}`);
    return undefined;
  }
  const [start, length] = range === undefined ? [0, size] : [range.start, range.end - range.start + 1];
  if (range !== undefined)
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
  reply.header('content-length', String(length));
  if (request.method === 'HEAD') return undefined;
  const file = await volume.open(path, 'r');
  // Sent as it was found: one that has grown meanwhile would break the length that was told.
  return Readable.from(pieces(file, start, length), { objectMode: false, highWaterMark: CHUNK });
}

type Range = { readonly start: number; readonly end: number };

/** undefined: the whole file; 'none': no part that there is. */
function wantedRange(
  request: FastifyRequest,
  size: number,
  lastModified: string,
): Range | 'none' | undefined {
  const { range, 'if-range': condition } = request.headers;
  if (range === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return undefined;
  // The tag is a weak one, which is no condition for a part.
  if (condition !== undefined && condition !== lastModified) return undefined;
  const ranges = parseRange(size, range, { combine: true });
  if (ranges === -1) return 'none';
  // Several parts would want a multipart answer, which nobody has to give (RFC 9110, 14.2).
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

async function* pieces(file: OpenFile, start: number, length: number): AsyncGenerator<Buffer> {
  try {
    if (start > 0) await file.seek('set', start);
    for (let left = length; left > 0;) {
      const data = await file.read(Math.min(CHUNK, left));
      if (data === undefined) throw new Error('the file became shorter while it was sent');
      left -= data.length;
      yield Buffer.from(data, 'latin1');
    }
  } finally {
    await file[Symbol.asyncDispose]();
  }
}

/** For X-Sendfile: the path as the program gave it. */
export async function namedFileAnswer(
  volume: Volume,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Payload> {
  const clean = cleanPath(path, '/');
  const facts = await factsOf(volume, clean);
  return facts?.type === 'file'
    ? answerWith(volume, { path: clean, facts }, undefined, request, reply)
    : notFound(reply);
}
