// Headers of Temporal's calls as plain data. Sealed.
// H1: anybody can send headers: one that holds no data, or data of another shape, is as one that is not there.
import type { Payload } from '@temporalio/common';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { PayloadError, payloadConverter, toDataOrThrow } from '../../src/temporal/payload-converter.js';

export type Headers = Record<string, Payload>;

function readHeader(headers: Headers, name: string): Data {
  const payload = headers[name];
  if (payload === undefined) return null;
  try {
    return toDataOrThrow(payloadConverter.fromPayload(payload));
  } catch (error) {
    if (error instanceof PayloadError) return null;
    throw error;
  }
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
