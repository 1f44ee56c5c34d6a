// The servers that the examples of `http_client` and `websocket` ask: one answers with the head and the body of the request, the
// other with what is said.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { HostHandlers } from '../../src/core/handler.js';
import { httpClientHandlers } from '../../src/modules/http_client/host.js';
import { websocketHandlers } from '../../src/modules/websocket/host.js';
import { UndiciClient } from '../../src/services/http-client/client.js';
import { WsClient } from '../../src/services/http-client/websocket.js';

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

/** Answers of a real client for whom `ws://shop.example` is the server, which closes when it hears `bye`. */
export function socketsOfExamples(): HostHandlers {
  const client = new WsClient({ privateNetworks: ['127.0.0.1'] });
  const server = createServer().unref();
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString() === 'bye') socket.close(1000);
      else socket.send(`echo of ${data.toString()}`);
    });
  });
  const listening = new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
  return websocketHandlers(
    {
      connect: async (request, permissions, signal) => {
        const url = request.url.replace('ws://shop.example', await listening);
        return client.connect({ ...request, url }, permissions, signal);
      },
    },
    () => true,
  );
}
