// Rendering on a node, where the templates are.
// `templates.get` { id } -> null, where the set is there; `templates.render` { set, name, data } -> bytes
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { DataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { toTextLossy } from '../../core/text.js';
import { TemplateError } from './errors.js';

/** What an entry of kind template.set opens to. Strings are bytes. */
export interface TemplateRenderer {
  /** Throws a TemplateError. */
  render(name: string, variables: Readonly<DataObject>): string;
}

const KIND = 'template.set';

const textOf = (command: Command, field: string): string => {
  const value = command[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new TemplateError('Invalid', `'${command.type}' needs a text as ${field}`);
};

export function templatesHandlers(authorize: Authorize): HostHandlers {
  const open = (command: Command, field: string, context: CommandContext): Promise<TemplateRenderer> => {
    const id = toTextLossy(textOf(command, field));
    if (!authorize(context, 'templates.get', id)) throw new NotAuthorizedError(context, 'templates.get', id);
    return context.resource<TemplateRenderer>(id, KIND);
  };
  return {
    'templates.get': async (command, context) => {
      await open(command, 'id', context);
      return null;
    },
    'templates.render': async (command, context) => {
      const set = await open(command, 'set', context);
      const data = command['data'] ?? null;
      return set.render(textOf(command, 'name'), isMap(data) ? data : dataObject());
    },
  };
}
