// The payload codec of our workers: expands the recorded program reference into the program's compiled text. Host only.
// C1: the history holds the reference only; the expanded payload lives between this codec and the sandbox.
// C2: decode never throws: what is missing is delivered as missing, with the reason, and the host of the run decides.
// C3: the text travels as bytes that the sandbox decodes only when it has not compiled the program yet.
import { Buffer } from 'node:buffer';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { Data } from '../core/data.js';
import { decodeWire, encodeWire } from '../core/wire.js';
import type { ArtifactSource, ProgramReference, ProgramTracing } from './contracts.js';
import { METADATA, PROGRAM_ENCODING } from './names.js';
import { metadataText } from './payload-converter.js';

const NOT_STORED =
  'it is not stored in this registry; bring back the one that has it, or reset the run to its first task, which begins it again on the newest program';

export class ProgramCodec implements PayloadCodec {
  readonly #artifacts: ArtifactSource;
  readonly #tracing: ProgramTracing | undefined;

  constructor(artifacts: ArtifactSource, tracing?: ProgramTracing) {
    this.#artifacts = artifacts;
    this.#tracing = tracing;
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads);
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    // Most activations hold none: no promise a payload for those.
    if (!payloads.some(isProgram)) return payloads;
    return Promise.all(
      payloads.map(async (payload) => (isProgram(payload) ? this.#expand(payload) : payload)),
    );
  }

  async #expand(payload: Payload): Promise<Payload> {
    const metadata: Record<string, Uint8Array> = {
      [METADATA.encoding]: Buffer.from(PROGRAM_ENCODING),
      reference: payload.data ?? new Uint8Array(),
      ...(this.#tracing === undefined ? {} : { [METADATA.tracing]: Buffer.from(this.#tracing) }),
    };
    try {
      const json = await this.#reference(Buffer.from(payload.data ?? []));
      metadata['reference'] = json;
      const { program, engine } = JSON.parse(json.toString()) as ProgramReference;
      const text = await this.#artifacts.artifact(program, engine);
      if (text === undefined) return { metadata: { ...metadata, missing: Buffer.from(NOT_STORED) } };
      return { metadata, data: Buffer.from(text, 'utf8') };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { metadata: { ...metadata, missing: Buffer.from(reason) } };
    }
  }

  async #reference(recorded: Buffer): Promise<Buffer> {
    if (this.#artifacts.instead === undefined) return recorded;
    const reference = await this.#artifacts.instead(
      decodeWire(recorded.toString('utf8')) as unknown as ProgramReference,
    );
    return Buffer.from(encodeWire(reference as unknown as Data), 'utf8');
  }
}

const isProgram = (payload: Payload): boolean =>
  metadataText(payload, METADATA.kind) === 'program' &&
  metadataText(payload, METADATA.encoding) === 'json/plain';
