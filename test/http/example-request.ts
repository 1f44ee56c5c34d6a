// The request that the examples of the `http` module answer, by a real app of fastify.
import fastify from 'fastify';
import { Holdings } from '../../src/runtime/command-context.js';
import { NodeExchange } from '../../src/services/http/exchange.js';
import { resourcesOf } from '../support/examples.js';

const MULTIPART = [
  '--b',
  'Content-Disposition: form-data; name="title"',
  '',
  'Report',
  '--b',
  'Content-Disposition: form-data; name="paper"; filename="report.txt"',
  'Content-Type: text/plain',
  '',
  'hello world',
  '--b--',
  '',
].join('\r\n');

/** Type and body by what an example is about. */
function bodyOf(title: string): readonly [type: string, body: string] {
  if (title === 'Request:form') return ['application/x-www-form-urlencoded', 'name=Ann&city=K%C3%B6ln'];
  if (title === 'Request:parse_multipart' || title.startsWith('UploadedFile:'))
    return ['multipart/form-data; boundary=b', MULTIPART];
  if (title === 'Request:stream' || /^(Stream|Scanner):/.test(title)) return ['text/plain', 'one two\nthree'];
  return ['application/json', '{"name":"Ann"}'];
}

/** Runs `answer` for one request; what it holds open is closed with it. */
export async function answeringExample<T>(
  title: string,
  answer: (exchange: NodeExchange, holdings: Holdings) => Promise<T>,
): Promise<T> {
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  let given: T | undefined;
  app.post('/orders/:id', async (request, reply) => {
    const exchange = new NodeExchange(request, reply);
    await using holdings = new Holdings(resourcesOf([]), (error) => {
      throw error;
    });
    given = await answer(exchange, holdings);
    await exchange.finish();
    return reply;
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const [type, body] = bodyOf(title);
  const { request } = await import('node:http');
  try {
    await new Promise<void>((resolve, reject) => {
      const headers = {
        host: 'shop.example:8080',
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'x-trace': 't-1',
        cookie: 'session=abc',
        accept: 'application/json, text/html',
      };
      request(`${address}/orders/42?tag=a&tag=b`, { method: 'POST', headers }, (answered) => {
        answered.resume().once('end', () => resolve());
      })
        .once('error', reject)
        .end(body);
    });
  } finally {
    await app.close();
  }
  return given as T;
}
