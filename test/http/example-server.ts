// The server that the examples of `http_client` ask: it answers with the head and the body of the request.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostHandlers } from '../../src/core/handler.js';
import { httpClientHandlers } from '../../src/modules/http_client/host.js';
import { UndiciClient } from '../../src/services/http-client/client.js';

/** Answers of a real client for whom `http://shop.example` is the server. */
export function clientOfExamples(): HostHandlers {
  const client = new UndiciClient({ privateNetworks: ['127.0.0.1'] });
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (data: string) => (body += data));
    request.on('end', () => {
      const told = [request.method, request.url, request.headers['content-type'], body].filter(Boolean);
      response.setHeader('content-type', 'text/plain').end(told.join(' '));
    });
  }).unref();
  const listening = new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
  return httpClientHandlers(
    {
      send: async (request, permissions, signal) => {
        const url = request.url.replace('http://shop.example', await listening);
        return client.send({ ...request, url }, permissions, signal);
      },
    },
    () => true,
  );
}
