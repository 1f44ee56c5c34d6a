// Numbers on the command line of `moontide registry`.
import { UsageError } from '../usage-error.js';

/** `option`: where it was said, for the message. */
export function versionArgument(text: string, option = 'the version'): number {
  return numberArgument(text, option, '`moontide registry history` lists the versions');
}

/** How many of something; at least one. */
export function countArgument(text: string, option: string): number {
  const count = numberArgument(text, option, 'as in 100');
  if (count > 0) return count;
  throw new UsageError(`${option} is at least 1, got '${text}'`);
}

function numberArgument(text: string, option: string, hint: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${option} is a number, got '${text}'; ${hint}`);
}
