// Zstandard on a node, by the reference library as WebAssembly. Host only: loaded when the first program asks.
// Z1: the size that a frame declares is looked at before memory is taken for it; frames without one get memory step by step.
import { bytesToArray, arrayToBytes } from '../../core/bytes.js';
import { CompressError, exceeds } from './errors.js';

type Library = typeof import('@bokuweb/zstd-wasm');

let loading: Promise<Library> | undefined;

function library(): Promise<Library> {
  loading ??= import('@bokuweb/zstd-wasm').then(async (loaded) => {
    await loaded.init();
    return loaded;
  });
  return loading;
}

/** The size of the first frame's content; undefined where the frame does not say it. RFC 8878, 3.1.1.1. */
export function declaredSize(data: string): number | undefined {
  if (!data.startsWith('\x28\xb5\x2f\xfd')) throw new CompressError('Invalid', 'the data is no zstd frame');
  const descriptor = data.charCodeAt(4);
  const single = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const bytes = flag === 0 ? (single ? 1 : 0) : 2 ** flag;
  if (data.length < at + bytes) throw new CompressError('Invalid', 'the data ends within its header');
  if (bytes === 0) return undefined;
  let size = 0;
  for (let index = at + bytes - 1; index >= at; index--) size = size * 256 + data.charCodeAt(index);
  return bytes === 2 ? size + 256 : size;
}

export async function compress(data: string, level: number, dictionary: string | undefined): Promise<string> {
  const zstd = await library();
  const input = bytesToArray(data);
  if (dictionary === undefined) return arrayToBytes(zstd.compress(input, level));
  const context = zstd.createCCtx();
  try {
    return arrayToBytes(zstd.compressUsingDict(context, input, bytesToArray(dictionary), level));
  } finally {
    zstd.freeCCtx(context);
  }
}

/** The library's error when there is more than it was given memory for. */
const TOO_SMALL = /code -70$/;
const FIRST_HEAP = 1024 * 1024;

export async function decompress(
  data: string,
  most: number,
  dictionary: string | undefined,
): Promise<string> {
  const declared = declaredSize(data);
  if (declared !== undefined && declared > most) throw exceeds(most);
  const zstd = await library();
  const input = bytesToArray(data);
  const attempt = (defaultHeapSize: number): Uint8Array => {
    if (dictionary === undefined) return zstd.decompress(input, { defaultHeapSize });
    const context = zstd.createDCtx();
    try {
      return zstd.decompressUsingDict(context, input, bytesToArray(dictionary), { defaultHeapSize });
    } finally {
      zstd.freeDCtx(context);
    }
  };
  for (let heap = Math.min(most, FIRST_HEAP); ; heap = Math.min(most, heap * 8))
    try {
      return arrayToBytes(attempt(heap));
    } catch (error) {
      const tooSmall = error instanceof Error && TOO_SMALL.test(error.message);
      if (!tooSmall)
        throw new CompressError('Invalid', 'the data is no zstd, was cut off, or needs another dictionary', {
          cause: error,
        });
      if (declared !== undefined || heap >= most) throw exceeds(most);
    }
}
