// Values on Temporal's wire: our plain data as JSON that people, the CLI and every other SDK read and write. Sealed.
// V1: what passes here is Data (core/data.ts): strings are byte strings, integers are exact. Text that does not pass here
//     (failure messages, current details, names) is converted by who writes it.
// V2: several Lua results are one JSON array with the metadata `moontide: results`; to others it is an array.
// V3: decoding never throws: one bad payload (any client of the namespace can send one) must not wedge a run.
//     What cannot be decoded is an UndecodablePayload, which `toDataOrThrow` refuses where it is used, and which is written
//     again as it came. A program is no data either, wherever it comes from.
// V4: `undefined` and the null payload are null; bytes (`binary/plain`) are byte strings.
// V5: what is larger than Temporal takes is refused here, by its size, before a server refuses it for ever (MAX_PAYLOAD_BYTES);
//     in the sandbox also what the commands of one step carry together (MAX_STEP_BYTES), as they travel in one message.
import { RawValue } from '@temporalio/common';
import type { Payload, PayloadConverter } from '@temporalio/common';
import { arrayToBytes, bytesToArray } from '../core/bytes.js';
import type { Data } from '../core/data.js';
import { PlatformError } from '../core/errors.js';
import { toBytes, toTextLossy } from '../core/text.js';
import { decodeWire, encodeWire } from '../core/wire.js';
import type { ProgramReference, ProgramTracing } from './contracts.js';
import { METADATA, PROGRAM_ENCODING } from './names.js';

/** The results of a Lua function that returned several values. */
export class Results {
  readonly values: readonly Data[];
  constructor(values: readonly Data[]) {
    this.values = values;
  }
}

/** What `moontide.resolve` gives: recorded as readable JSON, expanded by the codec on the way into the sandbox. */
export class ResolvedProgram {
  readonly reference: ProgramReference;
  /** The artifact as the codec delivers it, still encoded; undefined in a payload that no codec expanded. */
  readonly artifact: Uint8Array | undefined;
  /** Why there is no artifact. */
  readonly missing: string | undefined;
  /** Set in a replay that explains itself. */
  readonly tracing: ProgramTracing | undefined;
  constructor(
    reference: ProgramReference,
    artifact?: Uint8Array,
    missing?: string,
    tracing?: ProgramTracing,
  ) {
    this.tracing = tracing;
    this.reference = reference;
    this.artifact = artifact;
    this.missing = missing;
  }
}

/** A payload that is no data, with the reason (V3). */
export class UndecodablePayload {
  readonly payload: Payload;
  readonly reason: string;
  constructor(payload: Payload, reason: string) {
    this.payload = payload;
    this.reason = reason;
  }
}

export class PayloadError extends PlatformError {
  override readonly name = 'PayloadError';
  readonly code = 'PAYLOAD_UNDECODABLE';
  override readonly kind = 'Invalid' as const;
}

/** The value of a decoded payload as data. Throws PayloadError for what could not be decoded. */
export function toDataOrThrow(value: unknown): Data {
  if (value instanceof UndecodablePayload) throw new PayloadError(value.reason);
  if (value instanceof ResolvedProgram) throw new PayloadError('a payload is a program, which is no value');
  if (value instanceof Results) return [...value.values];
  return value === undefined ? null : (value as Data);
}

/** The results that a decoded payload stands for: several of ours, or the one value. */
export function toResults(value: unknown): readonly Data[] {
  return value instanceof Results ? value.values : [toDataOrThrow(value)];
}

/** The value that stands for the results of a Lua function: none is null, one is itself. */
export function fromResults(values: readonly Data[]): Data | Results {
  if (values.length > 1) return new Results(values);
  return values[0] ?? null;
}

/** A value that is larger than Temporal takes. */
export class PayloadSizeError extends PlatformError {
  override readonly name = 'PayloadSizeError';
  readonly code = 'PAYLOAD_TOO_LARGE';
  override readonly kind = 'Invalid' as const;
}

/** Temporal refuses a payload of 2 MiB; some of that goes to what is around the value. Bytes. */
export const MAX_PAYLOAD_BYTES = 2 * 1024 * 1024 - 16 * 1024;
/** A message of gRPC holds 4 MiB. Bytes. */
const MAX_STEP_BYTES = 4 * 1024 * 1024 - 256 * 1024;

/** What this realm has encoded since the last `beginStep`; counted in the sandbox only, where one is called. */
let stepBytes: number | undefined;

/** The commands that follow travel in a message of their own. */
export function beginStep(): void {
  stepBytes = 0;
}

function checked(payload: Payload): Payload {
  const size = payload.data?.length ?? 0;
  if (size > MAX_PAYLOAD_BYTES)
    throw new PayloadSizeError(
      `the value takes ${megabytes(size)} and Temporal records ${megabytes(MAX_PAYLOAD_BYTES)} at most; keep it in a table, a file or a store and pass on where it is`,
    );
  if (stepBytes !== undefined) {
    if (stepBytes + size > MAX_STEP_BYTES)
      throw new PayloadSizeError(
        `the calls of one step carry ${megabytes(stepBytes + size)} together and Temporal takes ${megabytes(MAX_STEP_BYTES)} at most; wait for some of them before the next, or pass on where the values are`,
      );
    stepBytes += size;
  }
  return payload;
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

const ascii = (text: string): Uint8Array => bytesToArray(text);
const ENCODINGS = {
  json: ascii('json/plain'),
  bytes: ascii('binary/plain'),
  null: ascii('binary/null'),
} as const;
const KIND_RESULTS = ascii('results');
const KIND_PROGRAM = ascii('program');

export const metadataText = (payload: Payload, key: string): string | undefined => {
  const value = payload.metadata?.[key];
  return value === undefined || value === null ? undefined : arrayToBytes(value);
};

/** The UTF-8 bytes of a text. */
export const encodeText = (text: string): Uint8Array => bytesToArray(toBytes(text));
/** The text of UTF-8 bytes; wrong bytes become U+FFFD. */
export const decodeText = (bytes: Uint8Array): string => toTextLossy(arrayToBytes(bytes));

function toPayload(value: unknown): Payload {
  if (value instanceof RawValue || value instanceof UndecodablePayload) return value.payload;
  if (value === undefined) return { metadata: { [METADATA.encoding]: ENCODINGS.null } };
  if (value instanceof Uint8Array)
    return checked({ metadata: { [METADATA.encoding]: ENCODINGS.bytes }, data: value });
  if (value instanceof Results) return json(encodeWire([...value.values]), { [METADATA.kind]: KIND_RESULTS });
  if (value instanceof ResolvedProgram)
    return json(encodeWire(value.reference as unknown as Data), { [METADATA.kind]: KIND_PROGRAM });
  return json(encodeWire(value as Data));
}

const json = (text: string, metadata: Record<string, Uint8Array> = {}): Payload =>
  checked({ metadata: { [METADATA.encoding]: ENCODINGS.json, ...metadata }, data: encodeText(text) });

function fromPayload(payload: Payload): unknown {
  const encoding = metadataText(payload, METADATA.encoding);
  switch (encoding) {
    case 'json/plain':
    case 'json/protobuf':
      return fromJson(payload);
    case 'binary/plain':
      return arrayToBytes(payload.data ?? new Uint8Array());
    case 'binary/null':
      return null;
    case PROGRAM_ENCODING:
      return fromProgram(payload);
    default:
      return new UndecodablePayload(
        payload,
        `a payload has the encoding '${encoding ?? ''}', which is not read here; send JSON or bytes`,
      );
  }
}

function fromJson(payload: Payload): unknown {
  try {
    const value = decodeWire(decodeText(payload.data ?? new Uint8Array()));
    const kind = metadataText(payload, METADATA.kind);
    if (kind === 'results' && Array.isArray(value)) return new Results(value);
    // Without the codec (a client that looks at a history) the reference stands alone.
    if (kind === 'program') return new ResolvedProgram(value as unknown as ProgramReference);
    return value;
  } catch (error) {
    return new UndecodablePayload(
      payload,
      `a payload is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function fromProgram(payload: Payload): ResolvedProgram | UndecodablePayload {
  let reference: ProgramReference;
  try {
    const json = payload.metadata?.['reference'] ?? new Uint8Array();
    reference = decodeWire(decodeText(json)) as unknown as ProgramReference;
  } catch {
    return new UndecodablePayload(payload, 'a payload is a program without its reference');
  }
  const missing = metadataText(payload, 'missing');
  if (missing !== undefined) return new ResolvedProgram(reference, undefined, missing);
  const tracing = metadataText(payload, METADATA.tracing);
  const known = tracing === 'steps' || tracing === 'debugger' ? tracing : undefined;
  return new ResolvedProgram(reference, payload.data ?? new Uint8Array(), undefined, known);
}

/** Results that are known to be encodable. Throws WireValueError and PayloadSizeError, which the SDK would take for its own. */
export const encodedResults = (values: readonly Data[]): RawValue =>
  RawValue.fromPayload(toPayload(fromResults(values)));

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => toPayload(value),
  fromPayload: <T>(payload: Payload) => fromPayload(payload) as T,
};
