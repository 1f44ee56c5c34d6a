// Arguments of workflows and functions on the command line: one JSON value each.
import type { Data } from '../core/data.js';
import { PlatformError } from '../core/errors.js';
import { decodeWire } from '../core/wire.js';
import { UsageError } from './usage-error.js';

/** The longest piece of an argument that a message repeats. */
const SHOWN = 60;

/** `first` is the position on the command line of the first one, and `what` they are, for messages. */
export function parseArguments(texts: readonly string[], first = 1, what = 'argument'): Data[] {
  return texts.map((text, index) => parseArgument(text, `${what} ${index + first}`));
}

/** `what` names the argument in messages: `argument 2`. */
function parseArgument(text: string, what: string): Data {
  if (text.trim() === '')
    throw new UsageError(`${what} is empty; give one JSON value, '""' for an empty text`);
  try {
    return decodeWire(text, { exact: true });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text;
    const quote =
      /^[\w .:@/-]+$/.test(text) && !/^-?\d/.test(text)
        ? `; a text is written '"${text}"', quotes and all`
        : '';
    throw new UsageError(`${what} (${shown.replaceAll(/\s+/g, ' ')}): ${error.message}${quote}`, {
      cause: error,
    });
  }
}
