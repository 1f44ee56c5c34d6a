// The client, loaded when the first request is sent: most apps send none.
import type { HttpClient } from '../../modules/http_client/host.js';
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
