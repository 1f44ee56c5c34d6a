// Errors over the border to Temporal and back: through the SDK's own failure converter, as on the wire.
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  defaultFailureConverter,
  ensureTemporalFailure,
  RetryState,
  ServerFailure,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import { PlatformError } from '../../src/core/errors.js';
import { errorToErrorData, fromFailure, parseKind, toFailure } from '../../src/temporal/failures.js';
import { payloadConverter } from '../../src/temporal/payload-converter.js';

/** As it arrives at the other side. */
const overTheWire = (error: unknown): Error =>
  defaultFailureConverter.failureToError(
    defaultFailureConverter.errorToFailure(ensureTemporalFailure(error), payloadConverter),
    payloadConverter,
  );
const asActivity = (cause: Error): ActivityFailure =>
  new ActivityFailure(
    'Activity task failed',
    'app:charge',
    '1',
    RetryState.NON_RETRYABLE_FAILURE,
    'me',
    cause,
  );
const asChild = (cause: Error): ChildWorkflowFailure =>
  new ChildWorkflowFailure(
    'default',
    { workflowId: 'c', runId: 'r' },
    'app:child',
    RetryState.TIMEOUT,
    cause,
  );

const rich: ErrorData = {
  kind: 'Conflict',
  message: 'gr\xc3\xbc\xc3\x9fe \xff',
  retryable: true,
  details: dataObject({ n: 9007199254740993n, f: new LuaFloat(1), bytes: '\xff' }),
  stack: 'order.lua:12: in main',
  cause: { kind: 'NotFound', message: 'inner', details: [1, 2], stack: 'stock.lua:3' },
};

describe('errors of ours', () => {
  it('lose nothing over any number of activities and children', () => {
    let error = rich;
    for (const wrap of [asActivity, asChild, asActivity])
      error = fromFailure(overTheWire(wrap(overTheWire(toFailure(error)))));
    const { stack, ...rest } = error;
    const { stack: first, ...expected } = rich;
    expect(rest).toEqual(expected);
    expect(stack).toBe(`${first}\n[activity 'app:charge']\n[workflow 'app:child']\n[activity 'app:charge']`);
  });

  it('are failures whose type is the kind and whose message people can read', () => {
    const failure = toFailure(rich);
    expect(failure).toMatchObject({ type: 'Conflict', message: 'grüße \ufffd', nonRetryable: false });
    expect(failure.cause).toMatchObject({ type: 'NotFound', message: 'inner' });
    expect(failure.stack).toContain('order.lua:12');
  });

  it('are retried when they say so, when their kind is passing, or when the caller gave a policy', () => {
    const final = (error: ErrorData, retryUnsaid?: boolean) =>
      toFailure(error, retryUnsaid === undefined ? {} : { retryUnsaid }).nonRetryable;
    expect(final({ kind: 'Unknown', message: 'm' })).toBe(true);
    expect(final({ kind: 'Unknown', message: 'm' }, true)).toBe(false);
    expect(final({ kind: 'Unavailable', message: 'm' })).toBe(false);
    expect(final({ kind: 'Conflict', message: 'm' }, true)).toBe(true);
    expect(final({ kind: 'Conflict', message: 'm', retryable: true })).toBe(false);
    expect(final({ kind: 'Unavailable', message: 'm', retryable: false }, true)).toBe(true);
  });
});

describe('errors from elsewhere', () => {
  const seen = (error: Error): ErrorData => fromFailure(overTheWire(error));

  it('keep type, details and cause of other SDKs', () => {
    const foreign = ApplicationFailure.create({
      message: 'declined',
      type: 'PaymentDeclined',
      nonRetryable: true,
      details: [dataObject({ code: 51 })],
      cause: new Error('bank says no'),
    });
    expect(seen(asActivity(foreign))).toMatchObject({
      kind: 'Unknown',
      message: 'declined',
      retryable: false,
      details: { type: 'PaymentDeclined', details: [{ code: 51 }] },
      cause: { kind: 'Internal', message: 'bank says no' },
    });
  });

  it('that name a kind get it, in either spelling', () => {
    const failure = ApplicationFailure.create({ message: 'm', type: 'NOT_FOUND', details: ['why'] });
    expect(seen(failure)).toMatchObject({ kind: 'NotFound', details: 'why', retryable: true });
    expect(parseKind('RateLimited')).toBe('RateLimited');
    expect(parseKind('RATE_LIMITED')).toBe('RateLimited');
    expect(parseKind('Teapot')).toBeUndefined();
  });

  it('that are crashes are Internal, and an activity nobody has is NotFound and final', () => {
    expect(seen(asActivity(new TypeError('x is undefined')))).toMatchObject({ kind: 'Internal' });
    const unknown = ApplicationFailure.create({
      message: 'Activity function app:nope is not registered on this Worker, available activities: []',
      type: 'NotFoundError',
    });
    expect(seen(asActivity(unknown))).toMatchObject({ kind: 'NotFound', retryable: false });
  });

  it('are timeouts, cancellations and terminations by kind', () => {
    const late = new TimeoutFailure('late', undefined, TimeoutType.START_TO_CLOSE);
    expect(seen(asActivity(late))).toEqual({
      kind: 'Timeout',
      message: "activity 'app:charge' took longer than its start to close timeout",
      retryable: false,
    });
    expect(seen(asActivity(new CancelledFailure('c')))).toMatchObject({
      kind: 'Canceled',
      message: "activity 'app:charge' was cancelled",
    });
    expect(seen(asChild(new TerminatedFailure('t')))).toMatchObject({
      kind: 'Canceled',
      message: "workflow 'app:child' was terminated",
    });
    expect(seen(new ServerFailure('down', false))).toMatchObject({ kind: 'Unavailable', retryable: true });
  });

  it('are ids in use', () => {
    expect(fromFailure(new WorkflowExecutionAlreadyStartedError('m', 'order-1', 'app:order'))).toMatchObject({
      kind: 'AlreadyExists',
      message: "workflow 'order-1' is already running",
    });
  });
});

describe('errors of the host', () => {
  it('keep the kind of a platform error and are Internal otherwise', () => {
    class Busy extends PlatformError {
      override readonly code = 'BUSY';
      override readonly kind = 'RateLimited' as const;
      override readonly retryable = true;
    }
    expect(errorToErrorData(new Busy('too much'))).toEqual({
      kind: 'RateLimited',
      message: 'too much',
      retryable: true,
    });
    expect(errorToErrorData(new Error('bug'))).toEqual({
      kind: 'Internal',
      message: 'bug',
      retryable: false,
    });
    expect(errorToErrorData(Object.assign(new Error('x'), { data: rich }))).toBe(rich);
    expect(errorToErrorData('odd')).toMatchObject({ kind: 'Internal', message: 'odd' });
  });
});
