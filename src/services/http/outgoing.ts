// Whole answers on their way out, past fastify's reply.
// O1: what was answered between two looks at the sockets goes out together, right after the sockets were read: a client on the same
//     machine is woken once for many answers, and not for each of them. An answer waits for no timer and for no other request.
// O2: from the beginning of a stop on, answers end their connections.
// O3: an answer that cannot be written loses its connection, and no other answer.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Logger } from '../../core/logger.js';
import type { Stopping } from './workflow-endpoint.js';

interface Answer {
  readonly to: ServerResponse;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

export class Outgoing {
  readonly #stopping: Pick<Stopping, 'begun'>;
  readonly #logger: Pick<Logger, 'error'>;
  #waiting: Answer[] = [];

  constructor(stopping: Pick<Stopping, 'begun'>, logger: Pick<Logger, 'error'>) {
    this.#stopping = stopping;
    this.#logger = logger;
  }

  /** O1; `body` is a byte string. */
  sendSoon(to: ServerResponse, headers: OutgoingHttpHeaders, body: string): void {
    this.#waiting.push({ to, headers, body });
    if (this.#waiting.length === 1) setImmediate(this.#sendAll);
  }

  send(to: ServerResponse, headers: OutgoingHttpHeaders, body: string): void {
    if (to.destroyed || to.headersSent) return;
    if (this.#stopping.begun.aborted) to.shouldKeepAlive = false; // O2
    headers['content-length'] = body.length;
    to.writeHead(to.statusCode, headers).end(body, 'latin1');
  }

  readonly #sendAll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { to, headers, body } of waiting)
      try {
        this.send(to, headers, body);
      } catch (error) {
        this.#logger.error('an HTTP answer could not be written', { error });
        to.destroy(); // O3
      }
  };
}
