// Key-value stores: the schemas; services/store opens them.
import type { JsonSchema } from '../model/kind.js';
import { defineKind } from '../model/kind.js';
import { closed, count, duration, filledText, lifecycle, lifecycleReferences, reference } from './common.js';

const column = (description: string): JsonSchema =>
  filledText(description, {
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    'x-expected': "a name of letters, digits and '_'",
  });

export const storeMemory = defineKind({
  name: 'store.memory',
  summary: 'A key-value store in memory.',
  state: 'full',
  schema: closed({
    max_size: count('Most keys; new ones are refused then. 0: the default, 10000.'),
    cleanup_interval: duration('How often what has expired is swept; 0: never. Default: 5m.'),
    lifecycle,
  }),
  references: lifecycleReferences,
});

export const storeSql = defineKind({
  name: 'store.sql',
  summary: 'A key-value store in a database.',
  state: 'full',
  schema: closed(
    {
      database: reference('The database.', { examples: ['db'] }),
      table_name: filledText('The table, which the app makes.', {
        pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)?$',
        'x-expected': "a name of letters, digits and '_'",
        examples: ['kv_store'],
      }),
      id_column_name: column('Column of the keys, unique. Default: key.'),
      payload_column_name: column('Column of the values. Default: value.'),
      expire_column_name: column('Column of the expiry, Unix time in seconds. Default: expires_at.'),
      cleanup_interval: duration('How often what has expired is swept; 0: never. Default: 0.'),
      lifecycle,
    },
    { required: ['database', 'table_name'] },
  ),
  references: [{ pointer: '/database', kinds: ['db.sql.*'] }, ...lifecycleReferences],
});
