// The relay between nodes on one real Postgres: who is there, questions and their answers, order, nodes that leave or are silent.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as pause } from 'node:timers/promises';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { silentLogger } from '../../src/core/logger.js';
import { PlatformError } from '../../src/core/errors.js';
import type { ErrorKind } from '../../src/core/errors.js';
import { PostgresPeers } from '../../src/runtime/relay/postgres-peers.js';
import type { PostgresPeersOptions } from '../../src/runtime/relay/postgres-peers.js';
import { errorToErrorData } from '../../src/temporal/failures.js';
import { createDatabase } from '../support/postgres.js';
import type { PostgresDatabase } from '../support/postgres.js';

class NotHereError extends PlatformError {
  override readonly name = 'NotHereError';
  readonly code = 'NOT_HERE_IN_TEST';
  override readonly kind: ErrorKind = 'NotFound';
}

let database: PostgresDatabase;
const open: PostgresPeers[] = [];
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  for (const peers of open.splice(0)) await peers[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** A node that has begun, and what it heard of others. */
async function node(name: string, options: Partial<PostgresPeersOptions> = {}) {
  const peers = new PostgresPeers({
    node: name,
    url: database.url,
    schema: 'moontide',
    logger: silentLogger,
    toErrorData: errorToErrorData,
    beatMs: 200,
    ...options,
  });
  const heard: string[] = [];
  peers.watch({ up: (other) => heard.push(`up ${other}`), down: (other) => heard.push(`down ${other}`) });
  peers.answer('echo', (body, from) => dataObject({ from, body }));
  peers.answer('fail', () => {
    throw new NotHereError('nobody here');
  });
  peers.answer('never', () => new Promise<Data>(() => undefined));
  open.push(peers);
  await peers.start();
  return { peers, heard };
}
const seen = (peers: PostgresPeers, ...others: string[]) =>
  expect.poll(() => [...peers.others].sort(), { timeout: 20_000 }).toEqual(others);

describe('two nodes on one Postgres', () => {
  it('see each other, answer each other, and are told who leaves', async () => {
    const a = await node('a');
    const b = await node('b');
    await seen(a.peers, 'b');
    await seen(b.peers, 'a');
    const body = dataObject({ bytes: '\xff\0', big: 9007199254740993n, list: [1, null, true] });
    expect(await a.peers.request('b', 'echo', body)).toEqual(dataObject({ from: 'a', body }));
    expect(await b.peers.request('a', 'echo', body)).toEqual(dataObject({ from: 'b', body }));
    await expect(a.peers.request('b', 'fail', dataObject())).rejects.toMatchObject({
      kind: 'NotFound',
      message: 'nobody here',
    });
    await b.peers[Symbol.asyncDispose]();
    await seen(a.peers);
    expect(a.heard).toEqual(['up b', 'down b']);
    await expect(a.peers.request('b', 'echo', dataObject())).rejects.toMatchObject({
      kind: 'Unavailable',
      message: "there is no node 'b'; it has stopped, or it never was",
    });
  });

  it('take questions in the order in which they were asked, and answer all', async () => {
    const a = await node('a');
    const b = await node('b');
    const got: Data[] = [];
    b.peers.answer('take', ({ n = null }) => {
      got.push(n);
      return n;
    });
    await seen(a.peers, 'b');
    const answers: Promise<Data>[] = [];
    for (let n = 0; n < 2_000; n++) {
      answers.push(
        a.peers.request('b', 'take', dataObject({ n, text: 'x'.repeat(n % 3 === 0 ? 2_000 : 1) })),
      );
      if (n % 100 === 0) await pause(1);
    }
    const all = Array.from({ length: 2_000 }, (_, n) => n);
    expect(await Promise.all(answers)).toEqual(all);
    expect(got).toEqual(all);
    const { rows } = await database.query('select count(*)::int as left from moontide.packets');
    expect(rows).toEqual([{ left: 0 }]);
  });

  it('fail what a node was asked that leaves before it answers', async () => {
    const a = await node('a');
    const b = await node('b');
    await seen(a.peers, 'b');
    const waiting = a.peers.request('b', 'never', dataObject());
    const failed = expect(waiting).rejects.toMatchObject({
      kind: 'Unavailable',
      message: "node 'b' is gone; whether it took the message is not known",
    });
    await pause(100);
    await b.peers[Symbol.asyncDispose]();
    await failed;
  });

  it('fail what is not answered in time, though the node is there', async () => {
    const a = await node('a', { answerMs: 300 });
    await node('b');
    await seen(a.peers, 'b');
    await expect(a.peers.request('b', 'never', dataObject())).rejects.toMatchObject({
      kind: 'Unavailable',
      message: "node 'b' did not answer within 300 ms; whether it took the message is not known",
    });
  });

  it('begin a new life when the others gave them up, and both sides hear of it', async () => {
    const a = await node('a');
    const b = await node('b');
    await seen(a.peers, 'b');
    await seen(b.peers, 'a');
    const before = b.peers.life;
    await database.query(`delete from moontide.nodes where name = 'b'`);
    await expect.poll(() => a.heard, { timeout: 20_000 }).toEqual(['up b', 'down b', 'up b']);
    await expect.poll(() => b.heard, { timeout: 20_000 }).toEqual(['up a', 'down a', 'up a']);
    expect(b.peers.life).not.toBe(before);
    expect(await a.peers.request('b', 'echo', dataObject())).toMatchObject({ from: 'a' });
    expect(await b.peers.request('a', 'echo', dataObject())).toMatchObject({ from: 'b' });
  });

  it('refuse a packet that is too large, and a question that nobody knows', async () => {
    const a = await node('a');
    await node('b');
    await seen(a.peers, 'b');
    await expect(
      a.peers.request('b', 'echo', dataObject({ text: 'x'.repeat(4_000_001) })),
    ).rejects.toMatchObject({ kind: 'Invalid' });
    await expect(a.peers.request('b', 'unheard', dataObject())).rejects.toMatchObject({
      kind: 'Unavailable',
      message: "node 'b' does not know 'unheard'; it runs another version of Moontide",
    });
  });
});
