// The socket of a node, and what comes over it that no command of ours would send.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Data } from '../../../src/core/data.js';
import { dataObject } from '../../../src/core/data.js';
import { silentLogger } from '../../../src/core/logger.js';
import { toBytes } from '../../../src/core/text.js';
import { connectToNodes, openControlSocket } from '../../../src/runtime/control/control-socket.js';
import type { NodeConnection } from '../../../src/runtime/control/control-socket.js';
import type { PeerHandler } from '../../../src/runtime/relay/peers.js';

const LARGE = 'x'.repeat(8_000_000);
const handlers = new Map<string, PeerHandler>([
  ['echo', ({ value = null }) => value],
  ['large', () => LARGE],
  ['text', () => 'Ж'], // not bytes: it does not cross
  ['error', () => Promise.reject(new Error('fails'))],
]);

let folder = '';
let node: AsyncDisposable;
let connections: Disposable[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-control-'));
  mkdirSync(join(folder, 'nodes'), { mode: 0o755 });
  node = await openControlSocket({
    stateFolder: folder,
    node: 'here',
    handlers,
    logger: silentLogger,
    toErrorData: () => ({ kind: 'Internal', message: 'Ж' }), // does not cross either
  });
});
afterEach(async () => {
  for (const one of connections) one[Symbol.dispose]();
  connections = [];
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function nodes(): Promise<readonly NodeConnection[]> {
  const all = await connectToNodes('app', folder);
  connections.push(...all);
  return all;
}
const client = async (): Promise<NodeConnection> => (await nodes())[0]!;
const echo = async (value: Data): Promise<Data> => (await client()).ask('echo', dataObject({ value }));

function raw(): Promise<Socket> {
  const name = readdirSync(join(folder, 'nodes')).find((one) => one.endsWith('.sock'));
  const socket = connect(join(folder, 'nodes', name!));
  return new Promise((connected) => socket.once('connect', () => connected(socket)));
}
const nested = (levels: number): Data =>
  Array.from({ length: levels }).reduce<Data>((inner) => [inner], 'core');

it.each(['x', '[', '[["q",1,"echo"', '{"a":1}x', '\0'])(
  'ends the connection of a client that says %j, and answers the next one',
  async (line) => {
    const socket = await raw();
    const closed = new Promise((ended) => socket.once('close', ended));
    socket.write(`${line}\n`);
    await closed;
    expect(await echo(1)).toBe(1);
  },
);

it('takes what is nested as deep as it may be, and what is deeper is refused where it is asked', async () => {
  const one = await client();
  const answered: boolean[] = [];
  for (let levels = 110; levels <= 140; levels++) {
    const value = nested(levels);
    const answer = one.ask('echo', dataObject({ value }));
    answered.push(
      await answer.then(
        (back) => (expect(back).toEqual(value), true),
        (error: unknown) => {
          expect((error as Error).message).toContain('nested deeper');
          return false;
        },
      ),
    );
  }
  expect(answered.indexOf(false)).toBe(answered.lastIndexOf(true) + 1);
  expect(await one.ask('echo', dataObject({ value: 1 }))).toBe(1);
});

it('takes strings with the line ends of Unicode, and with characters that come in two pieces', async () => {
  const value = toBytes('a\u2028b\u2029c\u0085d\r\ne');
  expect(await echo(value)).toBe(value);
  const socket = await raw();
  const question = Buffer.from('[["q",7,"echo",{"value":"é"}]]\n');
  const middle = question.indexOf(0xa9);
  const answer = new Promise((came) => socket.once('data', came));
  socket.write(question.subarray(0, middle));
  await echo(1); // the node has read the first piece
  socket.write(question.subarray(middle));
  expect(String(await answer)).toBe('[["a",7,"é"]]\n');
  socket.destroy();
});

it.each(['text', 'error'])('lives on when the answer %s does not cross, nor its error', async (type) => {
  const one = await client();
  await expect(one.ask(type, dataObject())).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  expect(await echo(2)).toBe(2);
});

it('stops while a client stands still that has not read its answer', async () => {
  const socket = await raw();
  socket.pause();
  socket.write('[["q",1,"large",{}]]\n');
  await echo(1);
  await node[Symbol.asyncDispose]();
  socket.destroy();
});

it.skipIf(process.platform === 'win32')(
  'makes its folder that of its user alone, also one that was there',
  () => {
    expect(statSync(join(folder, 'nodes')).mode & 0o777).toBe(0o700);
  },
);

it('is found beside a node whose socket cannot be opened, which says so when it is asked', async () => {
  const record = { node: 'closed', socket: join(folder, 'file', 'node.sock') }; // ENOTDIR
  writeFileSync(join(folder, 'file'), '');
  writeFileSync(join(folder, 'nodes', '0.json'), JSON.stringify(record));
  const [closed, here] = await nodes();
  await expect(closed!.ask('echo', dataObject())).rejects.toThrow('run the command as the user of the node');
  expect(await here!.ask('echo', dataObject({ value: 3 }))).toBe(3);
});
