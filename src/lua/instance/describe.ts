// What a coroutine waits for, in one short line for people. Sealed.
import { LuaFloat } from '../../core/data.js';
import type { Command } from '../../core/command.js';
import { formatDuration } from '../../core/durations.js';

const LONGEST = 80;

/** Why who only looks is refused something. */
export const onlyLooks = (what: string): string =>
  `a query, a validator or an awaited condition only looks, and this would act: ${what}; do it in main, in an update or on a message`;

/** `time.sleep 1h`, `funcs.call app:charge`, `sql.query db=app:db`: the type and the fields that fit on a line. */
export function describeCommand(command: Command): string {
  let text = command.type;
  for (const [field, value] of Object.entries(command)) {
    if (field === 'type' || (field === 'purpose' && value === 'sleep')) continue;
    if (field === 'ns' && (typeof value === 'number' || typeof value === 'bigint')) {
      text += ` ${formatDuration(value)}`;
      continue;
    }
    const shown =
      typeof value === 'string'
        ? value
        : value instanceof LuaFloat
          ? String(value.n)
          : typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
            ? String(value)
            : undefined;
    if (shown === undefined || shown.length > 40 || shown.includes('\n')) continue;
    if (text.length + field.length + shown.length + 2 > LONGEST) break;
    text += field === 'target' ? ` ${shown}` : ` ${field}=${shown}`;
  }
  return text;
}
