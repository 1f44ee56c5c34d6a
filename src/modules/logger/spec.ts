// The `logger` module: structured records. Sealed; `logger.write` is emitted, so that a replay writes nothing twice.
// L1: logging never fails: a field that cannot cross is written as its type.
// L2: `logger:info(...)` and `logger.info(...)` are the same.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { defineModuleSpec, describeType, fn, signature } from '../../lua/module.js';
import { asText, typeName } from '../../lua/instance/arguments.js';
import { tryToData } from '../../lua/instance/convert.js';
import { failure, isErrorObject } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineUserdata, LuaTable } from '../../lua/values.js';
import type { HostFunction, HostResult, LuaValue, UserdataType } from '../../lua/values.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

class Logger {
  /** Names from the outermost to this one, joined by dots; '' for the root. */
  readonly name: string;
  readonly fields: Readonly<DataObject>;
  constructor(name: string, fields: Readonly<DataObject>) {
    this.name = name;
    this.fields = fields;
  }
}
const ROOT = new Logger('', dataObject());

function fieldData(value: LuaValue): Data {
  if (isErrorObject(value)) return asText(value) ?? '';
  const converted = tryToData(value);
  return converted.ok ? converted.data : `<${typeName(value)}>`;
}

/** A table's fields; anything else is one field of the name `value`. */
function fieldsOf(value: LuaValue): DataObject {
  const fields = dataObject();
  if (value instanceof LuaTable)
    for (const [key, item] of value.entries()) fields[asText(key) ?? `<${typeName(key)}>`] = fieldData(item);
  else if (value !== undefined) fields['value'] = fieldData(value);
  return fields;
}

function write(call: HostCall, level: Level, logger: Logger, values: readonly LuaValue[]): HostResult {
  const [message, fields] = values;
  call.instance.host.emit({
    type: 'logger.write',
    level,
    message: asText(message) ?? `<${typeName(message)}>`,
    fields: dataObject({ ...logger.fields, ...fieldsOf(fields) }),
    ...(logger.name === '' ? {} : { logger: logger.name }),
    where: call.where(),
  });
  return [];
}

const withFields = (logger: Logger, value: LuaValue): HostResult =>
  LoggerType.wrap(new Logger(logger.name, dataObject({ ...logger.fields, ...fieldsOf(value) })));

function named(logger: Logger, value: LuaValue): HostResult {
  const name = asText(value) ?? '';
  if (name === '') return failure('Invalid', 'the name of a logger is empty');
  return LoggerType.wrap(new Logger(logger.name === '' ? name : `${logger.name}.${name}`, logger.fields));
}

const LoggerType: UserdataType<Logger> = defineUserdata<Logger>('Logger', {
  debug: (call, self, ...values) => write(call, 'debug', self, values),
  info: (call, self, ...values) => write(call, 'info', self, values),
  warn: (call, self, ...values) => write(call, 'warn', self, values),
  error: (call, self, ...values) => write(call, 'error', self, values),
  with: (_call, self, fields) => withFields(self, fields),
  named: (_call, self, name) => named(self, name),
});

const writes = (what: string) =>
  signature(`Writes a record ${what}, with the name and fields of this logger.`, [
    'message: string',
    'fields?: table',
  ]);
describeType(LoggerType, 'A logger with a name and fields of its own.', {
  debug: writes('for developers'),
  info: writes('of normal operation'),
  warn: writes('of something that should be looked at'),
  error: writes('of a failure'),
  with: signature('A logger that adds these fields too.', ['fields: table'], ['Logger']),
  named: signature(
    'A logger whose name follows this one, after a dot.',
    ['name: string'],
    ['Logger?', 'Error?'],
    ['Invalid'],
  ),
});

/** Drops the module itself where it was called with a colon: a message is never a table with these members. */
const asMethod =
  (run: (call: HostCall, values: readonly LuaValue[]) => HostResult): HostFunction =>
  (call, ...values) => {
    const [first] = values;
    const isModule = first instanceof LuaTable && typeof first.get('named') === 'function';
    return run(call, isModule ? values.slice(1) : values);
  };

const level = (name: Level, summary: string) =>
  fn(
    summary,
    ['message: string', 'fields?: table'],
    [],
    asMethod((call, values) => write(call, name, ROOT, values)),
  );

export const loggerSpec = defineModuleSpec({
  name: 'logger',
  summary: 'Structured log records',
  workflow: 'sealed',
  members: {
    debug: level('debug', 'Writes a record for developers.'),
    info: level('info', 'Writes a record of normal operation.'),
    warn: level('warn', 'Writes a record of something that should be looked at.'),
    error: level('error', 'Writes a record of a failure.'),
    with: fn(
      'A logger that adds these fields to every record.',
      ['fields: table'],
      ['Logger'],
      asMethod((_call, [fields]) => withFields(ROOT, fields)),
    ),
    named: fn(
      'A logger of that name.',
      ['name: string'],
      ['Logger?', 'Error?'],
      asMethod((_call, [name]) => named(ROOT, name)),
      ['Invalid'],
    ),
  },
  types: [LoggerType],
});
