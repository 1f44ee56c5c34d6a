// `http_client` in a workflow: a recorded step, made once, with a key by which the other side knows it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { httpClientHandlers } from '../../src/modules/http_client/host.js';
import { UndiciClient } from '../../src/services/http-client/client.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

describe('http_client in a workflow', () => {
  const { app, run } = luaSuite();

  it('asks once although each step is replayed, with its idempotency key, and refuses streams', async () => {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      keys.push(request.headers['idempotency-key']);
      response.end(`answer ${keys.length}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using client = new UndiciClient({ privateNetworks: ['127.0.0.1'] });
    const { 'http_client.request': request } = httpClientHandlers(client, () => true);
    const it = await app(
      {
        'app:w': {
          ...workflow(`
          local http, time = require("http_client"), require("time")
          return function(url)
            local first = assert(http.post(url, { body = "x" })).body
            time.sleep("10ms")
            local second = assert(http.post(url)).body
            local _, err = http.get(url, { stream = true })
            return { first, second, err:kind() }
          end`),
          modules: ['http_client', 'time'],
        },
      },
      {
        handlers: {
          'http_client.request': (command, { key, signal }) =>
            request!(command, { signal, idempotencyKey: key, entry: 'app:w', values: {} } as never),
        },
        worker: { overrides: { maxCachedWorkflows: 0 } },
      },
    );
    try {
      expect(await run(it, 'app:w', [url])).toEqual([['answer 1', 'answer 2', 'Invalid']]);
      expect(keys).toEqual([
        expect.stringMatching(/^[0-9a-f-]+\/\d+$/),
        expect.stringMatching(/^[0-9a-f-]+\/\d+$/),
      ]);
      expect(new Set(keys).size).toBe(2);
    } finally {
      server.close();
    }
  });
});
