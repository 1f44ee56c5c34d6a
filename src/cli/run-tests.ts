// `moontide test`: every entry with `meta.type: test`, by suite, then meta.order, then id, in one node.
// A test passes unless it raises, returns false first, or returns an error second. A workflow.lua is run as a workflow.
// Tests run apart from every other node: the folder's code is published to nobody, on task queues of this process alone.
import { randomUUID } from 'node:crypto';
import type { Data } from '../core/data.js';
import { dataObject } from '../core/data.js';
import { DurationError, parseDurationMs } from '../core/durations.js';
import type { ErrorData } from '../core/error-data.js';
import { toBytes } from '../core/text.js';
import type { Outcome } from '../lua/step.js';
import type { Entry } from '../registry/model/entry.js';
import type { Globals } from './globals.js';
import { errorDocument, errorLines, jsonText, say, tell } from './output.js';
import type { NodeOptions, RunningNode } from './running-node.js';
import { nodeOptions } from './serve.js';
import { UsageError } from './usage-error.js';
import { interruptionOf, withNode } from './with-node.js';
import { runWorkflowOnce } from './workflow-once.js';

interface Test {
  readonly id: string;
  readonly kind: string;
  readonly suite: string;
  readonly order: number;
  readonly comment: string | undefined;
  /** Whether the runs that it starts skip the time in which nothing happens. */
  readonly skipsTime: boolean;
  /** As `meta.timeout` says it: milliseconds, or a text in Go's syntax. */
  readonly timeout: number | string;
}

interface Result {
  readonly test: Test;
  /** Milliseconds. */
  readonly ms: number;
  /** Undefined: it passed. */
  readonly error: ErrorData | undefined;
}

const RUNNABLE: ReadonlySet<string> = new Set(['function.lua', 'process.lua', 'workflow.lua']);
const TIMEOUT_MS = 30_000;

export async function runTests(globals: Globals, filter: string | undefined): Promise<number> {
  const began = performance.now();
  const options = nodeOptions(globals);
  const own: NodeOptions = {
    ...options,
    temporal: 'asked',
    publish: 'never',
    mocks: true,
    queueSuffix: `.test-${randomUUID().slice(0, 8)}`,
    log: { ...options.log, fallback: 'warn' },
  };
  return withNode(own, async (node) => {
    try {
      return await runAll(node, globals, filter, began);
    } finally {
      await endRuns(node);
    }
  });
}

/** `began`: when the command did, in milliseconds of `performance.now`. */
async function runAll(
  node: RunningNode,
  globals: Globals,
  filter: string | undefined,
  began: number,
): Promise<number> {
  const all = findTests(node.find({ 'meta.type': 'test' }));
  const tests = all.filter(
    ({ id, suite }) => filter === undefined || id.includes(filter) || suite.includes(filter),
  );
  if (tests.length === 0) {
    if (filter !== undefined && all.length > 0)
      throw new UsageError(`no test has '${filter}' in its id or suite; the app has ${all.length}`);
    tell('the app has no tests: give a function.lua or a workflow.lua `meta: { type: test }`');
    return 0;
  }
  const results: Result[] = [];
  for (const test of tests) {
    if (node.stopping.aborted) break;
    const result = await runTest(node, test);
    if (globals.json) say(jsonText(resultDocument(result), false));
    else sayResult(result, results.at(-1)?.test.suite);
    results.push(result);
  }
  const failed = results.filter(({ error }) => error !== undefined);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (!globals.json)
    say(`\n${results.length - failed.length} passed, ${failed.length} failed (${seconds} s)`);
  const left = tests.length - results.length;
  if (left > 0) tell(`stopped before the last ${left}`);
  if (failed.length === 0 && left === 0) return 0;
  return interruptionOf(node)?.exitCode ?? 1;
}

/** Runs that a test left waiting: nobody else takes them up. */
async function endRuns(node: RunningNode): Promise<void> {
  if (!node.serving) return;
  const { terminateLeftovers } = await import('../services/temporal/leftovers.js');
  for (const { client, taskQueue, workflows } of node.plan().workers)
    if (workflows.size > 0)
      await terminateLeftovers(await node.temporal.client(client), taskQueue, 'the test run ended');
}

function findTests(entries: readonly Entry[]): Test[] {
  return entries
    .filter(({ kind }) => RUNNABLE.has(kind))
    .map((entry) => ({
      id: entry.id,
      kind: entry.kind,
      suite: textOf(entry.meta['suite']) ?? entry.id.slice(0, entry.id.indexOf(':')),
      order: numberOf(entry.meta['order']) ?? Infinity,
      comment: textOf(entry.meta['comment']),
      skipsTime: entry.meta['skip_time'] === true,
      timeout: textOf(entry.meta['timeout']) ?? numberOf(entry.meta['timeout']) ?? TIMEOUT_MS,
    }))
    .sort(
      (a, b) =>
        compare(a.suite, b.suite) || (a.order === b.order ? 0 : a.order - b.order) || compare(a.id, b.id),
    );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const textOf = (value: Data | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
const numberOf = (value: Data | undefined): number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number'
    ? value.n
    : undefined;
};

async function runTest(node: RunningNode, test: Test): Promise<Result> {
  const began = performance.now();
  node.temporal.skipsTime = test.skipsTime;
  const outcome = await outcomeOf(node, test);
  node.mocks?.restore(undefined);
  return { test, ms: Math.round(performance.now() - began), error: failureOf(outcome) };
}

async function outcomeOf(node: RunningNode, { id, kind, timeout }: Test): Promise<Outcome> {
  let timeoutMs: number;
  try {
    timeoutMs = typeof timeout === 'number' ? timeout : parseDurationMs(timeout);
  } catch (error) {
    // What the schema lets pass: a placeholder, which nobody fills here.
    if (!(error instanceof DurationError)) throw error;
    return { ok: false, error: { kind: 'Invalid', message: toBytes(`meta.timeout: ${error.message}`) } };
  }
  return kind === 'workflow.lua'
    ? runWorkflowOnce(node, id, timeoutMs)
    : node.call(id, [], { timeoutMs, signal: node.stopping });
}

function failureOf(outcome: Outcome): ErrorData | undefined {
  if (!outcome.ok) return outcome.error;
  return outcome.values[0] === false ? { kind: 'Unknown', message: 'the test returned false' } : undefined;
}

function resultDocument({ test, ms, error }: Result): Data {
  return dataObject({
    id: test.id,
    suite: toBytes(test.suite),
    status: error === undefined ? 'passed' : 'failed',
    ms,
    ...(error === undefined ? {} : { error: errorDocument(error) }),
  });
}

function sayResult({ test, ms, error }: Result, suiteBefore: string | undefined): void {
  if (test.suite !== suiteBefore) say(`${suiteBefore === undefined ? '' : '\n'}${test.suite}`);
  const name = test.comment === undefined ? test.id : `${test.id} - ${test.comment}`;
  say(`  ${error === undefined ? 'ok  ' : 'FAIL'} ${name} (${ms} ms)`);
  if (error !== undefined) for (const line of errorLines(error)) say(`         ${line}`);
}
