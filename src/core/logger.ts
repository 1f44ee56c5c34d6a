// The logger that everybody is handed. Sealed: where records go, and when, is the host's (logger-host.ts).

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names are lower case with underscores; an error goes under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** Whether records of this level go anywhere; asks before costly fields are made. */
  isEnabled(level: LogLevel): boolean;
  /** A logger that adds these fields to each record. */
  child(fields: LogFields): Logger;
}

export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface LogSink {
  isEnabled(level: LogLevel): boolean;
  write(record: LogRecord): void;
}

/** A logger over a sink. Fields of a call win over those of its logger. */
export function createLogger(sink: LogSink, fields: LogFields = {}): Logger {
  const log = (level: LogLevel, message: string, more?: LogFields): void => {
    if (sink.isEnabled(level))
      sink.write({ level, message, fields: more === undefined ? fields : { ...fields, ...more } });
  };
  return Object.freeze({
    log,
    debug: (message: string, more?: LogFields) => {
      log('debug', message, more);
    },
    info: (message: string, more?: LogFields) => {
      log('info', message, more);
    },
    warn: (message: string, more?: LogFields) => {
      log('warn', message, more);
    },
    error: (message: string, more?: LogFields) => {
      log('error', message, more);
    },
    isEnabled: (level: LogLevel) => sink.isEnabled(level),
    child: (more: LogFields) => createLogger(sink, { ...fields, ...more }),
  });
}

/** A logger that says nothing. */
export const silentLogger: Logger = createLogger({
  isEnabled: () => false,
  write: () => undefined,
});

/** Whether a record of `level` passes a threshold. */
export function levelPasses(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}
