// Environment variables on a node: services/env knows the storages, this says what it is asked.
import { dataObject } from '../../core/data.js';
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { TextError, toBytes, toText } from '../../core/text.js';
import type { HostHandlers } from '../../core/handler.js';

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
  /** Those that have a value. */
  all(): readonly FoundVariable[];
}

export function envHandlers(environment: EnvironmentAccess): HostHandlers {
  const answer = ({ id, value, secret }: FoundVariable, { sealed }: Command): Data =>
    secret && sealed === true ? dataObject({ $secret: id }) : toBytes(value);
  return {
    'env.get': (command) => answer(environment.get(textField(command, 'name')), command),
    'env.set': async (command) => {
      await environment.set(textField(command, 'name'), textField(command, 'value'));
      return null;
    },
    'env.get_all': (command) => {
      const all = dataObject();
      for (const found of environment.all())
        if (found.variable !== undefined) all[toBytes(found.variable)] = answer(found, command);
      return all;
    },
  };
}

function textField(command: Command, field: string): string {
  const value = command[field];
  if (typeof value !== 'string') throw new TextError(`'${command.type}' needs a text as ${field}`);
  return toText(value);
}
