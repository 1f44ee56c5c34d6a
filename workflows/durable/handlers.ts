// The table from command type to durable handler of one run. Sealed.
import type { Command } from '../../src/core/command.js';
import type { ProgramReference } from '../../src/temporal/contracts.js';
import { attributeHandlers, CheckedAttributes } from './attributes.js';
import type { UpdateAnswers } from './answers.js';
import { callHandlers } from './calls.js';
import { childHandlers } from './children.js';
import { continueHandlers } from './continue.js';
import type { Outgoing, RunContext } from './context.js';
import { exitHandlers, Exits } from './exits.js';
import { emitCommand, generalHandler } from './general.js';
import { Inbox, Outbox, sendHandlers } from './messages.js';
import { nexusHandlers } from './nexus.js';
import { mockHandlers } from './mocks.js';
import { openCalls } from './open-calls.js';
import { Routes } from './routes.js';
import { Run } from './run.js';
import type { DurableHandlers } from './run.js';
import { timerHandlers } from './timers.js';
import type { CommandTrace } from './trace.js';
import { versionHandlers } from './versions.js';

export interface DurableParts {
  readonly run: Run;
  readonly inbox: Inbox;
  readonly exits: Exits;
  readonly emit: (command: Command) => Promise<unknown>;
}

export interface DurableOptions {
  readonly reference: ProgramReference;
  readonly context: RunContext;
  readonly outgoing: Outgoing;
  readonly pid: string;
  readonly trace: CommandTrace | undefined;
  readonly answers: UpdateAnswers;
}

export function makeRun({ reference, context, outgoing, pid, trace, answers }: DurableOptions): DurableParts {
  const { entry } = reference;
  const { values } = context;
  const { carried } = context.start;
  const general = generalHandler({ outgoing, entry });
  const table = new Map<string, DurableHandlers[string]>();
  const run = new Run((type) => table.get(type) ?? general, openCalls(reference.open_limits), trace);
  const routes = new Routes(reference);
  const exits = new Exits({ run, outgoing, pid, carried });
  const outbox = new Outbox({ run, outgoing, pid });
  const inbox = new Inbox({ run, exits, entry, seen: carried?.seen });
  const attributes = new CheckedAttributes();
  const families: readonly DurableHandlers[] = [
    timerHandlers,
    callHandlers({ outgoing, routes, values }),
    nexusHandlers(routes),
    sendHandlers({ run, outbox, routes, general, pid }),
    childHandlers({ run, outgoing, outbox, exits, routes, general, values, attributes }),
    exitHandlers({ exits, routes, general }),
    attributeHandlers(attributes),
    versionHandlers(reference, trace),
    mockHandlers(run, general),
    continueHandlers({ run, exits, inbox, answers, outgoing, routes, reference, attributes }),
  ];
  for (const family of families)
    for (const [type, handler] of Object.entries(family)) table.set(type, handler);
  return {
    run,
    exits,
    inbox,
    emit: (command) => emitCommand(command, { outgoing, entry }),
  };
}
