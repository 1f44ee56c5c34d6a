// The clients, loaded when the first request is sent or connection is made: most apps have none.
import type { HttpClient } from '../../modules/http_client/host.js';
import type { WebSocketClient } from '../../modules/websocket/host.js';
import type { HttpClientOptions, UndiciClient } from './client.js';

/** Dispose of it to let go of its connections. */
export function lazyHttpClient(options: HttpClientOptions): HttpClient & AsyncDisposable {
  let client: Promise<UndiciClient> | undefined;
  return {
    send: async (...args) => {
      client ??= import('./client.js').then(({ UndiciClient }) => new UndiciClient(options));
      return (await client).send(...args);
    },
    async [Symbol.asyncDispose]() {
      await (await client)?.[Symbol.asyncDispose]();
    },
  };
}

/** Its connections belong to the programs that made them. */
export function lazyWebSocketClient(options: HttpClientOptions): WebSocketClient {
  let client: Promise<WebSocketClient> | undefined;
  return {
    connect: async (...args) => {
      client ??= import('./websocket.js').then(({ WsClient }) => new WsClient(options));
      return (await client).connect(...args);
    },
  };
}
