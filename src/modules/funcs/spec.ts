// The `funcs` module: calls of functions of the registry. Sealed. The command is told in executor.ts.
import { defineModuleSpec, describeType, fn, signature } from '../../lua/module.js';
import { defineUserdata } from '../../lua/values.js';
import type { HostCall } from '../../lua/instance-context.js';
import type { HostResult, UserdataType } from '../../lua/values.js';
import { callNow, PLAIN } from './executor.js';
import type { Executor } from './executor.js';
import { callLater, FutureType } from './future.js';
import { nexusService, ServiceType } from './nexus.js';

/** Also what is wrong with it: for who looks; who does not is told by the call. */
const wrapped = (executor: Executor): HostResult =>
  executor.refused === undefined
    ? ExecutorType.wrap(executor)
    : [ExecutorType.wrap(executor), executor.refused[1]];

const noSecurity = (method: string) => (_call: HostCall, self: Executor) =>
  wrapped(
    self.refuse('Unavailable', `${method} is not built in this version; pass who asks as a context value`),
  );

const ExecutorType: UserdataType<Executor> = defineUserdata<Executor>('Executor', {
  with_context: (_call, self, values) => wrapped(self.withContext(values)),
  with_options: (_call, self, values) => wrapped(self.withOptions(values)),
  with_actor: noSecurity('with_actor'),
  with_scope: noSecurity('with_scope'),
  call: (call, self, ...values) => callNow(call, self, values),
  async: (call, self, ...values) => callLater(call, self, values),
});

const CALLED = ['target: string', '...: any'];
describeType(
  ExecutorType,
  'Calls with context and options. Never changed: each method that sets something gives a new one, and what is wrong with it is its second result, and the error of the calls made with it.',
  {
    with_context: signature(
      'Adds context values to what the caller has.',
      ['values: table'],
      ['Executor', 'Error?'],
      ['Invalid'],
    ),
    with_options: signature(
      'Sets `timeout`, `durable` and options of the activity, such as `activity.retry_policy`; durations are text or milliseconds.',
      ['options: table'],
      ['Executor', 'Error?'],
      ['Invalid'],
    ),
    with_actor: signature(
      'Not built in this version: calls made with it are refused as Unavailable.',
      ['actor: any'],
      ['Executor', 'Error'],
      ['Unavailable'],
    ),
    with_scope: signature(
      'Not built in this version: calls made with it are refused as Unavailable.',
      ['scope: any'],
      ['Executor', 'Error'],
      ['Unavailable'],
    ),
    call: signature(
      'Calls a function and waits for it.',
      CALLED,
      ['any', 'Error?'],
      ['Invalid', 'NotFound', 'Timeout', 'Canceled', 'Unavailable'],
    ),
    async: signature(
      'Starts a call and gives a Future for its result.',
      CALLED,
      ['Future?', 'Error?'],
      ['Invalid'],
    ),
  },
);
const OPERATION = ['operation: string', 'input: any?'];
describeType(
  ServiceType,
  'A Nexus service behind an endpoint. Never changed: with_options gives a new one, and what is wrong with it is its second result, and the error of the calls made with it.',
  {
    with_options: signature(
      'Sets `timeout` (also `schedule_to_close_timeout`), `schedule_to_start_timeout`, `start_to_close_timeout`, `summary`, and `cancellation_type`: `abandon`, `try_cancel`, `wait_cancellation_requested` or `wait_cancellation_completed`; durations are text or milliseconds.',
      ['options: table'],
      ['NexusService', 'Error?'],
      ['Invalid'],
    ),
    call: signature(
      'Calls an operation and waits until it is done, which may be the end of a workflow.',
      OPERATION,
      ['any', 'Error?'],
      ['Invalid', 'NotFound', 'Timeout', 'Canceled', 'Unavailable'],
    ),
    async: signature(
      'Starts an operation and gives a Future for its result; `cancel` asks the service to cancel it.',
      OPERATION,
      ['Future?', 'Error?'],
      ['Invalid'],
    ),
  },
);
describeType(FutureType, 'A call that goes on meanwhile.', {
  response: signature(
    'The channel that gives the result once, as a payload; it is closed without one when the call failed.',
    [],
    ['channel'],
  ),
  channel: signature('The same as `response`.', [], ['channel']),
  is_complete: signature('Whether the call has ended, however.', [], ['boolean']),
  is_canceled: signature('Whether `cancel` ended it.', [], ['boolean']),
  result: signature(
    'The result, or why there is none; nil and nil while the call goes on. Does not wait.',
    [],
    ['payload?', 'Error?'],
  ),
  error: signature('Why the call failed, and whether it did.', [], ['Error?', 'boolean']),
  cancel: signature('Ends the call; false when it has ended already.', [], ['boolean']),
});

export const funcsSpec = defineModuleSpec({
  name: 'funcs',
  summary: 'Calls of functions by id, awaited or not',
  workflow: 'recorded',
  members: {
    call: fn(
      'Calls a function and waits for it. In a workflow the call is an activity.',
      ['target: string', '...: any'],
      ['any', 'Error?'],
      (call, ...values) => callNow(call, PLAIN, values),
      ['Invalid', 'NotFound', 'Timeout', 'Canceled', 'Unavailable'],
    ),
    async: fn(
      'Starts a call and gives a Future for its result.',
      ['target: string', '...: any'],
      ['Future?', 'Error?'],
      (call, ...values) => callLater(call, PLAIN, values),
      ['Invalid'],
    ),
    new: fn(
      'A builder of calls with context and options; each of its methods gives a new one.',
      [],
      ['Executor'],
      () => ExecutorType.wrap(PLAIN),
    ),
    nexus: fn(
      'A Nexus service that others offer, for a workflow to call: by its endpoint and its name. See docs/nexus.md.',
      ['endpoint: string', 'service: string'],
      ['NexusService?', 'Error?'],
      (_call, endpoint, service) => nexusService(endpoint, service),
      ['Invalid'],
    ),
  },
  types: [ExecutorType, FutureType, ServiceType],
});
