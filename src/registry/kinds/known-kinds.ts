// Kinds of the application format that this version does not run: accepted (checked as far as it goes, idle) or refused.
// Who builds one replaces its line by a spec of its own; docs/compatibility.md says the same as this file.
import { defineKind, type KindSpec } from '../model/kind.js';
import { lifecycle, lifecycleReferences, open, type References } from './common.js';

interface Accepted {
  readonly summary: string;
  readonly references?: References;
  readonly sources?: readonly string[];
}

const one = (pointer: string, ...kinds: readonly string[]): References[number] => ({ pointer, kinds });
const functions = ['function.*'];
const drivers = ['queue.driver.*'];

const accepted: Readonly<Record<string, Accepted>> = {
  'process.wasm': { summary: 'A WebAssembly process.' },
  encryption: { summary: 'Encrypts payloads.' },
  network: { summary: 'A network overlay.' },
  'db.sql.postgres': { summary: 'A PostgreSQL database.' },
  'db.sql.mysql': { summary: 'A MySQL database.' },
  'db.cdc.postgres': { summary: 'Changes of a PostgreSQL database, as they happen.' },
  'store.kv.raft': { summary: 'A key-value store that all nodes share.' },
  'config.aws': { summary: 'Credentials of AWS.' },
  'cloudstorage.s3': { summary: 'An S3 bucket.', references: [one('/config', 'config.aws')] },
  'queue.driver.memory': { summary: 'Queues in memory.' },
  'queue.driver.amqp': { summary: 'Queues of an AMQP broker.' },
  'queue.driver.sqs': { summary: 'Queues of AWS SQS.', references: [one('/config', 'config.aws')] },
  'queue.queue': {
    summary: 'A queue.',
    references: [one('/driver', ...drivers), one('/dead_letter/queue', 'queue.queue')],
  },
  'queue.consumer': {
    summary: 'Calls a function for each message.',
    references: [one('/queue', 'queue.queue'), one('/func', ...functions)],
  },
  'exec.native': { summary: 'Runs programs of the machine.' },
  'exec.docker': { summary: 'Runs programs in containers.' },
  'contract.definition': { summary: 'An interface.' },
  'contract.binding': {
    summary: 'Functions that stand behind an interface.',
    references: [
      one('/contracts/*/contract', 'contract.definition'),
      one('/contracts/*/methods/*', ...functions),
    ],
  },
  'security.policy': { summary: 'What is allowed, by conditions.' },
  'security.policy.expr': { summary: 'What is allowed, by an expression.' },
  'security.token_store': { summary: 'Tokens.', references: [one('/store', 'store.*')] },
  'function.wasm': { summary: 'A WebAssembly function.', references: [one('/fs', 'fs.*')] },
  'function.wat': { summary: 'A WebAssembly function as text.', sources: ['source'] },
};

const byteCode = (kind: string): [string, string] => [`${kind}.bc`, `Lua travels as source; use '${kind}'`];
const refused: Readonly<Record<string, string>> = {
  'network.i2p': "there is no I2P overlay; use 'network.socks5'",
  'network.tailscale': "there is no Tailscale overlay; use 'network.socks5'",
  'store.kv.crdt': "there is no store without one order of writes; use 'store.kv.raft'",
  ...Object.fromEntries(['function.lua', 'library.lua', 'process.lua', 'workflow.lua'].map(byteCode)),
};

const anyFields = open({ lifecycle });

export const knownKinds: readonly KindSpec[] = [
  ...Object.entries(accepted).map(([name, { summary, references = [], sources }]) =>
    defineKind({
      name,
      summary,
      state: 'accepted',
      schema: anyFields,
      references: [...references, ...lifecycleReferences],
      ...(sources === undefined ? {} : { sources }),
    }),
  ),
  ...Object.entries(refused).map(([name, refusal]) =>
    defineKind({ name, summary: 'Refused.', state: 'refused', refusal }),
  ),
];
