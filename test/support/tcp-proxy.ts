// A TCP proxy that a test puts between a program and its server: it can be cut, and it can swallow everything.
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallows = false;
  #cut: Cut | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
    const proxy = new TcpProxy(server, address.port);
    server.on('connection', (near) => proxy.#join(near, connect(target, '127.0.0.1')));
    return proxy;
  }

  /** From now on what comes is taken and goes nowhere, as with a cable that is pulled. */
  swallow(): void {
    this.#swallows = true;
  }

  /** Cuts all connections when the n-th piece comes in a direction, in place of handing it on; true when it has. */
  cutAt(direction: Cut['direction'], n: number, stays: boolean): { readonly reached: boolean } {
    const cut: Cut = { direction, left: n, stays, reached: false };
    this.#cut = cut;
    return cut;
  }

  /** Connections that were swallowed are cut; new ones pass. */
  heal(): void {
    this.#swallows = false;
    this.#cut = undefined;
    this.#endAll();
  }

  #endAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    if (this.#cut?.reached === true && this.#cut.stays) {
      near.destroy();
      far.destroy();
      return;
    }
    for (const [from, to, direction] of [
      [near, far, 'asked'],
      [far, near, 'answered'],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => {
        if (this.#isCut(direction)) this.#endAll();
        else if (!this.#swallows) to.write(chunk);
      });
      from.on('error', () => undefined); // its end is told by 'close'
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  #isCut(direction: Cut['direction']): boolean {
    const cut = this.#cut;
    if (cut === undefined || cut.reached || cut.direction !== direction) return false;
    cut.left -= 1;
    cut.reached = cut.left === 0;
    return cut.reached;
  }
}

interface Cut {
  /** Pieces that the program sends, or that the server sends. */
  readonly direction: 'asked' | 'answered';
  left: number;
  /** New connections are cut too, until it is healed. */
  readonly stays: boolean;
  reached: boolean;
}
