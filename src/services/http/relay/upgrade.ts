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

/** A response for a request that asks for another protocol; where nobody takes the connection it ends with its answer. */
export function responseFor(request: IncomingMessage, socket: Duplex, head: Buffer): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  const ends = (): void => void socket.end();
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
