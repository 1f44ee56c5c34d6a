// What comes of the log of Temporal's SDK.
import { expect, it } from 'vitest';
import { createLogger } from '../../../src/core/logger.js';
import type { LogRecord } from '../../../src/core/logger.js';
import { sdkLogger } from '../../../src/services/temporal/sdk-log.js';

function logged(): { readonly records: LogRecord[]; readonly logger: ReturnType<typeof sdkLogger> } {
  const records: LogRecord[] = [];
  const sink = { isEnabled: () => true, write: (record: LogRecord) => void records.push(record) };
  return { records, logger: sdkLogger(createLogger(sink)) };
}
const failed = (message: string): string =>
  `Failure { failure: Some(Failure { message: "${message}", source: "TypeScriptSDK", stack_trace: "at bundle.js:1", cause: None }) }`;

it('tells a run without its program once, with reason and cure and without a host stack', () => {
  const { records, logger } = logged();
  const missing = failed(`PROGRAM_MISSING: program 1 of 'app:\\"w\\"' is not stored; publish it`);
  for (const runId of ['r-1', 'r-2', 'r-1', 'r-1'])
    logger.warn('Failing workflow task', { failure: missing, runId });
  expect(records.map(({ level, message, fields }) => [level, message, fields['run_id']])).toEqual(
    ['r-1', 'r-2', 'r-1', 'r-1'].map((run, index) => [
      index < 2 ? 'error' : 'debug',
      `a run waits for its program: PROGRAM_MISSING: program 1 of 'app:"w"' is not stored; publish it`,
      run,
    ]),
  );
  expect(JSON.stringify(records)).not.toContain('bundle.js');
});

it('leaves other failed tasks as they are, and makes infos debug lines', () => {
  const { records, logger } = logged();
  const failure = failed('[TMPRL1100] nondeterminism');
  logger.warn('Failing workflow task', { failure, runId: 'r-1' });
  logger.info('Worker state changed', { state: 'RUNNING' });
  logger.warn('No workflows registered, not polling for workflow tasks');
  expect(records.map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'Failing workflow task'],
    ['debug', 'Worker state changed'],
    ['debug', 'No workflows registered, not polling for workflow tasks'],
  ]);
  expect(records[0]?.fields['failure']).toBe(failure);
});

it('leaves out what nobody can read', () => {
  const { records, logger } = logged();
  logger.warn('Activity failed', { taskToken: 'CiQw', sdkComponent: 'worker', isLocal: false, attempt: 2 });
  expect(records[0]?.fields).toEqual({ component: 'temporal', attempt: 2 });
});
