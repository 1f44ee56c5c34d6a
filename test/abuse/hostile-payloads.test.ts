// What any client of a namespace can send to a run, below every SDK's converter: payloads that are none, names of the platform,
// headers and memos that hold anything. A run takes them as values or as errors, goes on, and ends; no task of it ever fails.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import { queryRun, resultOf } from '../../src/temporal/client.js';
import { HEADERS, PROGRAM_ENCODING } from '../../src/temporal/names.js';
import type { LuaApp } from '../support/lua-app.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

interface RawPayload {
  readonly metadata: Readonly<Record<string, Uint8Array>>;
  readonly data?: Uint8Array;
}
const raw = (
  encoding: string | undefined,
  data: string | Uint8Array,
  more: Record<string, string> = {},
): RawPayload => ({
  metadata: Object.fromEntries(
    Object.entries({ ...(encoding === undefined ? {} : { encoding }), ...more }).map(([key, value]) => [
      key,
      Buffer.from(value),
    ]),
  ),
  data: typeof data === 'string' ? Buffer.from(data) : data,
});
const json = (text: string | Uint8Array, more: Record<string, string> = {}): RawPayload =>
  raw('json/plain', text, more);
const good = (value: unknown): RawPayload => json(JSON.stringify(value));

/** By name: a payload, and what Lua sees of it; undefined where the message is dropped. */
const PAYLOADS: readonly (readonly [name: string, payload: RawPayload, seen: string | undefined])[] = [
  ['__proto__', json('{"__proto__":{"polluted":1}}'), 'table clean'],
  ['constructor.prototype', json('{"constructor":{"prototype":{"polluted":1}}}'), 'table clean'],
  ['a key twice', json('{"a":1,"a":2}'), 'table clean'],
  ['1e5 levels that do not end', json('['.repeat(100_000)), undefined],
  ['1e5 levels', json(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), undefined],
  ['1e400', json('1e400'), undefined],
  ['NaN', json('NaN'), undefined],
  ['half a character', json('"\\ud800"'), 'string clean'],
  ['2^53+1', json('9007199254740993'), 'number 9007199254740993'],
  ['-0', json('-0'), 'number 0'],
  ['bytes that are no UTF-8', json(Uint8Array.from([0x22, 0xff, 0xfe, 0x22])), 'string clean'],
  ['no JSON', json('{'), undefined],
  ['nothing', json(''), undefined],
  ['an error that is none', json('{"$error":{"kind":7,"message":[]}}'), 'table clean'],
  ['an error', json('{"$error":{"kind":"NotFound","message":"no"}}'), 'userdata clean'],
  ['bytes that are none', json('{"$bytes":"!!"}'), 'table clean'],
  ['a secret', json('{"$secret":"app:key"}'), 'table clean'],
  ['results that are none', json('{"a":1}', { moontide: 'results' }), 'table clean'],
  ['results', json('[1,2]', { moontide: 'results' }), 'table clean'],
  ['a program', json('{"hash":"x"}', { moontide: 'program' }), undefined],
  ['an expanded program', raw(PROGRAM_ENCODING, 'code', { reference: '{"hash":"x"}' }), undefined],
  ['an expanded program without its reference', raw(PROGRAM_ENCODING, 'code'), undefined],
  ['an unknown encoding', raw('binary/encrypted', 'x'), undefined],
  ['no encoding', raw(undefined, '1'), undefined],
  ['protobuf', raw('json/protobuf', '{"a":1}'), 'table clean'],
  ['bytes', raw('binary/plain', Uint8Array.from([0, 255])), 'string clean'],
];

const NAMES: readonly (readonly [name: string, payload: RawPayload])[] = [
  ['@events', good({ kind: 'EXIT' })],
  ['moontide.nothing', good(1)],
  ...['moontide.inbox', 'moontide.event', 'moontide.watch'].flatMap((name) =>
    [
      null,
      7,
      'x',
      [],
      [null],
      [[]],
      {},
      { from: 1 },
      [{ from: 'a', seq: 1e300, topic: '@events', body: [] }],
    ].map((value) => [name, good(value)] as const),
  ),
  ['moontide.inbox', json('{')],
  ['__proto__', good(1)],
  ['constructor', good(1)],
  ['a\nb\u001b[31m', good(1)],
];

const RECEIVER = workflow(`
  local workflow = require("workflow")
  return function(last)
    workflow.query("shape", function(v) return type(v) end)
    workflow.update("take", function(v) return type(v) end)
    local seen, inbox = {}, process.inbox()
    while true do
      local message = inbox:receive()
      local topic, data = message:topic(), message:payload():data()
      if topic == "stop" then break end
      if topic:sub(1, 2) == "h-" then
        local clean = type(data) ~= "table" or (data.polluted == nil and rawget(data, "toString") == nil)
        seen[topic:sub(3)] = type(data) .. " " .. (math.type(data) == "integer" and tostring(data) or clean and "clean" or "dirty")
      else
        seen[#seen + 1] = topic
      end
    end
    local names = {}
    for index, topic in ipairs(seen) do names[index] = topic seen[index] = nil end
    return { payloads = seen, names = names, polluted = ({}).polluted == nil }
  end`);

describe('a run that anybody can reach', () => {
  const { temporal, app, start, run } = luaSuite();

  const taskFailures = async (it: LuaApp, workflowId: string) => {
    const history = await it.client.workflow.getHandle(workflowId).fetchHistory();
    return (history.events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
      failed?.failure?.message === undefined ? [] : [failed.failure.message],
    );
  };
  /** The result; a run that is stuck tells by what. */
  const ended = async (it: LuaApp, workflowId: string): Promise<readonly Data[]> => {
    const late = new AbortController();
    const stuck = sleep(60_000, undefined, { signal: late.signal }).then(async () => {
      throw new Error(`it is stuck: ${(await taskFailures(it, workflowId)).join('; ')}`);
    });
    try {
      return await Promise.race([resultOf(it.client, { workflowId }), stuck]);
    } finally {
      late.abort();
      stuck.catch(() => undefined);
    }
  };
  const signal = (workflowId: string, signalName: string, payloads: readonly RawPayload[], header = {}) =>
    temporal().temporal.client.connection.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId },
      signalName,
      input: { payloads: payloads as RawPayload[] },
      header: { fields: header },
      requestId: randomUUID(),
    });

  it('takes signals of any payload, name and header, and ends', async () => {
    const it = await app({ 'app:w': RECEIVER });
    const { workflowId } = await start(it, 'app:w');
    for (const [index, [, payload]] of PAYLOADS.entries()) await signal(workflowId, `h-${index}`, [payload]);
    for (const [name, payload] of NAMES) await signal(workflowId, name, [payload]);
    for (const [index, [, payload]] of PAYLOADS.entries())
      await signal(workflowId, `header-${index}`, [good(1)], { [HEADERS.from]: payload, other: payload });
    await signal(workflowId, 'stop', [good(1)]);
    const [result] = await ended(it, workflowId);
    const { payloads, names, polluted } = result as unknown as {
      payloads: Record<string, Data>;
      names: readonly string[];
      polluted: boolean;
    };
    const wanted = Object.fromEntries(
      PAYLOADS.flatMap(([name, , seen], index) => (seen === undefined ? [] : [[`${index} ${name}`, seen]])),
    );
    expect(
      Object.fromEntries(
        Object.entries(payloads).map(([index, seen]) => [`${index} ${PAYLOADS[Number(index)]?.[0]}`, seen]),
      ),
    ).toEqual(wanted);
    expect(names.filter((name) => !name.startsWith('header-'))).toEqual([
      '__proto__',
      'constructor',
      'a\nb\u001b[31m',
    ]);
    expect(polluted).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(await taskFailures(it, workflowId)).toEqual([]);
  });

  it('refuses queries and updates of payloads that are none, and answers the next', async () => {
    const it = await app({ 'app:w': RECEIVER });
    const { workflowId } = await start(it, 'app:w');
    const { workflowService } = temporal().temporal.client.connection;
    expect(await queryRun(it.client, { workflowId }, 'shape', [1])).toEqual(['number']); // it is ready
    for (const [name, payload, seen] of PAYLOADS) {
      const asked = workflowService.queryWorkflow({
        namespace: 'default',
        execution: { workflowId },
        query: { queryType: 'shape', queryArgs: { payloads: [payload] } },
      });
      const answer = await asked.then(
        ({ queryResult }) =>
          String(JSON.parse(Buffer.from(queryResult?.payloads?.[0]?.data ?? []).toString())),
        () => 'refused',
      );
      expect([name, answer]).toEqual([name, seen?.split(' ')[0] ?? 'refused']);
      const { outcome } = await workflowService.updateWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId },
        waitPolicy: { lifecycleStage: 3 },
        request: {
          meta: { updateId: randomUUID(), identity: 'test' },
          input: { name: 'take', args: { payloads: [payload] } },
        },
      });
      expect([name, outcome?.failure == null]).toEqual([name, seen !== undefined]);
    }
    await signal(workflowId, 'stop', [good(1)]);
    await ended(it, workflowId);
    expect(await taskFailures(it, workflowId)).toEqual([]);
  });

  it('starts with any header, memo and argument: it runs, or fails with an error that says why', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(value)
          workflow.attrs({ memo = { mine = 1 } })
          if value ~= "again" then workflow.with_options({ ["temporal.workflow.memo"] = { next = 2 } }):continue_as_new("again") end
          return "done"
        end`),
    });
    const begin = async (name: string, parts: object) => {
      const workflowId = `hostile-${randomUUID()}`;
      await temporal().temporal.client.connection.workflowService.startWorkflowExecution({
        namespace: 'default',
        workflowId,
        workflowType: { name: 'app:w' },
        taskQueue: { name: it.queue },
        requestId: randomUUID(),
        ...parts,
      });
      const came = await ended(it, workflowId).then(
        ([result]) => result,
        (error: unknown) => (error as { kind?: string }).kind ?? String(error),
      );
      expect([name, await taskFailures(it, workflowId)]).toEqual([name, []]);
      return came;
    };
    const headers = (names: readonly string[], payload: RawPayload) => ({
      header: { fields: Object.fromEntries(names.map((name) => [name, payload])) },
    });
    const unsigned = Object.values(HEADERS).filter((name) => name !== HEADERS.identity);
    await Promise.all([
      ...PAYLOADS.map(async ([name, payload, seen]) => {
        const ofArgument = await begin(name, { input: { payloads: [payload] } });
        expect([name, ofArgument]).toEqual([name, seen === undefined ? 'Invalid' : 'done']);
        expect([name, await begin(name, { memo: { fields: { theirs: payload } } })]).toEqual([name, 'done']);
        expect([name, await begin(name, headers(unsigned, payload))]).toEqual([name, 'done']);
        // An actor that no node has signed is refused; what is no actor at all may be as none.
        expect(['done', 'PermissionDenied']).toContain(
          await begin(name, headers([HEADERS.identity], payload)),
        );
      }),
      ...[
        { messages: 7, carried: 7 },
        { messages: [null, 7, {}, { topic: 7, body: [] }, { topic: 'x', body: 7 }], carried: [] },
        { carried: { seen: null, monitors: {}, links: 'x', interests: [] } },
        { carried: { seen: { a: 1 }, monitors: [1], links: [], interests: { b: {} } } },
      ].map(async (start) => {
        const name = JSON.stringify(start);
        expect([name, await begin(name, headers(unsigned, good(start)))]).toEqual([name, 'done']);
      }),
    ]);
    expect(await run(it, 'app:w', ['again'])).toEqual(['done']);
  }, 120_000);
});
