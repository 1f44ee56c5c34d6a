// A TLS server in front of a gRPC server without TLS: it can demand a client certificate, and notes what it is told.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createSecureServer, constants } from 'node:http2';
import type {
  ClientHttp2Session,
  Http2SecureServer,
  IncomingHttpHeaders,
  ServerHttp2Session,
} from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';

/** Texts in PEM. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Of an authority that is made for the test; the server is `temporal.test`. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'moontide-certificates-'));
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=test authority',
      '-days',
      '2',
    );
    for (const [name, subject] of [
      ['server', 'temporal.test'],
      ['client', 'node of the app'],
    ] as const)
      openssl(
        'req',
        '-x509',
        ...KEY,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
        '-subj',
        `/CN=${subject}`,
        '-days',
        '2',
        '-addext',
        'subjectAltName=DNS:temporal.test',
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
      );
    return {
      ca: read('ca.pem'),
      server: { cert: read('server.pem'), key: read('server.key') },
      client: { cert: read('client.pem'), key: read('client.key') },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export class GrpcProxy implements AsyncDisposable {
  readonly port: number;
  /** Headers of every request, in order. */
  readonly requests: IncomingHttpHeaders[] = [];
  /** Names on the clients' certificates. */
  readonly clients = new Set<string>();
  readonly #server: Http2SecureServer;
  readonly #upstream: ClientHttp2Session;
  readonly #sessions = new Set<ServerHttp2Session>();

  private constructor(server: Http2SecureServer, upstream: ClientHttp2Session, port: number) {
    this.port = port;
    this.#server = server;
    this.#upstream = upstream;
  }

  static async start(target: string, certificates: Certificates, demands: boolean): Promise<GrpcProxy> {
    const upstream = connect(`http://${target}`);
    upstream.on('error', () => undefined);
    const server = createSecureServer({
      ...certificates.server,
      ca: certificates.ca,
      requestCert: demands,
      rejectUnauthorized: demands,
    });
    server.on('sessionError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
    const proxy = new GrpcProxy(server, upstream, address.port);
    server.on('session', (session) => {
      proxy.#sessions.add(session);
      session.on('error', () => undefined);
      session.on('close', () => proxy.#sessions.delete(session));
    });
    server.on('stream', (near, headers) => {
      const name = (near.session?.socket as TLSSocket | undefined)?.getPeerCertificate().subject?.CN;
      if (name !== undefined) proxy.clients.add(String(name));
      proxy.requests.push(headers);
      const { ':authority': _authority, ':scheme': _scheme, ...rest } = headers;
      const far = upstream.request(rest);
      near.on('error', () => far.close(constants.NGHTTP2_CANCEL));
      far.on('error', () => near.close(constants.NGHTTP2_INTERNAL_ERROR));
      near.on('aborted', () => far.close(constants.NGHTTP2_CANCEL));
      let trailers: IncomingHttpHeaders = {};
      far.on('trailers', (told: IncomingHttpHeaders) => void (trailers = told));
      far.on('response', (told, flags) => {
        if (near.destroyed) return;
        if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) return near.respond(told, { endStream: true });
        near.respond(told, { waitForTrailers: true });
        near.on('wantTrailers', () => near.sendTrailers(trailers));
        far.pipe(near);
      });
      near.pipe(far);
    });
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#upstream.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const session of this.#sessions) session.destroy();
    });
  }
}
