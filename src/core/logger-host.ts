// The logger of a node: JSON lines by pino, or a console form for people, to stderr; and to the event bus where asked.
// L1: nothing leaves before it was redacted, on every way out.
// L2: in the console form one record is one line, but for stacks, whose lines are indented and marked; control chars, ANSI
//     sequences and text direction marks are written as escapes, so that no message can forge another or the terminal.
import { pino } from 'pino';
import type { DataObject } from './data.js';
import type { EventBus } from './event-bus.js';
import { createLogger, levelPasses, type Logger, type LogLevel, type LogRecord } from './logger.js';
import { Redactor } from './redaction.js';
import { textDataToBytes } from './text.js';
import { decodeWire } from './wire.js';

export interface HostLoggerOptions {
  /** 'json': one object a line. 'console': for people. Default 'json'. */
  readonly format?: 'json' | 'console';
  /** Records below it are dropped. Default 'info'. */
  readonly level?: LogLevel;
  /** Shared with whoever resolves secrets. Default: one of its own. */
  readonly redactor?: Redactor;
  /** Where lines go, each with its line feed. Default stderr, written at once. */
  readonly write?: (line: string) => void;
  /** Colours in the console form. Default false. */
  readonly colors?: boolean;
  /** Publishes each record that passes as `log.<level>`. Default none. */
  readonly bus?: EventBus;
  /** The clock. Default the system's. */
  readonly now?: () => Date;
}

export interface HostLogger extends Logger {
  readonly redactor: Redactor;
  level: LogLevel;
  /** Starts or stops streaming to a bus. */
  stream(bus: EventBus | undefined): void;
}

export function createHostLogger(options: HostLoggerOptions = {}): HostLogger {
  const { format = 'json', redactor = new Redactor(), colors = false, now = () => new Date() } = options;
  const write = options.write ?? stderrWriter();
  const writeJson = pinoWriter(write);
  const state = { level: options.level ?? 'info', bus: options.bus, streaming: false };
  const logger = createLogger({
    isEnabled: (level) => levelPasses(level, state.level),
    write(record) {
      const time = now();
      const clean: LogRecord = {
        level: record.level,
        message: redactor.text(record.message),
        fields: redactor.plain(record.fields) as Record<string, unknown>, // L1
      };
      if (format === 'json') writeJson(clean, time);
      else write(consoleLine(clean, time, colors));
      if (state.bus === undefined || state.streaming) return; // what the bus itself logs is not streamed again
      state.streaming = true;
      try {
        state.bus.publish('log', clean.level, logPath(clean), eventData(clean, time));
      } finally {
        state.streaming = false;
      }
    },
  });
  return {
    ...logger,
    redactor,
    get level() {
      return state.level;
    },
    set level(level) {
      state.level = level;
    },
    stream(bus) {
      state.bus = bus;
    },
  };
}

function stderrWriter(): (line: string) => void {
  const destination = pino.destination({ dest: 2, sync: true });
  // Nobody reads the log any more (a closed pipe): the program goes on.
  destination.on('error', () => undefined);
  return (line) => void destination.write(line);
}

function pinoWriter(write: (line: string) => void): (record: LogRecord, time: Date) => void {
  const clock = { time: new Date() };
  const logger = pino(
    {
      level: 'debug',
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${clock.time.toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return ({ level, message, fields }, time) => {
    clock.time = time;
    // The record's own names win: a field that has one of them moves aside.
    const safe: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(fields))
      safe[key === 'level' || key === 'time' || key === 'message' ? `field_${key}` : key] = value;
    logger[level](safe, message);
  };
}

const COLORS: Readonly<Record<LogLevel, string>> = { debug: '90', info: '36', warn: '33', error: '31' };

/** `12:04:05.123 INFO  message key=value`, in UTC. */
function consoleLine({ level, message, fields }: LogRecord, time: Date, colors: boolean): string {
  const paint = (code: string, text: string): string => (colors ? `\u001b[${code}m${text}\u001b[0m` : text);
  const parts = [
    paint('90', time.toISOString().slice(11, 23)),
    paint(COLORS[level], level.toUpperCase().padEnd(5)),
    escapeControls(message),
  ];
  const stacks: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    parts.push(`${paint('90', `${escapeControls(key)}=`)}${consoleValue(value, stacks)}`);
  }
  const lines = stacks
    .flatMap((stack) => stack.split('\n'))
    .map((line) => `    | ${escapeControls(line.trim())}`);
  return `${[parts.join(' '), ...lines].join('\n')}\n`;
}

function consoleValue(value: unknown, stacks: string[]): string {
  if (typeof value === 'string')
    return /^[\w.:/@{}|+-]+$/.test(value) ? value : escapeControls(JSON.stringify(value));
  if (typeof value === 'object' && value !== null && 'message' in value && 'stack' in value) {
    const { name, code, message, stack } = value as Record<string, unknown>;
    if (typeof stack === 'string') stacks.push(stack);
    return escapeControls(`${String(code ?? name)}: ${JSON.stringify(message)}`);
  }
  return escapeControls(JSON.stringify(value));
}

/** Control chars (C0, DEL, C1), line separators and direction marks as `\n`, `\t` or `\u{..}`. */
export function escapeControls(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (char) => {
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    if (char === '\r') return '\\r';
    return `\\u{${char.charCodeAt(0).toString(16)}}`;
  });
}

/** What a record is about: an entry, else a part of the platform. */
function logPath({ fields }: LogRecord): string {
  const about = fields.entry ?? fields.component ?? 'moontide';
  return typeof about === 'string' && about !== '' ? about : 'moontide';
}

function eventData({ message, fields }: LogRecord, time: Date): DataObject {
  const text = JSON.stringify({ message, time: time.toISOString(), fields });
  return textDataToBytes(decodeWire(text, { strings: 'text' })) as DataObject;
}
