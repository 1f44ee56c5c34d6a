// `/metrics` over HTTP, where moontide.yaml says `metrics: { listen: HOST:PORT }`.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { PlatformError } from '../../core/errors.js';
import type { NodeService } from '../../runtime/supervisor-client.js';
import type { MetricsCollector } from './collector.js';

class MetricsListenError extends PlatformError {
  override readonly name = 'MetricsListenError';
  readonly code = 'METRICS_LISTEN';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode = 3 as const;
}

/** `listen`: `127.0.0.1:9464`, `[::1]:9464`. */
export function metricsService(
  collector: MetricsCollector,
  listen: string,
): NodeService & { port(): number | undefined } {
  let server: Server | undefined;
  return {
    name: 'moontide.metrics',
    requires: [],
    async start() {
      const own = serverOf(collector);
      await listening(own, listen);
      server = own;
    },
    async stop() {
      const own = server;
      server = undefined;
      if (own === undefined) return;
      own.closeAllConnections();
      await new Promise<void>((resolve) => own.close(() => resolve()));
    },
    port() {
      const address = server?.address();
      return typeof address === 'object' ? address?.port : undefined;
    },
  };
}

function serverOf(collector: MetricsCollector): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    collector.text().then(
      (text) => response.writeHead(200, { 'content-type': collector.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

function listening(server: Server, listen: string): Promise<void> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(listen.slice(at + 1));
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new MetricsListenError(`cannot serve metrics on '${listen}': ${cause.message}; name another port`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}
