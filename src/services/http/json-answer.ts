// JSON that the server itself takes and gives: bodies within a limit and after a schema, results, and errors by their kind.
import type { Data } from '../../core/data.js';
import { dataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { toBytes } from '../../core/text.js';
import { encodeWire } from '../../core/wire.js';
import { jsonOf, violations } from './body-schema.js';
import type { BodySchema } from './body-schema.js';
import { HttpExchangeError } from './errors.js';
import type { NodeExchange } from './exchange.js';

/** Of a body that becomes an argument: what Temporal takes. Bytes. */
const MOST_BYTES = 2 * 1024 * 1024 - 16 * 1024;
const BODY_TIMEOUT_MS = 60_000;

/** A request that is answered before anything was called. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly kind: string;
  constructor(status: number, kind: string, message: string) {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

/** The body as data; undefined where there is none. It can be read again. Rejects with Refused. */
export async function jsonBody(
  exchange: NodeExchange,
  schema: BodySchema | undefined,
): Promise<Data | undefined> {
  if (!exchange.hasBody) {
    if (schema === undefined) return undefined;
    throw new Refused(400, 'Invalid', 'the request has no body; send JSON');
  }
  const type = exchange.header('content-type');
  if (type !== undefined && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type))
    throw new Refused(415, 'Invalid', "the body must be JSON; send it as 'application/json'");
  const bytes = await read(exchange);
  const found = jsonOf(bytes);
  if ('problem' in found) throw new Refused(400, 'Invalid', `the body is no JSON: ${found.problem}`);
  if (schema === undefined) return found.value;
  const problems = violations(schema, found.value, bytes.length);
  if (problems.length > 0)
    throw new Refused(422, 'Invalid', `the body does not fit: ${problems.slice(0, 5).join('; ')}`);
  return found.value;
}

async function read(exchange: NodeExchange): Promise<string> {
  try {
    return await exchange.body({ maxBytes: MOST_BYTES, timeoutMs: BODY_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HttpExchangeError)) throw error;
    if (error.kind === 'Invalid')
      throw new Refused(413, 'Invalid', `the body is larger than ${MOST_BYTES} bytes`);
    throw new Refused(408, 'Timeout', 'the body did not come');
  }
}

/** Ends the answer with JSON. */
export async function answerJson(exchange: NodeExchange, status: number, value: Data): Promise<void> {
  if (exchange.headersSent) return;
  exchange.setStatus(status);
  exchange.setHeader('content-type', 'application/json');
  exchange.write(toBytes(encodeWire(value)));
  await exchange.finish();
}

export const answerError = (
  exchange: NodeExchange,
  status: number,
  kind: string,
  message: string,
): Promise<void> =>
  answerJson(exchange, status, dataObject({ error: dataObject({ kind, message: toBytes(message) }) }));

/** What of an error is the client's to know, and its status. Others are 500, and not told. */
const STATUS: Readonly<Record<ErrorData['kind'], number>> = {
  Invalid: 422,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Canceled: 409,
  PermissionDenied: 403,
  RateLimited: 429,
  Timeout: 504,
  Unavailable: 503,
  Internal: 500,
  Unknown: 500,
};

/** What a run failed with, as its clients see it. */
export function toldError({ kind, message }: ErrorData): {
  readonly status: number;
  readonly body: Data;
} {
  const status = STATUS[kind];
  return {
    status,
    body: dataObject(status === 500 ? { kind: 'Internal', message: 'internal error' } : { kind, message }),
  };
}
