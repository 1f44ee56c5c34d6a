// Numbers on the command line of `moontide registry`.
import { UsageError } from '../usage-error.js';

/** `option`: where it was said, for the message. */
export function versionArgument(text: string, option = 'the version'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(
    `${option} is a number, got '${text}'; \`moontide registry history\` lists the versions`,
  );
}
