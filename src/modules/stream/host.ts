// What a node answers to the commands of streams (lua/stream.ts).
import type { Command } from '../../core/command.js';
import type { HostHandlers } from '../../core/handler.js';
import type { ByteSource } from '../../core/http-exchange.js';

const numberOf = (command: Command, name: string): number => {
  const value = command[name];
  return typeof value === 'number' ? value : 0;
};

export const streamHandlers: HostHandlers = {
  'stream.read': async (command, context) =>
    (await context
      .owned<ByteSource & AsyncDisposable>(numberOf(command, 'stream'))
      .read(numberOf(command, 'size'))) ?? null,
  'stream.close': async (command, context) => {
    await context.release(numberOf(command, 'stream'));
    return null;
  },
};
