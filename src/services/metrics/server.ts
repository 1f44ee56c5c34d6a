// `/metrics`, `/livez` and `/readyz` over HTTP, where moontide.yaml says `metrics: { listen: HOST:PORT }`.
// M1: `/livez` answers while the process does; `/readyz` is 503 and says why while the node starts or stops, or its workers do
//     not run (the names are those that Kubernetes gave such probes).
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

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}
const TEXT = 'text/plain; charset=utf-8';

/** `listen`: `127.0.0.1:9464`, `[::1]:9464`. `missing`: what the node is not ready for; nothing: it is. */
export function metricsService(
  collector: MetricsCollector,
  listen: string,
  missing: () => readonly string[],
): NodeService & { port(): number | undefined } {
  let server: Server | undefined;
  return {
    name: 'moontide.metrics',
    requires: [],
    async start() {
      const own = serverOf(collector, missing);
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

function serverOf(collector: MetricsCollector, missing: () => readonly string[]): Server {
  const answers: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    '/metrics': async () => ({ status: 200, type: collector.contentType, text: await collector.text() }),
    '/livez': () => ({ status: 200, type: TEXT, text: 'ok\n' }),
    '/readyz': () => {
      const lacks = missing();
      return lacks.length === 0
        ? { status: 200, type: TEXT, text: 'ok\n' }
        : { status: 503, type: TEXT, text: `${lacks.join('\n')}\n` };
    },
  };
  return createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    Promise.resolve(answer()).then(
      ({ status, type, text }) =>
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text),
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
