// Headers of Temporal's calls as plain data. Sealed.
import type { Payload } from '@temporalio/common';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { payloadConverter, toDataOrThrow } from '../../src/temporal/payload-converter.js';

export type Headers = Record<string, Payload>;

function readHeader(headers: Headers, name: string): Data {
  const payload = headers[name];
  return payload === undefined ? null : toDataOrThrow(payloadConverter.fromPayload(payload));
}

export function readObjectHeader(headers: Headers, name: string): DataObject {
  const value = readHeader(headers, name);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as DataObject)
    : dataObject();
}

export function readTextHeader(headers: Headers, name: string): string | undefined {
  const value = readHeader(headers, name);
  return typeof value === 'string' ? value : undefined;
}
