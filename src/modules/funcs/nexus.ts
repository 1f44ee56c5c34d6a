// Operations of Nexus services: `nexus.call` { endpoint, service, operation, input, options? } -> list of results. Sealed.
// X1: an operation has one input; it and the result are plain data.
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { DataObject } from '../../core/data.js';
import { readOptions } from '../../core/options.js';
import type { OptionTypes } from '../../core/options.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command } from '../../lua/suspend.js';
import { defineUserdata, LuaTable, luaType } from '../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../lua/values.js';
import { resultsOf } from './executor.js';
import { Future, FutureType } from './future.js';

const OPTIONS: OptionTypes = {
  timeout: { is: 'duration' },
  schedule_to_close_timeout: { is: 'duration' },
  schedule_to_start_timeout: { is: 'duration' },
  start_to_close_timeout: { is: 'duration' },
  summary: { is: 'text' },
  cancellation_type: {
    is: 'choice',
    of: ['abandon', 'try_cancel', 'wait_cancellation_requested', 'wait_cancellation_completed'],
  },
};

/** A service behind an endpoint. Immutable. */
export class Service {
  readonly endpoint: string;
  readonly service: string;
  readonly options: Readonly<DataObject>;
  /** `nil, err` of the first thing that was wrong. */
  readonly refused: readonly [undefined, LuaValue] | undefined;
  constructor(
    endpoint: string,
    service: string,
    options: Readonly<DataObject> = dataObject(),
    refused?: readonly [undefined, LuaValue],
  ) {
    this.refused = refused;
    this.endpoint = endpoint;
    this.service = service;
    this.options = options;
  }
}

export const ServiceType: UserdataType<Service> = defineUserdata<Service>('NexusService', {
  with_options: (_call, self, values) => withOptions(self, values),
  call: (call, self, operation, input) => callOperation(call, self, operation, input),
  async: (call, self, operation, input) => startOperation(call, self, operation, input),
});

/** `funcs.nexus` */
export function nexusService(endpoint: LuaValue, service: LuaValue): HostResult {
  for (const [what, value] of Object.entries({ endpoint, service }))
    if (typeof value !== 'string' || value === '')
      return failure('Invalid', `the ${what} is a name, got ${value === '' ? "''" : luaType(value)}`);
  return ServiceType.wrap(new Service(endpoint as string, service as string));
}

/** What is wrong is the error of the calls too: calls are chained. */
function withOptions(self: Service, values: LuaValue): HostResult {
  const { endpoint, service, options } = self;
  const refuse = (refused: readonly [undefined, LuaValue]): HostResult => [
    ServiceType.wrap(new Service(endpoint, service, options, self.refused ?? refused)),
    refused[1],
  ];
  if (!(values instanceof LuaTable))
    return refuse(failure('Invalid', `options are a table, got ${luaType(values)}`));
  const converted = tryToData(values);
  if (!converted.ok) return refuse([undefined, converted.error]);
  const read = readOptions(converted.data, OPTIONS);
  if (!read.ok) return refuse(failure('Invalid', read.problem));
  return ServiceType.wrap(
    new Service(endpoint, service, dataObject({ ...options, ...read.options }), self.refused),
  );
}

type Prepared = { readonly command: Command } | { readonly result: HostResult };

function prepare(
  { endpoint, service, options, refused }: Service,
  operation: LuaValue,
  input: LuaValue,
): Prepared {
  if (refused !== undefined) return { result: [...refused] };
  if (typeof operation !== 'string' || operation === '')
    return {
      result: failure(
        'Invalid',
        `an operation is a name, got ${operation === '' ? "''" : luaType(operation)}`,
      ),
    };
  const converted = tryToData(input);
  if (!converted.ok) return { result: [undefined, converted.error] };
  return {
    command: {
      type: 'nexus.call',
      endpoint,
      service,
      operation,
      input: converted.data,
      ...(Object.keys(options).length === 0 ? {} : { options }),
    },
  };
}

function callOperation(call: HostCall, self: Service, operation: LuaValue, input: LuaValue): HostResult {
  const prepared = prepare(self, operation, input);
  if ('result' in prepared) return prepared.result;
  const { instance } = call;
  return command(prepared.command, (answer) =>
    answer.ok
      ? resultsOf(answer.value).map((value) => fromData(value, () => instance.newTable()))
      : [undefined, errorFromData(answer.error)],
  );
}

function startOperation(call: HostCall, self: Service, operation: LuaValue, input: LuaValue): HostResult {
  const prepared = prepare(self, operation, input);
  if ('result' in prepared) return prepared.result;
  return FutureType.wrap(new Future(call.instance, prepared.command, operation as string));
}
