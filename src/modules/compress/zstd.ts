// Zstandard on a node, by the reference library as WebAssembly. Host only: loaded when the first program asks.
// Z1: the sizes that frames declare are looked at before memory is taken for them; frames without one get memory step by step.
// Z2: a frame of a dictionary has a checksum, for by another dictionary it would be read as other data.
// Z3: the library is given one frame at a time: of several it would look at the first one's size only.
import { bytesToArray, arrayToBytes } from '../../core/bytes.js';
import { CompressError, exceeds } from './errors.js';
import { xxh64 } from './xxh64.js';

type Library = typeof import('@bokuweb/zstd-wasm');

let loading: Promise<Library> | undefined;

function library(): Promise<Library> {
  loading ??= import('@bokuweb/zstd-wasm').then(async (loaded) => {
    await loaded.init();
    return loaded;
  });
  return loading;
}

interface Frame {
  readonly start: number;
  readonly end: number;
  /** Bytes of its content, where it says so. */
  readonly declared: number | undefined;
}

const FRAME = 0xfd2fb528;
const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;
const CHECKSUM = 0x04;

/** The frames of a text one after the other, without those to be skipped. RFC 8878, 3.1. */
function framesOf(data: Uint8Array): readonly Frame[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const frames: Frame[] = [];
  let at = 0;
  while (at < data.length) {
    const start = at;
    if (data.length < at + 8) throw NO_FRAME();
    const magic = view.getUint32(at, true);
    if (isSkippable(magic)) {
      at += 8 + view.getUint32(at + 4, true);
      if (at > data.length) throw CUT_OFF();
      continue;
    }
    if (magic !== FRAME) throw NO_FRAME();
    const { end: blocks, declared } = headerOf(view, at);
    at = afterBlocks(view, blocks) + ((data[start + 4] ?? 0) & CHECKSUM);
    if (at > data.length) throw CUT_OFF();
    frames.push({ start, end: at, declared });
  }
  return frames;
}

const NO_FRAME = (): CompressError => new CompressError('Invalid', 'the data is no zstd frame');
const CUT_OFF = (): CompressError => new CompressError('Invalid', 'the data was cut off');

/** 3.1.1.1 */
function headerOf(
  view: DataView,
  start: number,
): { readonly end: number; readonly declared: number | undefined } {
  const descriptor = view.getUint8(start + 4);
  const single = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const at = start + 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const bytes = flag === 0 ? (single ? 1 : 0) : 2 ** flag;
  if (view.byteLength < at + bytes) throw CUT_OFF();
  if (bytes === 0) return { end: at, declared: undefined };
  let size = 0;
  for (let index = at + bytes - 1; index >= at; index--) size = size * 256 + view.getUint8(index);
  return { end: at + bytes, declared: bytes === 2 ? size + 256 : size };
}

/** 3.1.1.2 */
function afterBlocks(view: DataView, start: number): number {
  for (let at = start; at + 3 <= view.byteLength;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const isRepeated = ((header >> 1) & 3) === 1; // one byte, however often it stands for itself
    at += 3 + (isRepeated ? 1 : header >> 3);
    if ((header & 1) !== 0) return at;
  }
  throw CUT_OFF();
}

export async function compress(data: string, level: number, dictionary: string | undefined): Promise<string> {
  const zstd = await library();
  const input = bytesToArray(data);
  if (dictionary === undefined) return arrayToBytes(zstd.compress(input, level));
  const context = zstd.createCCtx();
  try {
    return arrayToBytes(
      withChecksum(zstd.compressUsingDict(context, input, bytesToArray(dictionary), level), input),
    );
  } finally {
    zstd.freeCCtx(context);
  }
}

/** Z2 */
function withChecksum(frame: Uint8Array, content: Uint8Array): Uint8Array {
  const summed = new Uint8Array(frame.length + 4);
  summed.set(frame);
  summed[4] = (frame[4] ?? 0) | CHECKSUM;
  new DataView(summed.buffer).setUint32(frame.length, Number(xxh64(content) & 0xffffffffn), true);
  return summed;
}

/** The library's error when there is more than it was given memory for. */
const TOO_SMALL = /code -70$/;
const FIRST_HEAP = 1024 * 1024;

export async function decompress(
  data: string,
  most: number,
  dictionary: string | undefined,
): Promise<string> {
  const input = bytesToArray(data);
  const frames = framesOf(input);
  if (frames.length === 0) throw NO_FRAME();
  if (frames.reduce((sum, { declared = 0 }) => sum + declared, 0) > most) throw exceeds(most);
  const zstd = await library();
  const dict = dictionary === undefined ? undefined : bytesToArray(dictionary);
  const parts: string[] = [];
  let size = 0;
  for (const frame of frames) {
    const content = decompressFrame(zstd, input.subarray(frame.start, frame.end), frame, most - size, dict);
    size += content.length;
    if (size > most) throw exceeds(most);
    parts.push(arrayToBytes(content));
  }
  return parts.join('');
}

function decompressFrame(
  zstd: Library,
  input: Uint8Array,
  { declared }: Frame,
  most: number,
  dictionary: Uint8Array | undefined,
): Uint8Array {
  const attempt = (defaultHeapSize: number): Uint8Array => {
    if (dictionary === undefined) return zstd.decompress(input, { defaultHeapSize });
    const context = zstd.createDCtx();
    try {
      return zstd.decompressUsingDict(context, input, dictionary, { defaultHeapSize });
    } finally {
      zstd.freeDCtx(context);
    }
  };
  for (let heap = Math.min(most, FIRST_HEAP); ; heap = Math.min(most, heap * 8))
    try {
      return attempt(heap);
    } catch (error) {
      const tooSmall = error instanceof Error && TOO_SMALL.test(error.message);
      if (!tooSmall)
        throw new CompressError('Invalid', 'the data is no zstd, was cut off, or needs another dictionary', {
          cause: error,
        });
      if (declared !== undefined || heap >= most) throw exceeds(most);
    }
}
