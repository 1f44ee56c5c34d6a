// What nodes send to each other: questions and their answers, in batches.
// A batch is a list of packets as core/wire.ts writes it: ["q", id, type, body], ["a", id, value], ["e", id, error].
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import type { ErrorData } from '../../core/error-data.js';
import { decodeWire, encodeWire } from '../../core/wire.js';
import { dataToError, errorToData } from '../../temporal/failures.js';

export type Packet =
  | { readonly is: 'question'; readonly id: number; readonly type: string; readonly body: DataObject }
  | { readonly is: 'answer'; readonly id: number; readonly value: Data }
  | { readonly is: 'error'; readonly id: number; readonly error: ErrorData };

/** One packet as JSON. Throws WireValueError for what does not cross. */
export function encodePacket(packet: Packet): string {
  // As the only one of a batch: who reads it counts the batch to the depth.
  return encodeWire([partsOf(packet)]).slice(1, -1);
}

function partsOf(packet: Packet): Data[] {
  switch (packet.is) {
    case 'question':
      return ['q', packet.id, packet.type, packet.body];
    case 'answer':
      return ['a', packet.id, packet.value];
    case 'error':
      return ['e', packet.id, errorToData(packet.error)];
  }
}

export const encodeBatch = (packets: readonly string[]): string => `[${packets.join(',')}]`;

/** Packets that another version of Moontide made and this one does not know are left out: their sender hears nothing in time. */
export function decodeBatch(body: string): readonly Packet[] {
  const list = decodeWire(body);
  return (Array.isArray(list) ? list : []).flatMap((one): Packet[] => {
    if (!Array.isArray(one)) return [];
    const [tag, id, third = null, fourth = null] = one;
    if (typeof id !== 'number') return [];
    if (tag === 'q' && typeof third === 'string')
      return [{ is: 'question', id, type: third, body: isMap(fourth) ? fourth : dataObject() }];
    if (tag === 'a') return [{ is: 'answer', id, value: third }];
    const error = tag === 'e' ? dataToError(third) : undefined;
    return error === undefined ? [] : [{ is: 'error', id, error }];
  });
}
