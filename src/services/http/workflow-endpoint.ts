// Answers requests of routes with a workflow. What they did is in the run, never in the node that took the request: the same
// request with the same key gets the same answer from any node.
// E1: the key is the parameter of the path, else the header, else a new one.
// E2: a wait ends with its time (504), with the client, and a moment before a server that stops cuts its connections (503);
//     the run goes on.
import { randomUUID } from 'node:crypto';
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import { encodeWire } from '../../core/wire.js';
import type { SecretGuard } from '../../runtime/secret-guard.js';
import { RunError, TemporalRequestError } from '../../temporal/client.js';
import type { BodySchema } from './body-schema.js';
import type { NodeExchange } from './exchange.js';
import { answerError, answerJson, jsonBody, Refused, toldError } from './json-answer.js';
import type { PlannedWorkflow, StatusRoute } from './planned-workflow.js';
import { isLast, positionOf, runEvents } from './run-events.js';
import { idOf } from './workflow-runs.js';
import type { WorkflowRuns } from './workflow-runs.js';

/** That a server stops. */
export interface Stopping {
  /** It has begun: streams end. */
  readonly begun: AbortSignal;
  /** Connections are cut in a moment: waits end. */
  readonly ending: AbortSignal;
}

export interface WorkflowEndpointOptions {
  readonly runs: WorkflowRuns;
  readonly guard: SecretGuard;
  readonly logger: Logger;
}

export interface WorkflowRequest {
  readonly route: PlannedWorkflow;
  readonly input: BodySchema | undefined;
  readonly exchange: NodeExchange;
  readonly stopping: Stopping;
}

const KEY = /^[\x21-\x7e]{1,200}$/;
/** How long a call that only asks may take. Milliseconds. */
const ASK_MS = 30_000;
const HEARTBEAT_MS = 15_000;

export class WorkflowEndpoint {
  readonly #options: WorkflowEndpointOptions;

  constructor(options: WorkflowEndpointOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(request: WorkflowRequest): Promise<void> {
    const { route, exchange, stopping } = request;
    const waits = route.operation === 'start' || route.operation === 'result' || route.operation === 'update';
    const ms = Math.min(waits ? route.timeoutMs : ASK_MS, exchange.limitMs ?? Infinity, 2 ** 31 - 1);
    const late = AbortSignal.timeout(ms);
    const signal = AbortSignal.any([exchange.gone, stopping.ending, late]);
    try {
      await this.#do(request, signal);
    } catch (error) {
      if (exchange.aborted) return;
      if (stopping.ending.aborted) await tryAgain(exchange, 'this server stops; ask again');
      else if (late.aborted) await this.#late(request, ms);
      else await this.#failed(request, error);
    }
  }

  async #do(request: WorkflowRequest, signal: AbortSignal): Promise<void> {
    const { route, exchange, input } = request;
    const { runs } = this.#options;
    switch (route.operation) {
      case 'start':
        return this.#start(request, signal);
      case 'result':
        return answerJson(exchange, 200, valueOf(await runs.result(route, keyOf(request), signal)));
      case 'status':
        return this.#status(request, signal);
      case 'events':
        return this.#events(request);
      case 'cancel':
        await runs.cancel(route, keyOf(request), signal);
        return answerJson(exchange, 202, dataObject({ id: keyOf(request) }));
      case 'query': {
        const args = exchange.hasBody ? await argsOf(exchange, input) : queryArgs(exchange);
        const values = await runs.query(route, keyOf(request), route.name, args, signal);
        return answerJson(exchange, 200, valueOf(values));
      }
      case 'signal': {
        const args = await argsOf(exchange, input);
        await runs.signal(route, keyOf(request), route.name, args, headerKey(request), signal);
        return answerJson(exchange, 202, dataObject({ id: keyOf(request) }));
      }
      case 'update': {
        const args = await argsOf(exchange, input);
        const values = await runs.update(route, keyOf(request), route.name, args, headerKey(request), signal);
        return answerJson(exchange, 200, valueOf(values));
      }
    }
  }

  async #start(request: WorkflowRequest, signal: AbortSignal): Promise<void> {
    const { route, exchange, input } = request;
    const { runs } = this.#options;
    const key = route.keyParam === undefined ? (headerKey(request) ?? randomUUID()) : keyOf(request);
    const others = Object.fromEntries([...exchange.params].filter(([name]) => name !== route.keyParam));
    const args = await argsOf(exchange, input);
    if (Object.keys(others).length > 0) args.push(...(args.length === 0 ? [null] : []), dataObject(others));
    const started = await runs.start(route, key, args, signal);
    if (started === 'other')
      throw new Refused(409, 'Conflict', `the key '${key}' was used for another request; take a new one`);
    if (started === 'same') exchange.setHeader('idempotent-replayed', 'true');
    const location = locationOf(route.status, exchange, key);
    if (location !== undefined) exchange.setHeader('location', location);
    if (route.mode === 'accepted')
      return answerJson(
        exchange,
        202,
        dataObject({ id: key, ...(location === undefined ? {} : { status: location }) }),
      );
    return answerJson(exchange, 200, valueOf(await runs.result(route, key, signal)));
  }

  async #status(request: WorkflowRequest, signal: AbortSignal): Promise<void> {
    const { route, exchange } = request;
    const { runs } = this.#options;
    const key = keyOf(request);
    const { status, startedAt, closedAt } = await runs.status(route, key, signal);
    const outcome: Record<string, Data> = {};
    if (status === 'completed') outcome['result'] = valueOf(await runs.result(route, key, signal));
    else if (status === 'failed')
      try {
        await runs.result(route, key, signal);
      } catch (error) {
        if (!(error instanceof RunError)) throw error;
        outcome['error'] = this.#told(error).body;
      }
    await answerJson(
      exchange,
      200,
      dataObject({
        id: key,
        status,
        started_at: startedAt.toISOString(),
        ...(closedAt === undefined ? {} : { closed_at: closedAt.toISOString() }),
        ...outcome,
      }),
    );
  }

  async #events(request: WorkflowRequest): Promise<void> {
    const { route, exchange, stopping } = request;
    const key = keyOf(request);
    const given = exchange.header('last-event-id') ?? '';
    const after = given === '' ? undefined : positionOf(given);
    if (given !== '' && after === undefined)
      throw new Refused(400, 'Invalid', `the Last-Event-ID '${given.slice(0, 80)}' is none of this stream`);
    const client = await this.#options.runs.client(route);
    const workflowId = idOf(route, key);
    if (after !== undefined && (await isLast(client, workflowId, after))) {
      exchange.setStatus(204);
      return exchange.finish();
    }
    const signal = AbortSignal.any([exchange.gone, stopping.begun]);
    const events = runEvents({
      client,
      workflowId,
      after,
      signal,
      toldError: (error) => toldError(this.#options.guard.redact(error)).body,
    });
    const first = await events.next(); // whether the run is there shows before the head goes out
    exchange.setHeader('content-type', 'text/event-stream');
    exchange.setHeader('cache-control', 'no-store');
    if (exchange.method === 'HEAD') {
      await events.return(undefined);
      return exchange.finish();
    }
    const beat = setInterval(() => {
      exchange.write(': still here\n\n');
      exchange.flush().catch(() => undefined); // the client went away, which ends the stream
    }, HEARTBEAT_MS);
    try {
      for (let next = first; next.done !== true; next = await events.next()) {
        const { id, name, data } = next.value;
        exchange.write(`id: ${id}\nevent: ${name}\ndata: ${toBytes(encodeWire(data))}\n\n`);
        await exchange.flush();
        if (next.value.last) break;
      }
    } catch (error) {
      if (!signal.aborted) this.#log(request, error);
    } finally {
      clearInterval(beat);
      await events.return(undefined);
    }
    if (!exchange.aborted) await exchange.finish();
  }

  /** E2 */
  async #late({ route, exchange }: WorkflowRequest, ms: number): Promise<void> {
    const waiting =
      route.operation === 'start' || route.operation === 'result' || route.operation === 'update';
    const advice = waiting ? 'the run goes on; ask again with the same key' : 'ask again';
    await answerError(exchange, 504, 'Timeout', `no answer within ${ms} ms; ${advice}`);
  }

  async #failed(request: WorkflowRequest, error: unknown): Promise<void> {
    const { exchange } = request;
    if (error instanceof Refused) return answerError(exchange, error.status, error.kind, error.message);
    // What Temporal itself says is nothing that a client did.
    if (
      error instanceof TemporalRequestError ||
      (error instanceof PlatformError && !(error instanceof RunError))
    ) {
      this.#log(request, error);
      return error.kind === 'Unavailable' || error.kind === 'Timeout' || error.kind === 'RateLimited'
        ? tryAgain(exchange, 'the service cannot answer now')
        : answerError(exchange, 500, 'Internal', 'internal error');
    }
    if (error instanceof RunError) {
      const { status, body } = this.#told(error);
      if (status === 500) this.#log(request, error);
      return answerJson(exchange, status, dataObject({ error: body }));
    }
    this.#log(request, error);
    return answerError(exchange, 500, 'Internal', 'internal error');
  }

  #told({ data }: RunError): ReturnType<typeof toldError> {
    return toldError(this.#options.guard.redact(data));
  }

  #log({ route, exchange }: WorkflowRequest, error: unknown): void {
    this.#options.logger.error(`a route of '${route.entry}' did not answer`, {
      method: exchange.method,
      path: toTextLossy(exchange.path),
      operation: route.operation,
      error: error instanceof RunError ? this.#options.guard.redact(error.data) : error,
    });
  }
}

async function tryAgain(exchange: NodeExchange, message: string): Promise<void> {
  if (exchange.headersSent) return exchange.finish();
  exchange.setHeader('retry-after', '1');
  return answerError(exchange, 503, 'Unavailable', message);
}

/** E1, of the path. Throws Refused. */
function keyOf({ route, exchange }: WorkflowRequest): string {
  return checked(exchange.params.get(route.keyParam ?? '') ?? '');
}

/** E1, of the header. Throws Refused. */
function headerKey({ route, exchange }: WorkflowRequest): string | undefined {
  const given = exchange.header(route.keyHeader);
  if (given === undefined && route.keyRequired)
    throw new Refused(400, 'Invalid', `the request needs a key in the header '${route.keyHeader}'`);
  return given === undefined ? undefined : checked(given);
}

function checked(key: string): string {
  if (KEY.test(key)) return key;
  throw new Refused(400, 'Invalid', 'a key has 1 to 200 printable ASCII characters without spaces');
}

/** The body as the arguments of a call: one, or none. */
async function argsOf(exchange: NodeExchange, input: BodySchema | undefined): Promise<Data[]> {
  const body = await jsonBody(exchange, input);
  return body === undefined ? [] : [body];
}

/** A query's parameters as one table; of a name that comes more than once the last. */
function queryArgs(exchange: NodeExchange): Data[] {
  if (exchange.query.size === 0) return [];
  return [
    dataObject(Object.fromEntries([...exchange.query].map(([name, values]) => [name, values.at(-1) ?? '']))),
  ];
}

const valueOf = ([first = null]: readonly Data[]): Data => first;

function locationOf(
  status: StatusRoute | undefined,
  { params }: NodeExchange,
  key: string,
): string | undefined {
  return status?.path.replaceAll(/:(\w+)/g, (_all, name: string) =>
    encodeURIComponent(name === status.keyParam ? key : toTextLossy(params.get(name) ?? '')),
  );
}
