// Every example of a module's page prints what the page says.
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { identityFromData } from '../../src/core/identity.js';
import { declaredModules } from '../../src/modules/index.js';
import { streamHandlers } from '../../src/modules/stream/host.js';
import { processSpec } from '../../src/modules/process/spec.js';
import { activityHandlers } from '../../src/modules/activity/host.js';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { httpHandlers } from '../../src/modules/http/host.js';
import { timeHandlers } from '../../src/modules/time/host.js';
import { ioHandlers, Terminal } from '../../src/modules/io/host.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { answeringExample } from '../http/example-request.js';
import { clientOfExamples, socketsOfExamples } from '../http/example-server.js';
import { modulesWithExamples, recordedAnswers } from '../support/examples.js';
import { nodeAnswers, runLua } from '../support/instance.js';
import { runOnNode } from '../support/node-run.js';
import type { AnswerOf, LuaOptions, LuaRun } from '../support/instance.js';
import { answersOf, openRegistryNode, publishExample } from './registry-node.js';

/** Timers fire at once; what a node computes aside it computes here. */
const answers: Record<string, AnswerOf> = {
  ...recordedAnswers,
  ...nodeAnswers(activityHandlers),
  ...nodeAnswers(cryptoHandlers(nativeSupport)),
  ...nodeAnswers(clientOfExamples(), { signal: new AbortController().signal }),
  'time.sleep': () => null,
};

function terminalOf(input: string, written: string[]): Terminal {
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString('latin1'));
      done();
    },
  });
  const errors = new Writable({ write: (_chunk, _encoding, done) => done() });
  const options = { args: ['--name', 'Ann'], redact: (text: string) => text };
  return new Terminal({ input: Readable.from([Buffer.from(input)]), output, errors, ...options });
}

/** Whom the examples act for. */
const identity = identityFromData(
  dataObject({
    actor: dataObject({ id: 'service:mailer', meta: dataObject({ role: 'mailer' }) }),
    policies: ['app:mails'],
  }),
);

/** The example as what answers a request. */
const answered = (title: string, code: string, options: LuaOptions): Promise<LuaRun> =>
  answeringExample(title, (exchange, holdings) =>
    runLua(code, {
      ...options,
      host: { exchange },
      answers: {
        ...options.answers,
        ...nodeAnswers(
          { ...httpHandlers, ...streamHandlers },
          {
            http: exchange,
            own: (handle) => holdings.own(handle),
            owned: (handle) => holdings.owned(handle),
            release: (handle) => holdings.release(handle),
          },
        ),
      },
    }),
  );

describe.each(modulesWithExamples)('examples of $spec.name', ({ spec, examples }) => {
  it.each(examples)('$title', async ({ title, code, prints }) => {
    await using node = spec.name === 'registry' ? await openRegistryNode() : undefined;
    if (node !== undefined) await publishExample(node);
    const written: string[] = [];
    using terminal = terminalOf('Ann', written);
    const all = {
      ...answers,
      ...nodeAnswers(ioHandlers(terminal)),
      ...(node === undefined ? {} : answersOf(node)),
    };
    const options = { modules: declaredModules, globals: [processSpec], answers: all };
    if (spec.name === 'websocket') {
      const run = await runOnNode(code, declaredModules, { ...socketsOfExamples(), ...timeHandlers });
      expect(run).toMatchObject({ outcome: { ok: true }, printed: prints });
      return;
    }
    const run =
      spec.name === 'http' || spec.name === 'stream'
        ? await answered(title, code, options)
        : await runLua(code, { ...options, host: spec.name === 'security' ? { identity } : {} });
    expect(run.error).toBeUndefined();
    const lines = written.join('').split('\n').slice(0, -1);
    expect([...run.printed, ...lines]).toEqual(prints);
  });
});
