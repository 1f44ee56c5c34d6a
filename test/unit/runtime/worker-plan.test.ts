import { describe, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import type { DataObject } from '../../../src/core/data.js';
import { formatDiagnostic } from '../../../src/core/diagnostics.js';
import type { Entry, EntryId } from '../../../src/registry/model/entry.js';
import { needsTemporal, planWorkers } from '../../../src/services/temporal/worker-plan.js';

const entry = (id: string, kind: string, data: DataObject = {}, meta: DataObject = {}): Entry => ({
  id: id as EntryId,
  kind,
  data: dataObject(data),
  meta: dataObject(meta),
});
const workflow = (id: string, worker?: string, name?: string): Entry =>
  entry(
    id,
    'workflow.lua',
    {},
    {
      temporal: {
        workflow: { ...(worker === undefined ? {} : { worker }), ...(name === undefined ? {} : { name }) },
      },
    },
  );
const activity = (id: string, worker: string): Entry =>
  entry(id, 'function.lua', {}, { temporal: { activity: { worker } } });
const worker = (id: string, task_queue: string, more: DataObject = {}): Entry =>
  entry(id, 'temporal.worker', { task_queue, ...more });

const plan = (entries: readonly Entry[], isPlatform = (_client: string) => true) =>
  planWorkers({
    app: 'shop',
    entries,
    isPlatform,
    fill: (text) => text.replace('${env:STAGE}', 'test'),
    placeOf: (each) => ({ file: `${each.id}.yaml`, line: 1, column: 1 }),
  });

describe('nexus services', () => {
  const service = (id: string, data: DataObject): Entry =>
    entry(id, 'nexus.service', { operations: dataObject({ do: dataObject({ function: 'pay' }) }), ...data });

  it('are served on the queue of their worker, and have Temporal be needed', () => {
    const made = plan([
      worker('app:w', 'orders'),
      workflow('app:order', 'w', 'Order'),
      service('app:bank', {
        worker: 'w',
        endpoint: 'bank',
        operations: dataObject({
          pay: dataObject({ function: 'pay' }),
          order: dataObject({ workflow: 'order', workflow_id: 'o-{id}' }),
        }),
      }),
    ]);
    expect(needsTemporal(plan([service('app:bank', {})]))).toBe(true);
    expect(made.workers).toHaveLength(1);
    expect(made.workers[0]?.services).toEqual([
      {
        entry: 'app:bank',
        service: 'bank',
        endpoint: 'bank',
        description: undefined,
        operations: new Map<string, unknown>([
          ['pay', { function: 'app:pay' }],
          ['order', { workflow: 'app:order', type: 'Order', taskQueue: 'orders', workflowId: 'o-{id}' }],
        ]),
      },
    ]);
  });

  it('of one name on one queue, and an endpoint that would lead to two queues, are refused', () => {
    const { diagnostics } = plan([
      worker('app:w', 'orders'),
      service('app:bank', { endpoint: 'bank' }),
      service('other:bank', {}),
      service('app:shop', { endpoint: 'bank', worker: 'w' }),
    ]);
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      "other:bank.yaml:1:1: services 'app:bank' and 'other:bank' are both named 'bank' on the task queue 'shop'; give one of them another name or worker",
      "app:shop.yaml:1:1: the endpoint 'bank' of 'app:shop' leads to the task queue of 'app:bank'; give the two the same worker, or two endpoints",
    ]);
  });

  it('of a process with queues of its own have endpoints of their own', () => {
    const { endpointOf, workers } = planWorkers({
      app: 'shop',
      entries: [service('app:bank', { endpoint: 'bank' })],
      isPlatform: () => true,
      fill: (text) => text,
      suffix: '.test-1a2b',
      placeOf: (each) => ({ file: each.id, line: 1, column: 1 }),
    });
    expect([...endpointOf]).toEqual([['bank', 'bank-test-1a2b']]);
    expect(workers[0]?.services[0]?.endpoint).toBe('bank-test-1a2b');
  });
});

describe('worker plan', () => {
  it('puts entries on the queue of the worker they name, a bare name meaning their own namespace', () => {
    const { workers, queueOf } = plan([
      worker('app:w', 'orders'),
      workflow('app:order', 'w'),
      activity('app:pay', 'app:w'),
    ]);
    expect(workers).toHaveLength(1);
    expect(workers[0]).toMatchObject({ taskQueue: 'orders', workers: ['app:w'], functions: ['app:pay'] });
    expect([...(workers[0]?.workflows ?? [])]).toEqual([['app:order', 'app:order']]);
    expect(queueOf.get('app:pay')).toBe('orders');
  });
  it('puts entries without a worker on the queue that is named after the app', () => {
    const { queueOf, workers } = plan([workflow('app:order'), entry('app:pay', 'function.lua')]);
    expect(queueOf.get('app:order')).toBe('shop');
    expect(workers.map(({ taskQueue }) => taskQueue)).toEqual(['shop']);
  });
  it('shares one worker between a declared queue and the default queue of the same name', () => {
    const { workers } = plan([
      entry('app:pay', 'function.lua'),
      worker('app:w', 'shop'),
      workflow('app:order', 'app:w'),
    ]);
    expect(workers).toHaveLength(1);
    expect(workers[0]).toMatchObject({ workers: ['app:w'], functions: ['app:pay'] });
  });
  it('puts the prefix of the client before the queue', () => {
    const { queueOfWorker } = plan([
      entry('app:c', 'temporal.client', { tq_prefix: 'eu-' }),
      worker('app:w', 'orders', { client: 'c' }),
    ]);
    expect(queueOfWorker.get('app:w')).toBe('eu-orders');
  });
  it('fills placeholders in queues and options', () => {
    const { workers } = plan([
      worker('app:w', '${env:STAGE}-orders', { worker_options: { build_id: '${env:STAGE}' } }),
    ]);
    expect(workers[0]).toMatchObject({ taskQueue: 'test-orders', options: { build_id: 'test' } });
  });
  it('leaves a queue alone whose workers all say that they do not start by themselves', () => {
    const idle = worker('app:idle', 'idle', { lifecycle: { auto_start: false } });
    const { workers } = plan([idle, worker('app:w', 'busy'), entry('app:f', 'function.lua')]);
    expect(workers.map(({ taskQueue, autoStart }) => [taskQueue, autoStart])).toEqual([
      ['idle', false],
      ['busy', true],
      ['shop', true],
    ]);
    const shared = plan([idle, worker('app:w', 'idle')]);
    expect(shared.workers[0]?.autoStart).toBe(true);
  });
  it('keeps queues of one name apart when their connections differ', () => {
    const { workers } = plan(
      [worker('app:a', 'q', { client: 'app:x' }), worker('app:b', 'q', { client: 'app:y' })],
      () => false,
    );
    expect(workers.map(({ client }) => client)).toEqual(['app:x', 'app:y']);
  });
  it('names the type of a workflow as its meta says', () => {
    const { workers } = plan([workflow('app:order', undefined, 'OrderWorkflow')]);
    expect([...(workers[0]?.workflows ?? [])]).toEqual([['OrderWorkflow', 'app:order']]);
  });
  it('refuses two workers on one queue whose options differ, and names both', () => {
    const { diagnostics } = plan([
      worker('app:a', 'q', { worker_options: { identity: 'a' } }),
      worker('app:b', 'q', { worker_options: { identity: 'b' } }),
    ]);
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      "app:b.yaml:1:1: workers 'app:a' and 'app:b' share the task queue 'q' but differ in their worker_options; give them the same options or different queues",
    ]);
  });
  it('lets two workers share one queue when their options agree', () => {
    const options = { worker_options: { identity: 'a' } };
    const { diagnostics, workers } = plan([worker('app:a', 'q', options), worker('app:b', 'q', options)]);
    expect(diagnostics).toEqual([]);
    expect(workers).toHaveLength(1);
    expect(workers[0]?.workers).toEqual(['app:a', 'app:b']);
  });
  it('refuses two workflows of one type on one queue', () => {
    const { diagnostics } = plan([
      workflow('app:a', undefined, 'Order'),
      workflow('app:b', undefined, 'Order'),
    ]);
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      "app:b.yaml:1:1: workflows 'app:a' and 'app:b' are both of type 'Order' on the task queue 'shop'; give one of them another name or queue",
    ]);
  });
  it('needs Temporal for workflows and declared workers, not for functions alone', () => {
    expect(needsTemporal(plan([entry('app:f', 'function.lua')]))).toBe(false);
    expect(needsTemporal(plan([workflow('app:order')]))).toBe(true);
    expect(needsTemporal(plan([worker('app:w', 'q')]))).toBe(true);
  });
});
