// Process groups on a node: the commands, and what the node must offer to answer them (services/pg has it).
// H1: who joins is the process that asks; a subscription belongs to it and is closed with it.
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import { textIn } from '../../core/command.js';
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { toTextLossy } from '../../core/text.js';

export class GroupError extends PlatformError {
  override readonly name = 'GroupError';
  readonly code = 'PROCESS_GROUP';
  override readonly kind: ErrorKind;
  constructor(kind: 'Invalid' | 'Internal' | 'RateLimited', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A change of one group. A PID that had joined n times is in it n times when it goes as a whole. */
export interface GroupChange {
  readonly kind: 'member.joined' | 'member.left';
  readonly group: string;
  readonly pids: readonly string[];
}

export interface GroupSubscription extends AsyncDisposable {
  /** Members by group, of the moment in which it began. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** What is new, as soon as there is something; nothing once it is closed. One question at a time. */
  next(signal: AbortSignal): Promise<readonly GroupChange[]>;
  /** What is new now. */
  take(): readonly GroupChange[];
}

/** One scope. Groups, topics and PIDs are byte strings. */
export interface GroupScope {
  join(pid: string, groups: readonly string[]): void;
  leave(pid: string, groups: readonly string[]): void;
  members(group: string, local: boolean): readonly string[];
  groups(local: boolean): readonly string[];
  broadcast(
    message: { readonly topic: string; readonly from: string; readonly payloads: readonly Data[] },
    group: string,
    local: boolean,
  ): void;
  subscribe(group: string | undefined): GroupSubscription;
}

export interface GroupService {
  /** Throws Internal when there is no such scope. */
  scope(id: string): GroupScope;
}

const listIn = (command: Command, field: string): readonly Data[] => {
  const value = command[field];
  return Array.isArray(value) ? value : [];
};
const textsIn = (command: Command, field: string): readonly string[] =>
  listIn(command, field).filter((value) => typeof value === 'string');

export function pgHandlers(service: () => GroupService, authorize: Authorize): HostHandlers {
  const allow = (context: CommandContext, action: string, names: readonly string[]): void => {
    for (const name of names.map(toTextLossy))
      if (!authorize(context, action, name)) throw new NotAuthorizedError(context, action, name);
  };
  const scopeOf = (command: Command): GroupScope => service().scope(toTextLossy(textIn(command, 'scope')));
  const who = ({ pid }: CommandContext): string => {
    if (pid === undefined) throw new GroupError('Invalid', 'a workflow is in no group; join in a process');
    return pid;
  };
  const local = (command: Command): boolean => command['local'] === true;
  const named = (name: string, command: Command): string =>
    local(command) ? name.replace('*', 'local_') : name.replace('*', '');
  return {
    'pg.open': (command, context) => {
      allow(context, 'pg.open', [textIn(command, 'scope')]);
      scopeOf(command);
      return null;
    },
    'pg.join': (command, context) => {
      const groups = textsIn(command, 'groups');
      allow(context, 'pg.join', groups);
      scopeOf(command).join(who(context), groups);
      return null;
    },
    'pg.leave': (command, context) => {
      const groups = textsIn(command, 'groups');
      allow(context, 'pg.leave', groups);
      scopeOf(command).leave(who(context), groups);
      return null;
    },
    'pg.members': (command, context) => {
      const group = textIn(command, 'group');
      allow(context, named('pg.get_*members', command), [group]);
      return [...scopeOf(command).members(group, local(command))];
    },
    'pg.groups': (command, context) => {
      allow(context, named('pg.which_*groups', command), ['']);
      return [...scopeOf(command).groups(local(command))];
    },
    'pg.broadcast': (command, context) => {
      const group = textIn(command, 'group');
      allow(context, local(command) ? 'pg.broadcast_local' : 'pg.broadcast', [group]);
      const message = {
        topic: textIn(command, 'topic'),
        from: who(context),
        payloads: listIn(command, 'payloads'),
      };
      scopeOf(command).broadcast(message, group, local(command));
      return null;
    },
    'pg.subscribe': (command, context) => {
      const group = textIn(command, 'group');
      allow(context, group === '' ? 'pg.events' : 'pg.monitor', [group]);
      const made = scopeOf(command).subscribe(group === '' ? undefined : group);
      const members: Data =
        group === ''
          ? dataObject(Object.fromEntries([...made.members].map(([name, pids]) => [name, [...pids]])))
          : [...(made.members.get(group) ?? [])];
      return dataObject({ subscription: context.own(made), members });
    },
    'pg.next': async ({ subscription }, context) => {
      const made = context.owned<GroupSubscription>(Number(subscription));
      return (await made.next(context.signal)).map(eventData);
    },
    'pg.close': async ({ subscription }, context) => {
      const rest = context.owned<GroupSubscription>(Number(subscription)).take();
      await context.release(Number(subscription));
      return rest.map(eventData);
    },
  };
}

const eventData = ({ kind, group, pids }: GroupChange): Data =>
  dataObject({ system: 'pg', kind, path: group, data: dataObject({ Group: group, PIDs: [...pids] }) });
