// `workflow.continue_as_new` { args, options } -> never answered: the run goes on as another, with a fresh history. Sealed.
// N1: nothing is lost on the way: handlers that run end first, what was sent is sent, messages that nobody has received go
//     along, and so does who watches whom and what updates were answered with.
// N2: what cannot go along refuses it: the next run has neither the calls nor the children of this one.
//     An update that comes once a program has asked for this is left to the next run: it would change what was handed over already.
// N3: the next run takes the newest program, unless the program stays on this one and nobody asked for an upgrade.
import { allHandlersFinished, condition, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import type { ContinueAsNewOptions } from '@temporalio/workflow';
import type { Command } from '../../src/core/command.js';
import type { Data } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import { field } from '../../src/core/optional-field.js';
import { toBytes, toText, toTextLossy } from '../../src/core/text.js';
import type { MessageData, ProgramReference } from '../../src/temporal/contracts.js';
import { payloadConverter } from '../../src/temporal/payload-converter.js';
import type { SearchAttributes } from '@temporalio/common';
import type { CheckedAttributes } from './attributes.js';
import type { UpdateAnswers } from './answers.js';
import type { Outgoing } from './context.js';
import type { Exits } from './exits.js';
import type { Inbox } from './messages.js';
import { asObject, numberOption, optionsOf, textOption } from './options.js';
import type { Options } from './options.js';
import type { Routes } from './routes.js';
import { Continuation, later } from './run.js';
import type { DurableHandlers, Run } from './run.js';

class ContinueRefusedError extends PlatformError {
  override readonly name = 'ContinueRefusedError';
  readonly code = 'CONTINUE_REFUSED';
  override readonly kind = 'Conflict' as const;
}

export interface ContinueOptions {
  readonly run: Run;
  readonly exits: Exits;
  readonly inbox: Inbox;
  readonly answers: UpdateAnswers;
  readonly outgoing: Outgoing;
  readonly routes: Routes;
  readonly reference: ProgramReference;
  readonly attributes: CheckedAttributes;
}

const TYPE = 'workflow.continue_as_new';
const OPTION = 'temporal.workflow.';
/** Commands that may end with the run: nothing outside of it waits for them. */
const OWN = new Set(['time.sleep', TYPE]);

export const continueHandlers = (parts: ContinueOptions): DurableHandlers => ({
  [TYPE]: ({ command }) =>
    later(async (scoped) => {
      const { run, exits, routes, attributes } = parts;
      run.continuing(); // at once: what comes from here on would change what the arguments hold (N2)
      try {
        const search = asObject(optionsOf(command['options'])[`${OPTION}search_attributes`]);
        const searchAttributes =
          search === undefined ? undefined : await scoped(() => attributes.ofStart(search));
        const other = textOption(optionsOf(command['options']), 'workflow');
        const type =
          other === undefined
            ? undefined
            : ((await scoped(() => routes.find(toBytes(other)))).type ?? toBytes(other));
        do {
          await scoped(() => condition(allHandlersFinished));
          refuse(parts);
          await exits.handOver(scoped);
          await run.settled();
        } while (!allHandlersFinished() || !run.isSettled);
        refuse(parts);
        run.continueAs(continuation(command, type, searchAttributes, parts));
      } catch (error) {
        run.staying();
        throw error;
      }
      return null;
    }),
});

/** N2 */
function refuse({ run, exits }: ContinueOptions): void {
  if (run.cancelled)
    throw new ContinueRefusedError(
      'the run was cancelled, which the next one would not know; end it instead',
    );
  const calls = run.pending
    .filter(({ command }) => !OWN.has(command.type))
    .map(({ command }) => nameOf(command));
  if (calls.length > 0)
    throw new ContinueRefusedError(
      `${calls.join(', ')} would be lost: wait for what is still running, then continue`,
    );
  const { bound } = exits;
  if (bound.length > 0)
    throw new ContinueRefusedError(
      `the children ${bound.map(toText).join(', ')} would end with this run: wait for them, or start them with parent_close_policy 'abandon'`,
    );
}

const nameOf = ({ type, target }: Command): string =>
  typeof target === 'string' ? `${type} '${toText(target)}'` : type;

/** Fails, as an error of Lua, where something is too large to be recorded. */
function continuation(
  command: Command,
  type: string | undefined,
  searchAttributes: SearchAttributes | undefined,
  parts: ContinueOptions,
): Continuation {
  const { outgoing, run, inbox, exits, answers, reference } = parts;
  const args = Array.isArray(command['args']) ? command['args'] : [];
  const options = optionsOf(command['options']);
  const messages = run.instance
    .unread()
    .filter(({ topic, payloads }) => !isCancel(topic, payloads))
    .map(({ topic, from, payloads }): MessageData => ({
      topic,
      body: payloads,
      ...(from === undefined ? {} : { from }),
    }));
  const headers = outgoing.headers({
    start: {
      messages,
      carried: { seen: inbox.seen, answers: answers.carried, ...exits.carried },
      ...(textOption(options, 'pin') === 'program' && !run.nextSuggested
        ? { program: reference.program }
        : {}),
    },
  });
  for (const arg of args) payloadConverter.toPayload(arg);
  const next = makeContinueAsNewFunc<(...args: Data[]) => Promise<unknown>>({
    ...continueOptions(options, searchAttributes, parts.routes),
    ...field('workflowType', type === undefined ? undefined : toTextLossy(type)),
  });
  return new Continuation(() => outgoing.send(headers, () => next(...args)));
}

const isCancel = (topic: string, [event]: readonly Data[]): boolean =>
  topic === '@events' && asObject(event)?.['kind'] === 'CANCEL';

function continueOptions(
  options: Options,
  search: SearchAttributes | undefined,
  routes: Routes,
): ContinueAsNewOptions {
  const number = (name: string) => numberOption(options, OPTION + name);
  const memo = asObject(options[`${OPTION}memo`]);
  const queue = textOption(options, `${OPTION}task_queue`);
  const info = workflowInfo();
  return {
    ...field('workflowRunTimeout', number('run_timeout')),
    ...field('workflowTaskTimeout', number('task_timeout')),
    ...field('backoffStartInterval', number('start_delay')),
    ...field('taskQueue', queue === undefined ? undefined : routes.queueNamed(queue)),
    // What is not named stays, as with workflow.attrs; the server would drop it.
    ...field('memo', memo === undefined ? undefined : { ...info.memo, ...memo }),
    ...field('searchAttributes', search === undefined ? undefined : { ...info.searchAttributes, ...search }),
  };
}
