// The payload codec of our workers: expands the recorded program reference into the program's compiled text. Host only.
// C1: the history holds the reference only; the expanded payload lives between this codec and the sandbox.
// C2: decode never throws: what is missing is delivered as missing, with the reason, and the host of the run decides.
// C3: the text travels as bytes that the sandbox decodes only when it has not compiled the program yet.
import { Buffer } from 'node:buffer';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { ArtifactSource, ProgramReference } from './contracts.js';
import { METADATA, PROGRAM_ENCODING } from './names.js';
import { metadataText } from './payload-converter.js';

const NOT_STORED =
  'it is not stored in this registry; bring back the one that has it, or reset the run to its first task, which begins it again on the newest program';

export class ProgramCodec implements PayloadCodec {
  readonly #artifacts: ArtifactSource;

  constructor(artifacts: ArtifactSource) {
    this.#artifacts = artifacts;
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
    const json = Buffer.from(payload.data ?? []);
    const metadata: Record<string, Uint8Array> = {
      [METADATA.encoding]: Buffer.from(PROGRAM_ENCODING),
      reference: json,
    };
    try {
      const { program, engine } = JSON.parse(json.toString()) as ProgramReference;
      const text = await this.#artifacts.artifact(program, engine);
      if (text === undefined) return { metadata: { ...metadata, missing: Buffer.from(NOT_STORED) } };
      return { metadata, data: Buffer.from(text, 'utf8') };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { metadata: { ...metadata, missing: Buffer.from(reason) } };
    }
  }
}

const isProgram = (payload: Payload): boolean =>
  metadataText(payload, METADATA.kind) === 'program' &&
  metadataText(payload, METADATA.encoding) === 'json/plain';
