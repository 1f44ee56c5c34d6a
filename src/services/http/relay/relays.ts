// The relays of a router: they take an answer over in which a function asks for it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Data } from '../../../core/data.js';
import { dataObject } from '../../../core/data.js';
import type { Logger } from '../../../core/logger.js';
import { encodeBase64, isUtf8, toBytes, toText } from '../../../core/text.js';
import { encodeWire } from '../../../core/wire.js';
import type { NodeExchange } from '../exchange.js';
import { answerError } from '../json-answer.js';
import type { Stopping } from '../workflow-endpoint.js';
import { relayConfig } from './config.js';
import { RelaySession } from './session.js';
import type { Client, Ending, RelayNode } from './session.js';
import { upgradeOf } from './upgrade.js';

export interface RelayOptions {
  readonly node: RelayNode;
  readonly server: string;
  /** Messages that wait for one connection. */
  readonly most: number;
  readonly stopping: Stopping;
  readonly logger: Logger;
}

export type Relay = (request: FastifyRequest, reply: FastifyReply, exchange: NodeExchange) => Promise<void>;

export const RELAYS = {
  websocket_relay: { header: 'x-ws-relay', make: websocketRelay },
  sse_relay: { header: 'x-sse-relay', make: sseRelay },
} as const;

/** A message of a client. Bytes. */
const MOST_MESSAGE = 1024 * 1024;

/** Begins a session as the header says; undefined: the request is answered. */
async function begun(
  prefix: 'ws' | 'sse',
  header: string,
  { node, server, most, stopping, logger }: RelayOptions,
  exchange: NodeExchange,
): Promise<RelaySession | undefined> {
  const config = relayConfig(header, prefix);
  if (typeof config === 'string') {
    logger.error(`the header X-${prefix.toUpperCase()}-Relay cannot be followed: ${config}`, {
      path: exchange.path,
    });
    await answerError(exchange, 500, 'Internal', 'internal error');
    return undefined;
  }
  const session = new RelaySession({ prefix, node, server, most, config, stopping, logger });
  try {
    await session.begin();
    return session;
  } catch (error) {
    logger.error('a connection was not made: its process cannot be reached', { path: exchange.path, error });
    exchange.setHeader('retry-after', '1');
    await answerError(exchange, 503, 'Unavailable', 'the service cannot answer now');
    return undefined;
  }
}

const CODES: Readonly<Record<Ending, number>> = { done: 1000, failed: 1011, stopping: 1001 };

function websocketRelay(options: RelayOptions): Relay {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MOST_MESSAGE,
    perMessageDeflate: false,
  });
  return async (request, reply, exchange) => {
    const header = String(reply.getHeader('x-ws-relay'));
    reply.removeHeader('x-ws-relay');
    const upgrade = upgradeOf(request.raw);
    if (upgrade === undefined || !/^websocket$/i.test(request.headers.upgrade ?? '')) {
      exchange.setHeader('upgrade', 'websocket');
      return answerError(exchange, 426, 'Invalid', 'this is for WebSocket clients');
    }
    const session = await begun('ws', header, options, exchange);
    if (session === undefined) return;
    reply.hijack();
    upgrade.take();
    let connected = false;
    upgrade.socket.once('close', () => {
      if (!connected) session.over(); // what it sent was no handshake
    });
    server.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (socket) => {
      connected = true;
      serve(socket, session);
    });
  };
}

function serve(socket: WebSocket, session: RelaySession): void {
  let waiting = 0;
  let answered = true;
  const client: Client = {
    get waiting() {
      return waiting;
    },
    send(topic, data) {
      waiting += 1;
      socket.send(encodeWire(dataObject({ topic, data: forClient(data) })), () => {
        waiting -= 1;
        session.drained();
      });
    },
    close(how, reason) {
      socket.close(CODES[how], Buffer.from(reason, 'latin1').subarray(0, 120));
    },
    destroy: () => socket.terminate(),
    beat() {
      if (!answered) socket.terminate();
      answered = false;
      socket.ping();
    },
  };
  socket.on('pong', () => (answered = true));
  socket.on('message', (data: Buffer) => {
    answered = true;
    const room = session.fromClient(data.toString('latin1'));
    if (room === undefined) return;
    socket.pause();
    void room.then(() => socket.resume());
  });
  socket.on('error', () => undefined); // its close follows
  socket.once('close', () => session.over());
  session.connected(client);
}

/** Bytes that are no text, as base64. */
const forClient = (data: Data): Data =>
  typeof data === 'string' && !isUtf8(data) ? encodeBase64(data) : data;

function sseRelay(options: RelayOptions): Relay {
  return async (_request, reply, exchange) => {
    const header = String(reply.getHeader('x-sse-relay'));
    reply.removeHeader('x-sse-relay');
    const session = await begun('sse', header, options, exchange);
    if (session === undefined) return;
    exchange.setHeader('content-type', 'text/event-stream');
    exchange.setHeader('cache-control', 'no-store');
    let waiting = 0;
    const write = (text: string): void => {
      waiting += 1;
      exchange.write(toBytes(text));
      const done = (): void => {
        waiting -= 1;
        session.drained();
      };
      exchange.flush().then(done, done); // who goes away is heard of
    };
    const event = (name: string, data: Data): void =>
      write(`event: ${oneLine(name)}\ndata: ${encodeWire(forClient(data))}\n\n`);
    await new Promise<void>((over) => {
      const end = (): void => {
        exchange.offAbort(end);
        session.over();
        over();
      };
      const client: Client = {
        get waiting() {
          return waiting;
        },
        send(topic, data) {
          if (topic === session.topic) event(topic, data);
        },
        close(how, reason) {
          if (how !== 'stopping') event('done', dataObject({ reason }));
          end();
        },
        destroy: end,
        beat: () => write(': still here\n\n'),
      };
      exchange.onAbort(end);
      session.connected(client);
      if (session.isAlone)
        event('ready', dataObject({ stream_pid: toBytes(session.pid), message_topic: session.topic }));
    });
    if (!exchange.aborted) await exchange.finish();
  };
}

/** What a line of the stream holds cannot begin another. */
const oneLine = (name: string): string => toTextOrSame(name).replaceAll(/[\r\n\0]/g, ' ');
const toTextOrSame = (bytes: string): string => (isUtf8(bytes) ? toText(bytes) : bytes);
