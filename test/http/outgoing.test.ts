// Answers that go out together, on real connections.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Outgoing } from '../../src/services/http/outgoing.js';

it('an answer that cannot be written loses its connection, and no other answer', async () => {
  const logged: string[] = [];
  const outgoing = new Outgoing(
    { begun: new AbortController().signal },
    { error: (message) => void logged.push(message) },
  );
  const held: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    held.push(response);
    if (held.length < 3) return;
    for (const [at, one] of held.entries()) {
      const headers = { 'x-at': one.req.url === '/broken' ? 'a\nb' : String(at) };
      outgoing.sendSoon(one, headers, `answer to ${one.req.url}`);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).text().catch((error: unknown) => String(error));
  const asked = await Promise.allSettled([ask('/one'), ask('/broken'), ask('/two')]);
  expect(asked.map((one) => (one.status === 'fulfilled' ? one.value : 'cut'))).toEqual([
    'answer to /one',
    'cut',
    'answer to /two',
  ]);
  expect(logged).toEqual(['an HTTP answer could not be written']);
  server.closeAllConnections();
  server.close();
});
