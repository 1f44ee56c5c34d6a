// Environment variables on a node: services/env knows the storages, this says what it is asked.
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import { dataObject } from '../../core/data.js';
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { TextError, toBytes, toText } from '../../core/text.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';

export interface FoundVariable {
  /** Entry id. */
  readonly id: string;
  /** Absent: known by its id only. */
  readonly variable: string | undefined;
  /** Text. */
  readonly value: string;
  readonly secret: boolean;
}

/** Throws PlatformErrors: NotFound, PermissionDenied, Invalid. */
export interface EnvironmentAccess {
  /** By public name or entry id. */
  get(name: string): FoundVariable;
  set(name: string, value: string): void | Promise<void>;
  /** The public name of a variable, else its entry id: what policies call it. */
  nameOf(name: string): string;
  /** Those that have a value. */
  all(): readonly FoundVariable[];
}

export function envHandlers(environment: EnvironmentAccess, authorize: Authorize): HostHandlers {
  const answer = ({ id, value, secret }: FoundVariable, { sealed }: Command): Data =>
    secret && sealed === true ? dataObject({ $secret: id }) : toBytes(value);
  /** The name that was asked for, where a policy allows it. */
  const allowed = (command: Command, context: CommandContext): string => {
    const asked = textField(command, 'name');
    const name = environment.nameOf(asked);
    if (!authorize(context, command.type, name)) throw new NotAuthorizedError(context, command.type, name);
    return asked;
  };
  return {
    'env.get': (command, context) => answer(environment.get(allowed(command, context)), command),
    'env.set': async (command, context) => {
      await environment.set(allowed(command, context), textField(command, 'value'));
      return null;
    },
    'env.get_all': (command, context) => {
      const all = dataObject();
      for (const found of environment.all())
        if (found.variable !== undefined && authorize(context, 'env.get', found.variable))
          all[toBytes(found.variable)] = answer(found, command);
      return all;
    },
  };
}

function textField(command: Command, field: string): string {
  const value = command[field];
  if (typeof value !== 'string') throw new TextError(`'${command.type}' needs a text as ${field}`);
  return toText(value);
}
