// Whole answers on their way out, past fastify's reply.
// O1: what was answered between two looks at the sockets goes out together, right after the sockets were read: a client on the same
//     machine is woken once for many answers, and not for each of them. An answer waits for no timer and for no other request.
// O2: from the beginning of a stop on, answers end their connections.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Stopping } from './workflow-endpoint.js';

export class Outgoing {
  readonly #stopping: Pick<Stopping, 'begun'>;
  #waiting: (() => void)[] = [];

  constructor(stopping: Pick<Stopping, 'begun'>) {
    this.#stopping = stopping;
  }

  /** O1; `body` is a byte string. */
  sendSoon(to: ServerResponse, headers: OutgoingHttpHeaders, body: string): void {
    this.#waiting.push(() => this.send(to, headers, body));
    if (this.#waiting.length === 1) setImmediate(this.#sendAll);
  }

  send(to: ServerResponse, headers: OutgoingHttpHeaders, body: string): void {
    if (to.destroyed) return;
    if (this.#stopping.begun.aborted) to.shouldKeepAlive = false; // O2
    headers['content-length'] = body.length;
    to.writeHead(to.statusCode, headers).end(body, 'latin1');
  }

  readonly #sendAll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const send of waiting) send();
  };
}
