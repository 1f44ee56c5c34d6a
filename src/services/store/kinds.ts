// The kinds of stores that are built.
import type { Data, DataObject } from '../../core/data.js';
import { entryMilliseconds } from '../../core/durations.js';
import { storeMemory, storeSql } from '../../registry/kinds/index.js';
import type { Entry } from '../../registry/model/entry.js';
import { resolveReference } from '../../registry/model/ids.js';
import { defineKind } from '../../registry/model/kind.js';
import type { KindHost, KindSpec } from '../../registry/model/kind.js';
import type { SqlDatabase } from '../../modules/sql/host.js';
import { fillPlaceholders } from '../env/placeholders.js';
import { MemoryStore } from './memory-store.js';
import { SqlStore } from './sql-store.js';

const USUAL_SIZE = 10_000;
const USUAL_CLEANUP_MS = 300_000;

export const storeKinds: readonly KindSpec[] = [
  defineKind({ ...storeMemory, open: openMemory }),
  defineKind({ ...storeSql, open: openSql }),
];

async function openMemory({ id, data }: Entry, host: KindHost): Promise<MemoryStore> {
  const size = data['max_size'];
  return new MemoryStore({
    entry: id,
    maxSize: typeof size === 'number' && size > 0 ? size : USUAL_SIZE,
    cleanupMs: milliseconds(data, 'cleanup_interval', host) ?? USUAL_CLEANUP_MS,
  });
}

async function openSql({ id, data }: Entry, host: KindHost): Promise<SqlStore> {
  const text = (field: string, usual = ''): string => {
    const value = data[field];
    return typeof value === 'string' && value !== ''
      ? fillPlaceholders(value, (name) => host.env(name))
      : usual;
  };
  const database = text('database');
  const reference = resolveReference(database, id.slice(0, id.indexOf(':'))) ?? database;
  return new SqlStore(await host.resource<SqlDatabase>(reference, 'db.sql.*'), {
    entry: id,
    table: identifier(text('table_name')),
    columns: {
      key: identifier(text('id_column_name', 'key')),
      value: identifier(text('payload_column_name', 'value')),
      expires: identifier(text('expire_column_name', 'expires_at')),
    },
    cleanupMs: milliseconds(data, 'cleanup_interval', host) ?? 0,
    failed: (error) =>
      host.log('warn', 'what has expired could not be taken out of a store', {
        store: id,
        error: error instanceof Error ? error.message : String(error),
      }),
  });
}

/** Quoted for SQL; the kind's schema lets letters, digits and `_` through, a table may have a schema in front. */
const identifier = (name: string): string =>
  name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');

function milliseconds(data: Readonly<DataObject>, field: string, host: KindHost): number | undefined {
  const value: Data | undefined = data[field];
  return entryMilliseconds(
    typeof value === 'string' ? fillPlaceholders(value, (name) => host.env(name)) : value,
  );
}
