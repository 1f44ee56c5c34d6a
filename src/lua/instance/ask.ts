// The usual answer of a module's function: `value`, or `nil, err`. Sealed.
import type { Command } from '../../core/command.js';
import type { HostCall } from '../instance-context.js';
import { command } from '../suspend.js';
import type { Suspend } from '../suspend.js';
import type { LuaValue } from '../values.js';
import { fromData, toData } from './convert.js';
import { errorFromData } from './error-object.js';

/** A command whose fields are Lua values; a field that does not cross raises INVALID with its path. */
export interface Question {
  readonly type: string;
  readonly [field: string]: LuaValue;
}

/** Sends a command and waits; Lua gets the answer as `value`, or `nil, err`. */
export function ask(call: HostCall, question: Question): Suspend {
  const fields = Object.entries(question).map(([name, value]) => [name, toData(value)] as const);
  return command({ ...Object.fromEntries(fields), type: question.type } satisfies Command, (answer) =>
    answer.ok
      ? fromData(answer.value, () => call.instance.newTable())
      : [undefined, errorFromData(answer.error)],
  );
}
