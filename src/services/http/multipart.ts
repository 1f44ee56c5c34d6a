// Forms with files. Files stay in memory up to a limit; the rest goes to a folder of its own, which goes with the form.
// M1: a form has at most FIELDS fields and FILES files; a field is at most FIELD_BYTES long.
// M2: of a file's name only its last part is kept: it names nothing on this machine.
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { BusboyFileStream, BusboyHeaders, BusboyInstance } from '@fastify/busboy';
import type { Data } from '../../core/data.js';
import type { BodyLimits, ByteSource, HttpForm, UploadedFile } from '../../core/http-exchange.js';
import { toBytes } from '../../core/text.js';
import { ERROR } from '../../modules/http/constants.js';
import { HttpExchangeError } from './errors.js';
import { StreamSource } from './stream-source.js';

const FIELDS = 1000;
const FILES = 100;
const FIELD_BYTES = 1024 * 1024;

export interface MultipartLimits extends BodyLimits {
  /** Bytes of files that are kept in memory. */
  readonly maxMemory: number;
}

class NodeForm implements HttpForm {
  readonly values = new Map<string, Data>();
  readonly files: UploadedFile[] = [];
  #folder: Promise<string> | undefined;
  #spilled = 0;

  add(field: string, value: string): void {
    const before = this.values.get(field);
    if (before === undefined) this.values.set(field, value);
    else this.values.set(field, Array.isArray(before) ? [...before, value] : [before, value]);
  }

  /** A new file on the disk. */
  async spill(): Promise<{ readonly path: string; readonly file: FileHandle }> {
    const folder = await (this.#folder ??= mkdtemp(join(tmpdir(), 'moontide-form-')));
    const path = join(folder, String((this.#spilled += 1)));
    return { path, file: await open(path, 'wx', 0o600) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }
}

const refused = (message: string, options?: ErrorOptions): HttpExchangeError =>
  new HttpExchangeError('Invalid', ERROR.PARSE_FAILED, message, options);

export async function readMultipart(
  from: Readable,
  headers: IncomingHttpHeaders,
  { maxBytes, timeoutMs, maxMemory }: MultipartLimits,
): Promise<HttpForm> {
  const form = new NodeForm();
  let memory = 0;
  const saving: Promise<UploadedFile | undefined>[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      let parser: BusboyInstance;
      try {
        parser = new Busboy({
          headers: headers as BusboyHeaders,
          preservePath: false,
          limits: {
            fields: FIELDS,
            files: FILES,
            fieldSize: FIELD_BYTES,
            fieldNameSize: 200,
            parts: FIELDS + FILES,
          },
        });
      } catch (cause) {
        reject(refused(`the form cannot be read: ${messageOf(cause)}`, { cause }));
        return;
      }
      let length = 0;
      const fail = (error: Error): void => {
        clearTimeout(timer);
        from.unpipe(parser);
        from.off('data', count).off('close', cut);
        from.resume();
        parser.on('error', () => undefined);
        parser.destroy();
        reject(error);
      };
      const timer = setTimeout(
        () =>
          fail(
            new HttpExchangeError(
              'Internal',
              ERROR.STREAM_ERROR,
              `the body did not come within ${timeoutMs} ms`,
            ),
          ),
        Math.min(timeoutMs, 2 ** 31 - 1),
      );
      const count = (chunk: Buffer): void => {
        length += chunk.length;
        if (length > maxBytes) fail(refused(`the body is larger than ${maxBytes} bytes`));
      };
      const cut = (): void => {
        if (!from.readableEnded)
          fail(
            new HttpExchangeError('Internal', ERROR.STREAM_ERROR, 'the body broke off: the client went away'),
          );
      };
      parser.on('field', (name, value, nameTruncated, valueTruncated) => {
        if (nameTruncated || valueTruncated) fail(refused(`the field '${name}' is too long`));
        else form.add(toBytes(name), toBytes(value));
      });
      for (const event of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const)
        parser.on(event, () => fail(refused(`the form has more than ${FIELDS} fields or ${FILES} files`)));
      parser.on('file', (field, stream, name, _encoding, type) => {
        const file = { field: toBytes(field), name: toBytes(lastPart(name)), type };
        saving.push(
          save(form, file, stream, (bytes) => (memory += bytes) <= maxMemory).catch((error: unknown) => {
            fail(error instanceof Error ? error : new Error(String(error)));
            return undefined;
          }),
        );
      });
      parser.once('finish', () => {
        clearTimeout(timer);
        from.off('data', count).off('close', cut);
        resolve();
      });
      parser.once('error', (cause) =>
        fail(refused(`the form cannot be read: ${messageOf(cause)}`, { cause })),
      );
      from.on('data', count).once('close', cut);
      from.pipe(parser);
    });
    form.files.push(...(await Promise.all(saving)).filter((file) => file !== undefined));
    return form;
  } catch (error) {
    await Promise.allSettled(saving);
    await form[Symbol.asyncDispose]();
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
/** M2 */
const lastPart = (name: string | undefined): string => (name ?? '').split(/[\\/]/).at(-1) ?? '';

/** `fits` counts bytes of memory; false: no more. */
async function save(
  form: NodeForm,
  { field, name, type }: { readonly field: string; readonly name: string; readonly type: string },
  stream: BusboyFileStream,
  fits: (bytes: number) => boolean,
): Promise<UploadedFile> {
  const kept: Buffer[] = [];
  let spilled: Awaited<ReturnType<NodeForm['spill']>> | undefined;
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (spilled === undefined && fits(chunk.length)) {
        kept.push(chunk);
        continue;
      }
      spilled ??= await form.spill();
      for (const one of kept.splice(0)) await spilled.file.writeFile(one);
      await spilled.file.writeFile(chunk);
    }
  } finally {
    await spilled?.file.close();
  }
  const bytes = size;
  const sourceOf = (readable: Readable): ByteSource =>
    new StreamSource(readable, {
      size: bytes,
      maxBytes: Infinity,
      timeoutMs: 300_000,
      tooLarge: () => new Error('never'),
    });
  const path = spilled?.path;
  return {
    field,
    name,
    size: bytes,
    headers: new Map([
      ['content-type', type],
      ['content-disposition', `form-data; name="${field}"; filename="${name}"`],
    ]),
    open: () =>
      sourceOf(path === undefined ? Readable.from(kept, { objectMode: false }) : createReadStream(path)),
  };
}
