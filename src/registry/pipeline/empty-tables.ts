// Lua has one empty table: where a kind's schema wants a mapping, an empty list is the empty mapping. Pure.
import { type Data, type DataObject, dataObject } from '../../core/data.js';
import type { Entry } from '../model/entry.js';
import type { JsonSchema, KindSpec } from '../model/kind.js';
import { isObject } from '../load/pointer.js';

export function shapeEmptyTables(entry: Entry, spec: KindSpec | undefined): Entry {
  const data = shape(entry.data, spec?.schema);
  const meta = shape(entry.meta, spec?.metaSchema);
  if (data === entry.data && meta === entry.meta) return entry;
  return { ...entry, data: data as DataObject, meta: meta as DataObject };
}

function shape(value: Data, schema: unknown): Data {
  if (!isSchema(schema)) return value;
  if (Array.isArray(value)) {
    if (value.length === 0) return wantsMapping(schema) ? dataObject() : value;
    const shaped = value.map((item) => shape(item, schema['items']));
    return shaped.some((item, index) => item !== value[index]) ? shaped : value;
  }
  if (!isObject(value)) return value;
  const properties = schema['properties'];
  let changed: DataObject | undefined;
  for (const [key, item] of Object.entries(value)) {
    const inner = isSchema(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const shaped = shape(item, inner ?? schema['additionalProperties']);
    if (shaped !== item) (changed ??= dataObject(value))[key] = shaped;
  }
  return changed ?? value;
}

function wantsMapping({ type }: JsonSchema): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object') && !type.includes('array'));
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
