// A debugger's side of Node's inspector: requests and events as JSON over one WebSocket, whose frames are written here since
// Node 20 has no client for them.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

type Params = Readonly<Record<string, unknown>>;
interface Received {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

export class InspectorClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Received) => void>();
  readonly #listeners = new Map<string, (params: Params) => void>();
  #bytes = Buffer.alloc(0);
  #last = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `url`: as inspector.url() gives it. */
  static async open(url: string): Promise<InspectorClient> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new InspectorClient(socket);
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await new Promise<void>((resolve, reject) => {
      let isOpen = false;
      socket.on('error', reject);
      socket.on('data', (bytes) => {
        client.#bytes = Buffer.concat([client.#bytes, bytes]);
        if (!isOpen) {
          const end = client.#bytes.indexOf('\r\n\r\n');
          if (end < 0) return;
          client.#bytes = client.#bytes.subarray(end + 4);
          isOpen = true;
          resolve();
        }
        client.#read();
      });
    });
    return client;
  }

  on(method: string, listener: (params: Params) => void): void {
    this.#listeners.set(method, listener);
  }

  async ask(method: string, params: Params = {}): Promise<Params> {
    const id = ++this.#last;
    const answer = new Promise<Received>((resolve) => this.#waiting.set(id, resolve));
    this.#send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(text: string): void {
    const payload = Buffer.from(text);
    const mask = randomBytes(4);
    const head = Buffer.alloc(10);
    head.writeUInt8(0x81, 0);
    head.writeUInt8(0x80 | 127, 1);
    head.writeBigUInt64BE(BigInt(payload.length), 2);
    payload.forEach((byte, at) => (payload[at] = byte ^ (mask[at % 4] ?? 0)));
    this.#socket.write(Buffer.concat([head, mask, payload]));
  }

  #read(): void {
    for (;;) {
      if (this.#bytes.length < 2) return;
      const short = this.#bytes.readUInt8(1) & 127;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#bytes.length < start) return;
      const size =
        short === 126
          ? this.#bytes.readUInt16BE(2)
          : short === 127
            ? Number(this.#bytes.readBigUInt64BE(2))
            : short;
      if (this.#bytes.length < start + size) return;
      const text = this.#bytes.subarray(start, start + size).toString();
      this.#bytes = this.#bytes.subarray(start + size);
      this.#take(JSON.parse(text) as Received);
    }
  }

  #take(message: Received): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else this.#listeners.get(message.method ?? '')?.(message.params ?? {});
  }
}
