// What a node answers to the commands of the `http` module.
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import type { BodyLimits, ByteSource, HttpBody, HttpForm, UploadedFile } from '../../core/http-exchange.js';
import { NO_CONTEXT } from './parts.js';

class HttpContextError extends PlatformError {
  override readonly name = 'HttpContextError';
  readonly code = 'HTTP_CONTEXT';
}

const bodyOf = ({ http }: CommandContext): HttpBody => {
  if (http === undefined) throw new HttpContextError(NO_CONTEXT);
  return http;
};
const numberOf = (command: Command, name: string): number => {
  const value = command[name];
  return typeof value === 'number' ? value : 0;
};
const limitsOf = (command: Command): BodyLimits => ({
  maxBytes: numberOf(command, 'max'),
  timeoutMs: numberOf(command, 'timeout'),
});
const handed = (source: ByteSource, context: CommandContext): Data =>
  dataObject({ stream: context.own(source), size: source.size ?? -1 });

/** A file of a form as a handle: it lives as long as its form. */
class HeldFile implements AsyncDisposable {
  readonly file: UploadedFile;
  constructor(file: UploadedFile) {
    this.file = file;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    // The form takes its files away.
  }
}

export const httpHandlers: HostHandlers = {
  'http.body': (command, context) => bodyOf(context).body(limitsOf(command)),
  'http.stream': (command, context) => handed(bodyOf(context).stream(limitsOf(command)), context),
  'http.form': async (command, context) => {
    const form: HttpForm = await bodyOf(context).form(limitsOf(command), numberOf(command, 'memory'));
    context.own(form);
    return dataObject({
      values: dataObject(Object.fromEntries(form.values)),
      files: form.files.map((file) =>
        dataObject({
          field: file.field,
          name: file.name,
          size: file.size,
          headers: dataObject(Object.fromEntries(file.headers)),
          file: context.own(new HeldFile(file)),
        }),
      ),
    });
  },
  'http.open_file': (command, context) =>
    handed(context.owned<HeldFile>(numberOf(command, 'file')).file.open(), context),
  'http.flush': async (_command, context) => {
    await bodyOf(context).flush();
    return null;
  },
  'http.finish': async (_command, context) => {
    await bodyOf(context).finish();
    return null;
  },
};
