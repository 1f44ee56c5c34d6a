// What Lua asks of its host: a plain object that can be answered on a node at once or recorded in a workflow. Sealed.
import type { Data } from './data.js';

/** `type` is `<module>.<verb>`; every other field is plain data, so that a command can travel as an activity's argument. */
export interface Command {
  readonly type: string;
  readonly [field: string]: Data | undefined;
}

/** A field of a command, or of what crosses as one, that is text; '' where it is missing or something else. */
export function textIn(command: Readonly<Record<string, Data | undefined>>, field: string): string {
  const value = command[field];
  return typeof value === 'string' ? value : '';
}
