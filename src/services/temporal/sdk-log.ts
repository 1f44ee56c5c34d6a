// What Temporal's SDK logs, as the app's people want it.
// L1: its infos (the states of its workers) are debug lines, and so is what we asked for on purpose.
// L2: a run without its program is told once, with the reason and the cure; the server tries its task again for ever.
// L3: what only the SDK can use (the token of a task) is left out.
// L4: how a life of a service ended is told by its node, in the app's words.
import { createLogger } from '../../core/logger.js';
import type { LogFields, Logger, LogLevel, LogRecord } from '../../core/logger.js';

/** Said of every worker that has activities only. */
const EXPECTED = /^No workflows registered/;
/** The platform's own activities, whose failures are how they tell something. */
const OWN_ACTIVITY = /^moontide\.(service|node)\./;
/** In what the SDK's core writes of a failed task: a failure as Rust prints it. */
const MISSING = /message: "(PROGRAM_MISSING: (?:[^"\\]|\\.)*)"/;
/** Runs that are remembered as told; the oldest is forgotten. */
const MOST_TOLD = 10_000;

export function sdkLogger(logger: Logger): Logger {
  const told = new Set<string>();
  const write = ({ level, message, fields }: LogRecord): void => {
    const missing = missingProgram(fields);
    if (missing === undefined) {
      const quiet = level === 'info' || EXPECTED.test(message) || isOwnActivity(fields);
      logger.log(quiet ? 'debug' : level, message, forPeople(fields));
      return;
    }
    const run = typeof fields['runId'] === 'string' ? fields['runId'] : missing;
    const isNew = !told.has(run);
    told.add(run);
    for (const oldest of told) {
      if (told.size <= MOST_TOLD) break;
      told.delete(oldest);
    }
    const now: LogLevel = isNew ? 'error' : 'debug';
    logger.log(now, `a run waits for its program: ${missing}`, { run_id: fields['runId'] });
  };
  return createLogger(
    { isEnabled: (wanted) => logger.isEnabled(wanted === 'info' ? 'debug' : wanted), write },
    { component: 'temporal' },
  );
}

/** L4 */
const isOwnActivity = ({ activityType }: LogFields): boolean =>
  typeof activityType === 'string' && OWN_ACTIVITY.test(activityType);

/** L3 */
const forPeople = (fields: LogFields): LogFields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !MACHINES.has(name)));
const MACHINES: ReadonlySet<string> = new Set(['taskToken', 'sdkComponent', 'isLocal']);

function missingProgram({ failure }: LogFields): string | undefined {
  const [, escaped] = typeof failure === 'string' ? (MISSING.exec(failure) ?? []) : [];
  return escaped?.replaceAll(/\\(.)/g, '$1');
}
