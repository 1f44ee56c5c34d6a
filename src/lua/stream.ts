// Streams of bytes that other modules hand out: what comes in, piece by piece. Sealed.
// `stream.read` { stream, size } -> bytes or null at the end; `stream.close` { stream } -> null
//   stream: the number of a handle that the module's host owns (core/http-exchange.ts: ByteSource)
// S1: a stream lives on its node; it cannot be kept over the steps of a workflow.
import { nextPiece, SPLITS } from '../core/pieces.js';
import type { Split } from '../core/pieces.js';
import type { Data } from '../core/data.js';
import { dataObject } from '../core/data.js';
import { errorFromData, failure } from './instance/error-object.js';
import { fromData } from './instance/convert.js';
import { defineType, methodsOf } from './module.js';
import { bytes, integer, optional } from './parameters.js';
import { command } from './suspend.js';
import type { HostResult, UserdataType } from './values.js';

export class Stream {
  readonly handle: number;
  /** Bytes in all; -1 where nobody knows. */
  readonly size: number;
  position = 0;
  closed = false;
  /** Read for a scanner and not given out yet. */
  rest = '';
  constructor(handle: number, size: number) {
    this.handle = handle;
    this.size = size;
  }
}

class Scanner {
  readonly stream: Stream;
  readonly split: Split;
  text = '';
  problem: string | undefined;
  ended = false;
  constructor(stream: Stream, split: Split) {
    this.stream = stream;
    this.split = split;
  }
}

const CHUNK = 32 * 1024;
const MOST_READ = 16 * 1024 * 1024;
const MOST_PIECE = 1024 * 1024;

const CLOSED = (self: Stream): HostResult | undefined =>
  self.closed ? failure('Internal', 'the stream is closed') : undefined;

function readChunk(self: Stream, size: number, then: (data: string | undefined) => HostResult): HostResult {
  if (self.rest !== '') {
    const data = self.rest.slice(0, size);
    self.rest = self.rest.slice(size);
    self.position += data.length;
    return then(data);
  }
  return command({ type: 'stream.read', stream: self.handle, size }, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    if (typeof answer.value !== 'string') return then(undefined);
    self.position += answer.value.length;
    return then(answer.value);
  });
}

const common = { returnsWrongArguments: true, workflow: 'function' } as const;
const method = methodsOf<Stream>();

export const StreamType: UserdataType<Stream> = defineType<Stream>(
  'Stream',
  'Bytes that come one after the other.',
  [
    method('read', {
      ...common,
      summary: 'The next bytes, as many as there are, at most `size`; nil at the end.',
      params: [optional(integer('size', `Default, and for 0: ${CHUNK}; at most 16 MiB.`, { least: 0 }))],
      returns: ['string?', 'Error?'],
      fails: { Internal: 'the stream is closed, or its other end failed', Invalid: 'a limit is reached' },
      run: (_call, self, size = 0) =>
        CLOSED(self) ??
        readChunk(self, size === 0 ? CHUNK : Math.min(size, MOST_READ), (data) => data ?? [undefined]),
    }),
    method('write', {
      ...common,
      summary: 'Streams that other modules hand out here can only be read.',
      params: [bytes('data')],
      returns: ['integer?', 'Error?'],
      fails: { Internal: 'always: the stream cannot be written' },
      run: () => failure('Internal', 'the stream cannot be written'),
    }),
    method('seek', {
      ...common,
      summary: 'Streams that other modules hand out here go forward only.',
      params: [optional(bytes('whence')), optional(integer('offset'))],
      returns: ['integer?', 'Error?'],
      fails: { Invalid: 'whence is none of set, cur and end', Internal: 'the stream goes forward only' },
      run: (_call, self, whence = 'cur') =>
        whence === 'set' || whence === 'cur' || whence === 'end'
          ? (CLOSED(self) ?? failure('Internal', 'the stream goes forward only'))
          : failure('Invalid', `unknown whence '${whence}'; there are set, cur, end`),
    }),
    method('flush', {
      ...common,
      summary: 'There is nothing to flush in a stream that is read.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Internal: 'the stream is closed' },
      run: (_call, self) => CLOSED(self) ?? true,
    }),
    method('stat', {
      ...common,
      summary: 'Facts: `size` (bytes, -1 where unknown), `position`, `readable`, `writable`, `seekable`.',
      params: [],
      returns: ['table?', 'Error?'],
      fails: { Internal: 'the stream is closed' },
      run: (call, self) => {
        const { size, position } = self;
        const facts: Record<string, Data> = {
          size,
          position,
          readable: true,
          writable: false,
          seekable: false,
        };
        return CLOSED(self) ?? fromData(dataObject(facts), () => call.instance.newTable());
      },
    }),
    method('scanner', {
      ...common,
      summary: 'Goes through the stream by lines, words, bytes or runes (UTF-8 characters).',
      params: [optional(bytes('split', 'Default: lines.'))],
      returns: ['Scanner?', 'Error?'],
      fails: { Internal: 'the stream is closed', Invalid: 'the split is unknown' },
      run: (_call, self, split = 'lines') => {
        const known = SPLITS.find((one) => one === split);
        if (known === undefined)
          return failure('Invalid', `unknown split '${split}'; there are ${SPLITS.join(', ')}`);
        return CLOSED(self) ?? ScannerType.wrap(new Scanner(self, known));
      },
    }),
    method('close', {
      ...common,
      summary: 'Lets go of it. A second time it does nothing; the end of the program does it too.',
      params: [],
      returns: ['boolean?', 'Error?'],
      run: (_call, self) => {
        if (self.closed) return true;
        self.closed = true;
        self.rest = '';
        return command({ type: 'stream.close', stream: self.handle }, (answer) =>
          answer.ok ? true : [undefined, errorFromData(answer.error)],
        );
      },
    }),
  ],
);

function scan(self: Scanner): HostResult {
  const { stream } = self;
  const found = nextPiece(stream.rest, 0, self.split, self.ended);
  if (found !== undefined) {
    self.text = found.text;
    stream.rest = stream.rest.slice(found.taken);
    stream.position += found.taken;
    return true;
  }
  if (self.ended) {
    self.text = '';
    return false;
  }
  if (stream.rest.length > MOST_PIECE) {
    self.problem = 'a piece is longer than 1 MiB';
    return failure('Invalid', self.problem);
  }
  return command({ type: 'stream.read', stream: stream.handle, size: CHUNK }, (answer) => {
    if (!answer.ok) {
      self.problem = answer.error.message;
      return [undefined, errorFromData(answer.error)];
    }
    if (typeof answer.value === 'string') stream.rest += answer.value;
    else self.ended = true;
    return scan(self);
  });
}

const scanner = methodsOf<Scanner>();
export const ScannerType: UserdataType<Scanner> = defineType<Scanner>(
  'Scanner',
  'Goes through a stream piece by piece.',
  [
    scanner('scan', {
      ...common,
      summary: 'Reads the next piece; false at the end. A piece is at most 1 MiB.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Internal: 'the stream is closed, or its other end failed', Invalid: 'a piece is too long' },
      run: (_call, self) => CLOSED(self.stream) ?? scan(self),
    }),
    scanner('text', {
      ...common,
      summary: 'The piece that was read last, without what ends it.',
      params: [],
      returns: ['string'],
      run: (_call, self) => self.text,
    }),
    scanner('err', {
      ...common,
      summary: 'Why it did not go on; nil where it did.',
      params: [],
      returns: ['string?'],
      run: (_call, self) => self.problem,
    }),
  ],
);
