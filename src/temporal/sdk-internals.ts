// Every use of the SDK's internals, in one file. Sealed: runs inside the workflow sandbox.
// test/workflows/sdk-internals.test.ts breaks when an SDK release changes one of them.
// U1: updates that come before Lua has declared its handlers are held, in order, and then handed on; so that a validator
//     rejects before acceptance and an unknown name is refused at once. What comes after the run has asked to go on as new is
//     held too: it is not accepted, and the server hands it to the next run. Each is looked at when its turn comes, since the
//     one before it may have closed the gate.
// U2: the stack trace query is replaced in the activator's own table, because `setHandler` refuses its name.
// U3: commands are seen where all of them pass; in replays that explain themselves, never in a run that is served.
// U4: scopes are entered without the SDK's AsyncLocalStorage: once one has been used, hooks in JavaScript run at every wait of every
//     run of the thread (2.2 us of CPU instead of 0.1).
// U5: an update that nobody takes is refused with an error of ours: the SDK's has no kind, and does not name what there is.
import { RawValue } from '@temporalio/common';
import type { coresdk } from '@temporalio/proto';
import { getActivator } from '@temporalio/workflow/lib/global-attributes.js';
import type { ActivateInput, CancellationScope, WorkflowInternalsInterceptor } from '@temporalio/workflow';

type Update = coresdk.workflow_activation.IDoUpdate;

export interface UpdateGate {
  readonly interceptor: WorkflowInternalsInterceptor;
  /** From now on updates that come are held. */
  close(): void;
  /** Hands on what was held; what comes later passes. `prepare` is told the name of each update before the SDK sees it. */
  open(prepare?: (name: string) => void): void;
}

/** Holds updates from the start to `open`, and between `close` and `open` (U1). */
export function updateGate(): UpdateGate {
  let closed = true;
  let prepare: (name: string) => void = () => undefined;
  let pass: ((update: Update) => void) | undefined;
  const held: Update[] = [];
  const take = (update: Update): void => {
    if (closed) held.push(update);
    else {
      prepare(update.name ?? '');
      pass?.(update);
    }
  };
  return {
    interceptor: {
      activate(input: ActivateInput, next: (input: ActivateInput) => void): void {
        if (pass === undefined) {
          const activator = getActivator();
          pass = activator.doUpdate.bind(activator);
          activator.doUpdate = take;
        }
        next(input);
      },
    },
    close() {
      closed = true;
    },
    open(next = prepare) {
      closed = false;
      prepare = next;
      while (!closed && held.length > 0) take(held.shift()!); // one of them may close it again
    },
  };
}

/** What is private in the SDK's activator (U5). */
interface UpdateTaker {
  readonly bufferedUpdates: Update[];
  rejectBufferedUpdates(): void;
  rejectUpdate(protocolInstanceId: string, error: unknown): void;
}

/** What an update is refused with that no handler has taken by the end of its step (U5). */
export function refuseUnknownUpdates(refusal: (name: string) => Error): void {
  const activator = getActivator() as unknown as UpdateTaker;
  activator.rejectBufferedUpdates = () => {
    for (const { protocolInstanceId, name } of activator.bufferedUpdates.splice(0))
      activator.rejectUpdate(protocolInstanceId ?? '', refusal(name ?? ''));
  };
}

/** What the `__stack_trace` query answers (U2). */
export function setStackTrace(text: () => string): void {
  const handler = {
    handler: () => new RawValue(text()),
    description: 'Where every coroutine of the Lua program is.',
  };
  getActivator().queryHandlers.set('__stack_trace', handler);
}

/** What `setCurrentDetails` sets, made only when somebody asks. */
export function setCurrentDetailsLazily(text: () => string): void {
  Object.defineProperty(getActivator(), 'currentDetails', { get: text, configurable: true });
}

/** The reason of the cancellation request that was delivered last, if it gave one. */
export function cancelReason(): { readonly interceptor: WorkflowInternalsInterceptor; reason(): string } {
  let reason = '';
  return {
    interceptor: {
      activate(input: ActivateInput, next: (input: ActivateInput) => void): void {
        for (const job of input.activation.jobs ?? [])
          if (job.cancelWorkflow != null) reason = job.cancelWorkflow.reason ?? '';
        next(input);
      },
    },
    reason: () => reason,
  };
}

/** Tells `seen` of every command of the run, when it is made and before the server is told (U3). */
export function observeCommands(seen: (command: coresdk.workflow_commands.IWorkflowCommand) => void): void {
  const activator = getActivator();
  const push = activator.pushCommand.bind(activator);
  activator.pushCommand = (command, complete) => {
    seen(command);
    push(command, complete);
  };
}

/** Makes a call in a scope; what it makes after a wait belongs to the base scope (U4). */
export function within<T>(scope: CancellationScope, call: () => T): T {
  const activator = getActivator() as { rootScope: CancellationScope };
  const outer = activator.rootScope;
  activator.rootScope = scope;
  try {
    return call();
  } finally {
    activator.rootScope = outer;
  }
}

/** Everything that is made outside of `within` belongs to `scope` from now on. A cancellation of the run goes to the SDK's own root. */
export function setBaseScope(scope: CancellationScope): void {
  const activator = getActivator();
  const root = activator.rootScope;
  const cancel = activator.cancelWorkflow.bind(activator);
  activator.cancelWorkflow = (job) => within(root, () => cancel(job));
  (activator as { rootScope: CancellationScope }).rootScope = scope;
}
