// Plain data and SQLite: the schemas; who opens them adds `open`.
import { defineKind } from '../model/kind.js';
import { closed, count, duration, filledText, lifecycle, lifecycleReferences } from './common.js';

export const registryEntry = defineKind({
  name: 'registry.entry',
  summary: 'Data of the app.',
  state: 'full',
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
