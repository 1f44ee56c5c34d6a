// Histories as the JSON that the Temporal UI and CLI export. Host only.
// J1: the SDK's own functions for this fail where npm gives `@temporalio/common` another copy of protobufjs than
//     `@temporalio/proto` has, as it does beside grpc; so the reader comes from where the types come from.
import { createRequire } from 'node:module';
import type { History } from '@temporalio/common/lib/proto-utils.js';

interface ProtoJson {
  fromJson(type: unknown, json: unknown, options: { readonly ignoreUnknownFields: boolean }): unknown;
  toJson(type: unknown, message: unknown): unknown;
}
interface HistoryMessage {
  fromObject(history: History): unknown;
}

/** J1 */
function load() {
  const here = createRequire(import.meta.url);
  const beside = createRequire(here.resolve('@temporalio/proto'));
  const proto = beside('@temporalio/proto') as object;
  const { patchProtobufRoot } = beside('@temporalio/proto/lib/patch-protobuf-root') as {
    patchProtobufRoot: (root: object) => {
      lookupType(name: string): unknown;
      readonly temporal: { api: { history: { v1: { History: HistoryMessage } } } };
    };
  };
  const root = patchProtobufRoot(proto);
  return {
    json: beside('protobufjs/ext/protojson') as ProtoJson,
    type: root.lookupType('temporal.api.history.v1.History'),
    message: root.temporal.api.history.v1.History,
  };
}

let loaded: ReturnType<typeof load> | undefined;

/** Throws what is wrong with it. */
export function historyFromJson(text: string): History {
  const value: unknown = JSON.parse(text);
  const events = typeof value === 'object' && value !== null && 'events' in value ? value.events : undefined;
  if (!Array.isArray(events) || events.length === 0) throw new TypeError('it holds no events');
  const { json, type } = (loaded ??= load());
  return json.fromJson(type, { events }, { ignoreUnknownFields: true }) as History;
}

export function historyToJson(history: History): string {
  const { json, type, message } = (loaded ??= load());
  return JSON.stringify(json.toJson(type, message.fromObject(history)), null, 1);
}
