// The `metrics` middleware: counts and times of requests, by method, route and status. Names are those of the documentation.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RecordMetric } from '../../modules/metrics/host.js';

/** Status of an answer that nobody has taken whole, as nginx counts it. */
export const CLIENT_GONE = 499;

/** Of an answer whose connection is closed or taken over. */
export const wasCut = ({ raw }: FastifyReply): boolean => !raw.writableFinished && raw.statusCode !== 101;

export interface HttpMetrics {
  begin(request: FastifyRequest): void;
  end(request: FastifyRequest, reply: FastifyReply): void;
}

export function httpMetrics(record: RecordMetric): HttpMetrics {
  const begun = new WeakMap<FastifyRequest, number>();
  const inFlight = (value: 1 | -1): void =>
    record({ kind: 'gauge', op: 'add', name: 'wippy_http_requests_in_flight', value, labels: {} });
  return {
    begin(request) {
      begun.set(request, performance.now());
      inFlight(1);
    },
    end(request, reply) {
      const start = begun.get(request);
      if (start === undefined) return;
      begun.delete(request);
      inFlight(-1);
      // The route, not the path: a path from outside would make a series of its own.
      const labels = {
        method: request.method,
        path: request.routeOptions.url ?? 'none',
        status: String(wasCut(reply) ? CLIENT_GONE : reply.statusCode),
      };
      record({ kind: 'counter', op: 'add', name: 'wippy_http_requests_total', value: 1, labels });
      const seconds = (performance.now() - start) / 1000;
      record({
        kind: 'histogram',
        op: 'add',
        name: 'wippy_http_request_duration_seconds',
        value: seconds,
        labels,
      });
    },
  };
}
