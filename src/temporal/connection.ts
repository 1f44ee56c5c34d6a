// Connections to a Temporal server: one for clients, one for workers. Host only.
// N1: a server that does not answer is told within the connect timeout, by its address, as UNAVAILABLE (exit code 3).
// N2: the native connection (workers) is made at first use; a command line that only asks never loads it.
import { lookup } from 'node:dns/promises';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { clientInterceptors } from './client.js';
import { clientDataConverter } from './data-converter.js';
import { TemporalNamespaceError, TemporalUnavailableError } from './errors.js';
import { GRPC, grpcCode } from './grpc.js';
import { channelArgs } from './loopback.js';
import { prepareSdk } from './sdk-code.js';

export type TlsOptions = Exclude<ConnectionOptions['tls'], null | undefined | boolean>;

export interface TemporalTarget {
  /** `host:port`; the port defaults to 7233. */
  readonly address: string;
  /** Default `default`. */
  readonly namespace?: string;
  /** Of Temporal Cloud; implies TLS. */
  readonly apiKey?: string;
  /** `true`: TLS with the system's roots; an object for own roots, a server name, a client certificate. */
  readonly tls?: boolean | TlsOptions;
  /** gRPC metadata of every request. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How this process is called in histories. Default `moontide@<host>:<pid>`, given by the caller. */
  readonly identity?: string;
}

export interface ConnectOptions {
  /** Default 5 000. Milliseconds. */
  readonly timeoutMs?: number;
}

export interface TemporalConnection extends AsyncDisposable {
  readonly address: string;
  readonly namespace: string;
  readonly connection: Connection;
  /** Speaks Data: strings are byte strings (payload-converter.ts). */
  readonly client: Client;
  /** The connection that workers need; made at first use. */
  native(): Promise<NativeConnection>;
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 5000;

export async function connectTemporal(
  target: TemporalTarget,
  options: ConnectOptions = {},
): Promise<TemporalConnection> {
  prepareSdk();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const namespace = target.namespace ?? 'default';
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...transport(target),
      channelArgs: channelArgs(target.address),
      connectTimeout: timeoutMs,
    });
  } catch (error) {
    throw await unavailable(target, error, timeoutMs);
  }
  try {
    await checkNamespace(connection, target.address, namespace, timeoutMs);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const client = new Client({
    connection,
    namespace,
    dataConverter: clientDataConverter(),
    interceptors: clientInterceptors,
    ...(target.identity === undefined ? {} : { identity: target.identity }),
  });
  let native: Promise<NativeConnection> | undefined;
  const close = async (): Promise<void> => {
    await connection.close();
    const opened = await native?.catch(() => undefined); // its failure was told to who asked for it
    native = undefined;
    await opened?.close();
  };
  return {
    address: target.address,
    namespace,
    connection,
    client,
    native() {
      native ??= connectNative(target, timeoutMs).catch((error: unknown) => {
        native = undefined;
        throw error;
      });
      return native;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function transport(target: TemporalTarget) {
  return {
    address: target.address,
    ...(target.tls === undefined ? {} : { tls: target.tls }),
    ...(target.apiKey === undefined ? {} : { apiKey: target.apiKey }),
    ...(target.metadata === undefined ? {} : { metadata: { ...target.metadata } }),
  };
}

async function connectNative(target: TemporalTarget, timeoutMs: number): Promise<NativeConnection> {
  let timer: NodeJS.Timeout | undefined;
  // The worker's native core takes a third of a second to load: clients that only start or send do without.
  const { NativeConnection } = await import('@temporalio/worker');
  const connecting = NativeConnection.connect(transport(target));
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([connecting, late]);
  } catch (error) {
    // One that comes up after we gave up must not stay open.
    connecting.then(
      (connection) => connection.close(),
      () => undefined, // told below
    );
    throw await unavailable(target, error, timeoutMs);
  } finally {
    clearTimeout(timer);
  }
}

async function unavailable(
  target: TemporalTarget,
  error: unknown,
  timeoutMs: number,
): Promise<TemporalUnavailableError> {
  const code = grpcCode(error);
  if (code === GRPC.UNAUTHENTICATED || code === GRPC.PERMISSION_DENIED)
    return new TemporalUnavailableError(
      target.address,
      'it refuses our credentials',
      'check the API key or the client certificate',
      { cause: error },
    );
  const detail = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  const late = /deadline|connect before/i.test(detail) ? `no answer within ${timeoutMs} ms` : detail;
  const reason = (await nameProblem(target.address)) ?? late;
  return new TemporalUnavailableError(
    target.address,
    reason,
    'start the server, or check TEMPORAL_ADDRESS and the TLS settings',
    { cause: error },
  );
}

/** Why the address's host name says nothing; undefined where it does, or is no name. */
async function nameProblem(address: string): Promise<string | undefined> {
  const host = /^([\w.-]+)(?::\d+)?$/.exec(address)?.[1];
  if (host === undefined) return undefined;
  const failed = await lookup(host).then(
    () => undefined,
    (error: unknown) => error as NodeJS.ErrnoException,
  );
  return failed === undefined
    ? undefined
    : `the host name '${host}' cannot be found (${failed.code ?? 'no code'})`;
}

async function checkNamespace(
  connection: Connection,
  address: string,
  namespace: string,
  timeoutMs: number,
): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    const code = grpcCode(error);
    if (code === GRPC.NOT_FOUND) throw new TemporalNamespaceError(address, namespace, { cause: error });
    // Keys that may run workflows but not describe namespaces are common: the first real call will tell.
    if (code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED) return;
    throw new TemporalUnavailableError(address, error.details, 'try again', { cause: error });
  }
}
