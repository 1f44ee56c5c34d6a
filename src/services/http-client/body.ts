// The body of a request: as it is given, a form of names and values, or one of files.
import { randomUUID } from 'node:crypto';
import { encodePairs } from '../../core/form-encoding.js';
import type { ClientRequest, FormFile, Pair } from '../../modules/http_client/host.js';

export interface EncodedBody {
  readonly bytes: Buffer | null;
  /** Where the request names none. */
  readonly contentType: string | undefined;
}

export function encodeBody({ body, form, files }: ClientRequest): EncodedBody {
  if (files !== undefined) return multipart(form ?? [], files);
  if (form !== undefined)
    return {
      bytes: Buffer.from(encodePairs(form), 'latin1'),
      contentType: 'application/x-www-form-urlencoded',
    };
  return { bytes: body === undefined ? null : Buffer.from(body, 'latin1'), contentType: undefined };
}

/** RFC 7578; names are escaped as browsers do (HTML, 4.10.22.8). */
function multipart(form: readonly Pair[], files: readonly FormFile[]): EncodedBody {
  const boundary = `moontide-${randomUUID()}`;
  const part = (head: string, content: string): string => `--${boundary}\r\n${head}\r\n\r\n${content}\r\n`;
  const field = (name: string): string => `Content-Disposition: form-data; name="${quoted(name)}"`;
  const parts = [
    ...form.map(([name, value]) => part(field(name), value)),
    ...files.map(({ name, filename, content, type }) =>
      part(
        `${field(name)}; filename="${quoted(filename)}"\r\nContent-Type: ${type.replace(/[\r\n]/g, ' ')}`,
        content,
      ),
    ),
    `--${boundary}--\r\n`,
  ];
  return {
    bytes: Buffer.from(parts.join(''), 'latin1'),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '%22', '\r': '%0D', '\n': '%0A' };
const quoted = (name: string): string => name.replace(/["\r\n]/g, (char) => ESCAPES[char]!);
