// Environment variables and where their values are kept: the schemas.
import { defineKind } from '../model/kind.js';
import { closed, filledText, flag, lifecycle, lifecycleReferences, reference } from './common.js';

export const envVariable = defineKind({
  name: 'env.variable',
  summary: 'A named value of the environment.',
  state: 'full',
  schema: closed({
    variable: {
      type: 'string',
      pattern: '^[A-Za-z0-9_]+$',
      'x-expected': "letters, digits and '_'",
      description: 'Public name. Absent: the variable is known by its entry id only.',
    },
    storage: reference('Where the value is kept.', { examples: ['os_env'] }),
    default: {
      type: ['string', 'number', 'boolean', 'null'],
      description: 'The value when the storage has none.',
    },
    readonly: flag('Default: false.'),
    secret: flag(
      'Never shown, never in a history. Default: true for names with KEY, SECRET, TOKEN or PASSWORD.',
    ),
  }),
  references: [{ pointer: '/storage', kinds: ['env.storage.*'] }],
});

export const envStorageOs = defineKind({
  name: 'env.storage.os',
  summary: 'The environment of the process, for reading.',
  state: 'full',
  schema: closed({ lifecycle }),
  references: lifecycleReferences,
});

export const envStorageMemory = defineKind({
  name: 'env.storage.memory',
  summary: 'Values in the memory of the node, gone when it ends.',
  state: 'full',
  schema: closed({ lifecycle }),
  references: lifecycleReferences,
});

const permissionBits = (description: string) => ({
  type: 'integer',
  minimum: 0,
  maximum: 0o777,
  description,
});

export const envStorageFile = defineKind({
  name: 'env.storage.file',
  summary: 'Values in a .env file.',
  state: 'full',
  schema: closed(
    {
      file_path: filledText('Path of the file, relative to the app.', { examples: ['./config.env'] }),
      auto_create: flag(
        'Whether the file and its folders are made where they are not there. Default: false.',
      ),
      file_mode: permissionBits('Permission bits of a file that is made. Default: 0644.'),
      dir_mode: permissionBits('Permission bits of folders that are made. Default: 0755.'),
      lifecycle,
    },
    { required: ['file_path'] },
  ),
  references: lifecycleReferences,
});

export const envStorageStatic = defineKind({
  name: 'env.storage.static',
  summary: 'Values that stand in the entry, for reading.',
  state: 'full',
  schema: closed(
    {
      values: {
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Values by name.',
        examples: [{ APP_ENV: 'production' }],
      },
      lifecycle,
    },
    { required: ['values'] },
  ),
  references: lifecycleReferences,
});

export const envStorageRouter = defineKind({
  name: 'env.storage.router',
  summary: 'Several storages: the first that has a value gives it, the first of all takes what is set.',
  state: 'full',
  schema: closed(
    {
      storages: {
        type: 'array',
        minItems: 1,
        items: reference('A storage.'),
        description: 'Storages, in the order in which they are asked.',
        examples: [['memory', 'os_env']],
      },
      lifecycle,
    },
    { required: ['storages'] },
  ),
  references: [...lifecycleReferences, { pointer: '/storages/*', kinds: ['env.storage.*'] }],
});
