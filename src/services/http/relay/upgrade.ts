// Requests that ask for another protocol: they are routed as any, and a relay may take the connection over.
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export interface Upgrade {
  readonly socket: Duplex;
  /** What has come after the head of the request. */
  readonly head: Buffer;
  /** The connection is somebody else's from now on; for the server its answer is over. */
  take(): void;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

export const upgradeOf = (request: IncomingMessage): Upgrade | undefined => upgrades.get(request);

/** Of a connection, which its upgrade brings: nothing else of it is meant for the next one. */
const HOP_BY_HOP = /^(?:connection|upgrade|http2-settings)$/i;

/** Whether a relay could take it over: anything else that is offered may be ignored (RFC 9110, 7.8), as is a body with an offer. */
export const asksForWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

/** The request as it would have come without its offer, with what has come after it. */
export function withoutOffer(request: IncomingMessage, head: Buffer): Buffer {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!HOP_BY_HOP.test(name)) lines.push(`${name}: ${rawHeaders[at + 1] ?? ''}`);
  }
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('connection: close');
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]);
}

/** A response for a request that asks for another protocol; where nobody takes the connection it ends with its answer. */
export function responseFor(request: IncomingMessage, socket: Duplex, head: Buffer): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  const ends = (): void => (socket as Socket).destroySoon();
  response.once('finish', ends);
  socket.on('error', () => socket.destroy());
  upgrades.set(request, {
    socket,
    head,
    take() {
      response.off('finish', ends);
      response.detachSocket(socket as Socket);
      response.statusCode = 101;
      response.emit('finish'); // what is told of answers
      response.emit('close');
    },
  });
  return response;
}
