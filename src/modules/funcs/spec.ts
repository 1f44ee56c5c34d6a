// The `funcs` module: calls of functions of the registry. Sealed. The command is told in executor.ts.
import { defineModuleSpec, fn } from '../../lua/module.js';
import { failure } from '../../lua/instance/error-object.js';
import { defineUserdata } from '../../lua/values.js';
import type { HostResult, UserdataType } from '../../lua/values.js';
import { callNow, Executor, PLAIN } from './executor.js';
import { callLater, FutureType } from './future.js';

const wrapped = (executor: Executor | HostResult): HostResult =>
  executor instanceof Executor ? ExecutorType.wrap(executor) : executor;

const noSecurity = (method: string): HostResult =>
  failure(
    'Unavailable',
    `${method} is not built in this version; pass who asks as a context value`,
    undefined,
    false,
  );

const ExecutorType: UserdataType<Executor> = defineUserdata<Executor>('Executor', {
  with_context: (_call, self, values) => wrapped(self.withContext(values)),
  with_options: (_call, self, values) => wrapped(self.withOptions(values)),
  with_actor: () => noSecurity('with_actor'),
  with_scope: () => noSecurity('with_scope'),
  call: (call, self, ...values) => callNow(call, self, values),
  async: (call, self, ...values) => callLater(call, self, values),
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
  },
  types: [ExecutorType, FutureType],
});
