// The socket over which commands on the same machine reach a node that runs: one question a line, one answer a line, as nodes
// write them to each other (relay/packets.ts).
// S1: only the user of the node can connect: the socket lies in a folder that is theirs alone.
// S2: a node is found by its record, `<state folder>/nodes/<life>.json`, which goes with it; one that a killed node left is
//     removed by whoever finds that nobody listens there.
// S3: the path of a socket is short by nature: one that is too long for that lies in a folder of the system's for temporary files.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as connectTo } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { CallError, CommandUnknownError } from '../errors.js';
import { decodeBatch, encodeBatch, encodePacket } from '../relay/packets.js';
import type { PeerHandler } from '../relay/peers.js';
import type { ControlHandlers } from './node-control.js';

const FOLDER = 'nodes';
/** Bytes of a path that every system takes for a socket. */
const LONGEST_PATH = 100;
/** How long a question may wait for its answer. Milliseconds. */
const ANSWER_MS = 20_000;

interface NodeRecord {
  readonly node: string;
  readonly socket: string;
}

export interface ControlSocketOptions {
  readonly stateFolder: string;
  readonly node: string;
  readonly handlers: ControlHandlers;
  readonly toErrorData: (error: unknown) => ErrorData;
}

/** Listens until it is disposed. Rejects when neither place takes a socket. */
export async function openControlSocket(options: ControlSocketOptions): Promise<AsyncDisposable> {
  const folder = join(options.stateFolder, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const life = randomBytes(6).toString('hex');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy()); // who asked has gone
    serve(socket, options);
  });
  const socket = await listen(server, join(folder, `${life}.sock`));
  const record = join(folder, `${life}.json`);
  const { node } = options;
  writeFileSync(record, JSON.stringify({ node, socket } satisfies NodeRecord), { mode: 0o600 });
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      rmSync(record, { force: true });
      const closed = new Promise((resolve) => server.close(resolve));
      for (const one of open) one.end();
      await closed;
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
  return listenOn(server, join(mkdtempSync(join(tmpdir(), TEMPORARY)), 'node.sock')); // S3
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

function serve(socket: Socket, { handlers, toErrorData }: ControlSocketOptions): void {
  createInterface({ input: socket }).on('line', (line) => {
    for (const packet of decodeBatch(line)) {
      if (packet.is !== 'question') continue;
      const { id, type, body } = packet;
      void answerTo(handlers.get(type), type, body).then(
        (value) => reply(socket, encodePacket({ is: 'answer', id, value })),
        (error: unknown) => reply(socket, encodePacket({ is: 'error', id, error: toErrorData(error) })),
      );
    }
  });
}

const reply = (socket: Socket, packet: string): void => {
  if (socket.writable) socket.write(`${encodeBatch([packet])}\n`);
};

async function answerTo(handler: PeerHandler | undefined, type: string, body: DataObject): Promise<Data> {
  if (handler === undefined) throw new CommandUnknownError(type);
  return handler(body, '');
}

class NodeUnreachableError extends PlatformError {
  override readonly name = 'NodeUnreachableError';
  readonly code = 'NODE_UNREACHABLE';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable = true;
  override readonly exitCode: ExitCode = 3;
}

interface Asked {
  readonly resolve: (value: Data) => void;
  readonly reject: (error: Error) => void;
  readonly late: NodeJS.Timeout;
}

/** A node of this machine, reached by its socket. */
export class NodeConnection implements Disposable {
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
        this.#take(id)?.reject(new NodeUnreachableError(`node '${node}' has stopped before it answered`));
    });
    createInterface({ input: socket }).on('line', (line) => {
      for (const packet of decodeBatch(line)) {
        const asked = this.#take(packet.id);
        if (packet.is === 'answer') asked?.resolve(packet.value);
        else if (packet.is === 'error') asked?.reject(new CallError(packet.error));
      }
    });
  }

  ask(type: string, body: DataObject): Promise<Data> {
    const id = (this.#last += 1);
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
            ),
          ),
        ANSWER_MS,
      );
      this.#waiting.set(id, { resolve, reject, late });
      this.#socket.write(`${encodeBatch([encodePacket({ is: 'question', id, type, body })])}\n`);
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

/** The nodes of an app that run on this machine, in no order. Throws when there is none. */
export async function connectToNodes(
  appFolder: string,
  stateFolder: string,
): Promise<readonly NodeConnection[]> {
  const nodes: NodeConnection[] = [];
  for (const record of recordsIn(join(stateFolder, FOLDER))) {
    const socket = await dial(record.socket);
    if (socket !== undefined) nodes.push(new NodeConnection(record.node, socket));
    else {
      rmSync(record.file, { force: true }); // S2
      removeSocket(record.socket);
    }
  }
  if (nodes.length === 0)
    throw new NodeUnreachableError(
      `no node of the app in '${appFolder}' runs on this machine; start one with \`moontide run\` or \`moontide dev\`, or go where one runs`,
    );
  return nodes;
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
function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(path);
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else
        reject(
          new NodeUnreachableError(
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
