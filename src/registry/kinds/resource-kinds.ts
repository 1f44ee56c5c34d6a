// Plain data, environment variables and SQLite: the schemas; who opens them adds `open`.
import { defineKind } from '../model/kind.js';
import {
  closed,
  count,
  duration,
  filledText,
  flag,
  lifecycle,
  lifecycleReferences,
  reference,
} from './common.js';

export const registryEntry = defineKind({
  name: 'registry.entry',
  summary: 'Data of the app.',
  state: 'full',
});

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

export const sqlSqlite = defineKind({
  name: 'db.sql.sqlite',
  summary: 'An SQLite database.',
  state: 'full',
  schema: closed(
    {
      file: filledText('Path of the file, relative to the app; `:memory:` for one in memory.', {
        examples: ['./data/app.db'],
      }),
      path: filledText('Older name of file.'),
      pool: closed({
        max_open: count('Has no effect: there is one connection.'),
        max_idle: count('Has no effect: there is one connection.'),
        max_lifetime: duration('After how long the connection is renewed.'),
      }),
      options: { type: 'object', description: 'Has no effect.' },
      lifecycle,
    },
    // One of the two names of the file; a missing one is told as the first.
    {
      if: { not: { required: ['path'] } },
      then: { required: ['file'], properties: { file: { examples: ['./data/app.db'] } } },
    },
  ),
  references: lifecycleReferences,
});
