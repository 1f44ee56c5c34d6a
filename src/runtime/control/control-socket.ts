// The socket over which commands on the same machine reach a node that runs: one question a line, one answer a line, as nodes
// write them to each other (relay/packets.ts).
// S1: only the user of the node can connect: the socket lies in a folder that is theirs alone.
// S2: a node is found by its record, `<state folder>/nodes/<life>.json`, which goes with it; one that a killed node left is
//     removed by whoever finds that nobody listens there.
// S3: whatever comes over it, and however it ends, is no harm to the node: what cannot be read ends its connection, and a client
//     that stands still does not hold up the node's stop.
// S4: the path of a socket is short by nature: one that is too long for that lies in a folder of the system's for temporary files.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as connectTo } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { CallError, CommandUnknownError } from '../errors.js';
import { decodeBatch, encodeBatch, encodePacket } from '../relay/packets.js';
import type { Packet } from '../relay/packets.js';
import type { PeerHandler } from '../relay/peers.js';
import type { ControlHandlers } from './node-control.js';

const FOLDER = 'nodes';
/** Bytes of a path that every system takes for a socket. */
const LONGEST_PATH = 100;
/** How long a question may wait for its answer. Milliseconds. */
const ANSWER_MS = 20_000;
/** How long a client may take to read what is on its way to it when the node stops. Milliseconds. */
const CLOSE_MS = 500;

interface NodeRecord {
  readonly node: string;
  readonly socket: string;
}

export interface ControlSocketOptions {
  readonly stateFolder: string;
  readonly node: string;
  readonly handlers: ControlHandlers;
  readonly logger: Logger;
  readonly toErrorData: (error: unknown) => ErrorData;
}

/** Listens until it is disposed. Rejects when neither place takes a socket. */
export async function openControlSocket(options: ControlSocketOptions): Promise<AsyncDisposable> {
  const folder = join(options.stateFolder, FOLDER);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700); // S1, also where it was there before
  const life = randomBytes(6).toString('hex');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy()); // who asked has gone
    serve(socket, options);
  });
  const socket = await listen(server, join(folder, `${life}.sock`));
  server.on('error', (error) => options.logger.warn('a command could not connect to this node', { error }));
  const record = join(folder, `${life}.json`);
  const { node } = options;
  writeFileSync(record, JSON.stringify({ node, socket } satisfies NodeRecord), { mode: 0o600 });
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      rmSync(record, { force: true });
      const closed = new Promise((resolve) => server.close(resolve));
      for (const one of open) one.destroySoon();
      const late = setTimeout(() => {
        for (const one of open) one.destroy(); // S3
      }, CLOSE_MS);
      await closed;
      clearTimeout(late);
      removeSocket(socket);
    },
  };
}

async function listen(server: Server, wanted: string): Promise<string> {
  if (process.platform === 'win32')
    return listenOn(server, `\\\\.\\pipe\\moontide-${randomBytes(12).toString('hex')}`);
  if (Buffer.byteLength(wanted) <= LONGEST_PATH)
    try {
      return await listenOn(server, wanted);
    } catch {
      // A file system without sockets, as some that are mounted into containers.
    }
  return listenOn(server, join(mkdtempSync(join(tmpdir(), TEMPORARY)), 'node.sock')); // S4
}
const TEMPORARY = 'moontide-node-';

const listenOn = (server: Server, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve(path);
    });
  });

function removeSocket(path: string): void {
  if (process.platform === 'win32') return;
  const folder = dirname(path);
  if (folder.startsWith(join(tmpdir(), TEMPORARY))) rmSync(folder, { recursive: true, force: true });
  else rmSync(path, { force: true });
}

function serve(socket: Socket, options: ControlSocketOptions): void {
  onPackets(socket, (packet) => {
    if (packet.is !== 'question') return;
    answerTo(packet, options).then(
      (answer) => {
        if (socket.writable) send(socket, answer);
      },
      (error: unknown) => {
        options.logger.error('a command was not answered', { question: packet.type, error });
        socket.destroy();
      },
    );
  });
}

/** The answer, or its error, as it crosses. */
async function answerTo(
  { id, type, body }: Extract<Packet, { is: 'question' }>,
  { handlers, toErrorData }: ControlSocketOptions,
): Promise<string> {
  try {
    return encodePacket({ is: 'answer', id, value: await handle(handlers.get(type), type, body) });
  } catch (error) {
    return encodePacket({ is: 'error', id, error: toErrorData(error) });
  }
}

const send = (socket: Socket, packet: string): void => void socket.write(`${encodeBatch([packet])}\n`);

/** What comes, in order. Lines end at `\n` alone: readline knows other ends, which JSON may hold in its strings. */
function onPackets(socket: Socket, take: (packet: Packet) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = rest + text.slice(from, end);
      rest = '';
      from = end + 1;
      let packets: readonly Packet[];
      try {
        packets = decodeBatch(line);
      } catch {
        socket.destroy(); // S3
        return;
      }
      for (const packet of packets) take(packet);
    }
    rest += text.slice(from);
  });
}

function handle(handler: PeerHandler | undefined, type: string, body: DataObject): Data | Promise<Data> {
  if (handler === undefined) throw new CommandUnknownError(type);
  return handler(body, '');
}

export class NodeUnreachableError extends PlatformError {
  override readonly name = 'NodeUnreachableError';
  readonly code = 'NODE_UNREACHABLE';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable = true;
  override readonly exitCode: ExitCode = 3;
  /** False: the question has not been sent. */
  readonly mayHaveActed: boolean;
  constructor(message: string, mayHaveActed = false) {
    super(message);
    this.mayHaveActed = mayHaveActed;
  }
}

interface Asked {
  readonly resolve: (value: Data) => void;
  readonly reject: (error: Error) => void;
  readonly late: NodeJS.Timeout;
}

/** A node of this machine. */
export interface NodeConnection extends Disposable {
  readonly node: string;
  ask(type: string, body: DataObject): Promise<Data>;
}

/** One whose socket this user cannot open: it answers each question with why. */
class ClosedNode implements NodeConnection {
  readonly node: string;
  readonly #why: Error;
  constructor(node: string, why: Error) {
    this.node = node;
    this.#why = why;
  }

  async ask(): Promise<never> {
    throw this.#why;
  }

  [Symbol.dispose](): void {
    // nothing is open
  }
}

class SocketConnection implements NodeConnection {
  readonly node: string;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Asked>();
  #last = 0;

  constructor(node: string, socket: Socket) {
    this.node = node;
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const id of [...this.#waiting.keys()])
        this.#take(id)?.reject(
          new NodeUnreachableError(`node '${node}' has stopped before it answered`, true),
        );
    });
    onPackets(socket, (packet) => {
      const asked = this.#take(packet.id);
      if (packet.is === 'answer') asked?.resolve(packet.value);
      else if (packet.is === 'error') asked?.reject(new CallError(packet.error));
    });
  }

  async ask(type: string, body: DataObject): Promise<Data> {
    const id = (this.#last += 1);
    const packet = encodePacket({ is: 'question', id, type, body });
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new NodeUnreachableError(`node '${this.node}' has stopped`));
        return;
      }
      const late = setTimeout(
        () =>
          this.#take(id)?.reject(
            new NodeUnreachableError(
              `node '${this.node}' did not answer within ${ANSWER_MS} ms; whether it did what was asked is not known`,
              true,
            ),
          ),
        ANSWER_MS,
      );
      this.#waiting.set(id, { resolve, reject, late });
      send(this.#socket, packet);
    });
  }

  #take(id: number): Asked | undefined {
    const asked = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(asked?.late);
    return asked;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** The nodes of an app that run on this machine, in no order. Throws when there is none, or none that can be reached. */
export async function connectToNodes(
  appFolder: string,
  stateFolder: string,
): Promise<readonly NodeConnection[]> {
  const nodes: NodeConnection[] = [];
  let closed: NodeUnreachableError | undefined;
  for (const { node, socket: path, file } of recordsIn(join(stateFolder, FOLDER))) {
    const socket = await dial(path);
    if (socket instanceof NodeUnreachableError) {
      closed = socket;
      nodes.push(new ClosedNode(node, socket));
    } else if (socket !== undefined) nodes.push(new SocketConnection(node, socket));
    else {
      rmSync(file, { force: true }); // S2
      removeSocket(path);
    }
  }
  if (nodes.some((node) => node instanceof SocketConnection)) return nodes;
  throw (
    closed ??
    new NodeUnreachableError(
      `no node of the app in '${appFolder}' runs on this machine; start one with \`moontide run\` or \`moontide dev\`, or go where one runs`,
    )
  );
}

function recordsIn(folder: string): readonly (NodeRecord & { readonly file: string })[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return []; // no node has ever run here
  }
  return names.sort().flatMap((name) => {
    const file = join(folder, name);
    try {
      const { node, socket } = JSON.parse(readFileSync(file, 'utf8')) as NodeRecord;
      return [{ node, socket, file }];
    } catch {
      return []; // its node goes, or just begins
    }
  });
}

/** Undefined: nobody listens there. */
function dial(path: string): Promise<Socket | NodeUnreachableError | undefined> {
  return new Promise((resolve) => {
    const socket = connectTo(path);
    const failed = (error: NodeJS.ErrnoException): void => {
      const isGone = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
      resolve(
        isGone
          ? undefined
          : new NodeUnreachableError(
              `cannot connect to the node at '${path}': ${error.message}; run the command as the user of the node`,
            ),
      );
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}
