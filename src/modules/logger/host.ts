// Log records on a node. `logger.write` { level, message, fields, logger?, where? } -> null
import type { Command } from '../../core/command.js';
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { LOG_LEVELS } from '../../core/logger.js';
import type { LogLevel } from '../../core/logger.js';
import { toTextLossy } from '../../core/text.js';

/** Where a record goes; `name` is dotted. Text, not bytes. */
export type WriteLog = (level: LogLevel, name: string, message: string, fields: DataObject) => void;

export function loggerHandlers(write: WriteLog): HostHandlers {
  return {
    'logger.write': (command, context) => {
      const { level, message, fields, logger } = command;
      const known = LOG_LEVELS.find((one) => one === level) ?? 'info';
      write(
        known,
        typeof logger === 'string' ? toTextLossy(logger) : '',
        typeof message === 'string' ? toTextLossy(message) : '',
        { ...plainFields(fields), ...origin(command, context) },
      );
      return null;
    },
  };
}

function plainFields(fields: Command[string]): DataObject {
  const text = lossyText(fields ?? null);
  return typeof text !== 'object' || text === null || Array.isArray(text) || text instanceof LuaFloat
    ? dataObject()
    : text;
}

/** Bytes that are no text must not lose the record. */
function lossyText(data: Data): Data {
  if (typeof data === 'string') return toTextLossy(data);
  if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return data;
  if (Array.isArray(data)) return data.map(lossyText);
  return dataObject(
    Object.fromEntries(Object.entries(data).map(([key, item]) => [toTextLossy(key), lossyText(item)])),
  );
}

const origin = ({ where }: Command, { entry, pid }: CommandContext): DataObject => ({
  entry,
  ...(pid === undefined ? {} : { pid }),
  ...(typeof where === 'string' && where !== '' ? { at: toTextLossy(where) } : {}),
});
