// Compression on a node, beside the event loop (zstd: on it).
// `compress.encode` { algorithm, data, level, dict? } -> bytes
// `compress.decode` { algorithm, data, max_size, dict? } -> bytes
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { Command } from '../../core/command.js';
import type { HostHandlers } from '../../core/handler.js';
import { CompressError, exceeds } from './errors.js';
import { compress, decompress } from './zstd.js';

type Transform = (data: Buffer, options: zlib.ZlibOptions & zlib.BrotliOptions) => Promise<Buffer>;

/** What comes with `info`, which the types leave out. */
type Decode = (
  data: Buffer,
  options: zlib.ZlibOptions & zlib.BrotliOptions & { readonly info: true },
) => Promise<{ readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }>;
const withInfo = (decode: unknown): Decode => decode as Decode;

const brotliCompress = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);
const brotli: Transform = (data, { level = 6 }) =>
  brotliCompress(data, {
    params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: level,
      [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    },
  });

const CODECS: Readonly<Record<string, { readonly encode: Transform; readonly decode: Decode }>> = {
  gzip: {
    encode: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip),
    decode: withInfo(promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)),
  },
  zlib: {
    encode: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflate),
    decode: withInfo(promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)),
  },
  deflate: {
    encode: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflateRaw),
    decode: withInfo(promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw)),
  },
  brotli: {
    encode: brotli,
    decode: withInfo(promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)),
  },
};

const textOf = (command: Command, field: string): string => {
  const value = command[field];
  if (typeof value === 'string') return value;
  throw new CompressError('Invalid', `'${command.type}' needs a string as ${field}`);
};
const dictOf = ({ dict }: Command): string | undefined => (typeof dict === 'string' ? dict : undefined);

export const compressHandlers: HostHandlers = {
  'compress.encode': async (command) => {
    const [algorithm, data, level] = [
      textOf(command, 'algorithm'),
      textOf(command, 'data'),
      Number(command['level']),
    ];
    const codec = CODECS[algorithm];
    if (codec === undefined) return compress(data, level, dictOf(command));
    return (await codec.encode(Buffer.from(data, 'latin1'), { level })).toString('latin1');
  },
  'compress.decode': async (command) => {
    const [algorithm, data, most] = [
      textOf(command, 'algorithm'),
      textOf(command, 'data'),
      Number(command['max_size']),
    ];
    const codec = CODECS[algorithm];
    if (codec === undefined) return decompress(data, most, dictOf(command));
    const input = Buffer.from(data, 'latin1');
    try {
      const { buffer, engine } = await codec.decode(input, { maxOutputLength: most, info: true });
      if (algorithm !== 'gzip' && engine.bytesWritten < input.length)
        throw new CompressError('Invalid', `the data goes on after the end of its ${algorithm}`);
      return buffer.toString('latin1');
    } catch (error) {
      if (error instanceof CompressError) throw error;
      if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
        throw exceeds(most);
      throw new CompressError('Invalid', `the data is no ${algorithm}, or was cut off`, { cause: error });
    }
  },
};
