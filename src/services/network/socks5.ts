// Connections through a SOCKS5 proxy (RFC 1928, RFC 1929), by `socks`.
// P1: nothing falls back to a direct connection: who chose the proxy may have chosen it to stay unseen.
// P2: a name goes to the proxy as a name, unless the entry says that this node looks it up.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { SocksProxy } from 'socks';
import type { DialLimits, NetworkOverlay } from '../../core/network-host.js';
import { OverlayError } from './errors.js';

/** What a text of the protocol can hold, in bytes; `socks` throws for a longer one where nobody can catch it. */
const MOST_TEXT = 255;

export interface Socks5Options {
  readonly entry: string;
  readonly host: string;
  readonly port: number;
  /** Default: none are given. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Credentials of chance for each connection. */
  readonly isolates: boolean;
  readonly resolvesNames: boolean;
}

export class Socks5Overlay implements NetworkOverlay {
  readonly #options: Socks5Options;

  constructor(options: Socks5Options) {
    this.#options = options;
  }

  get resolvesNames(): boolean {
    return this.#options.resolvesNames;
  }

  async dial(host: string, port: number, { timeoutMs, signal }: DialLimits): Promise<Socket> {
    signal.throwIfAborted();
    const proxy = this.#proxy();
    for (const [what, text] of [
      ['the name', host],
      ['the username', proxy.userId ?? ''],
      ['the password', proxy.password ?? ''],
    ] as const)
      if (Buffer.byteLength(text) > MOST_TEXT)
        throw this.#failed(host, `${what} has more than ${MOST_TEXT} bytes`);
    const client = new SocksClient({
      proxy,
      command: 'connect',
      destination: { host, port },
      timeout: Math.max(1, Math.min(timeoutMs, 2 ** 31 - 1)),
      set_tcp_nodelay: true,
    });
    let giveUp: (() => void) | undefined;
    try {
      return await new Promise<Socket>((resolve, reject) => {
        let over = false;
        giveUp = () => {
          over = true;
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        client.once('error', (error) => reject(this.#failed(host, error.message)));
        client.once('established', ({ socket }) => {
          if (over) socket.destroy();
          else resolve(socket);
        });
        client.connect();
      });
    } finally {
      if (giveUp !== undefined) signal.removeEventListener('abort', giveUp);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Connections belong to those that asked for them.
  }

  /** Without the cause, which holds the proxy's password. */
  #failed(host: string, why: string): OverlayError {
    return new OverlayError(this.#options.entry, host.slice(0, 100), why);
  }

  #proxy(): SocksProxy {
    const { host, port, credentials, isolates } = this.#options;
    const { username, password } = isolates
      ? { username: randomBytes(8).toString('hex'), password: randomBytes(8).toString('hex') }
      : (credentials ?? {});
    return {
      host,
      port,
      type: 5,
      ...(username === undefined || password === undefined ? {} : { userId: username, password }),
    };
  }
}
