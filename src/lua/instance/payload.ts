// A payload: a value in one of several formats, as messages, futures and the `payload` module hand it to Lua. Sealed.
// P1: the value is plain data; what Lua gave is converted when the payload is made, so that what is wrong is said there.
// P2: data() gives the same Lua value each time.
import { Transcoder } from '../../core/transcoder.js';
import type { Data } from '../../core/data.js';
import { weightOf } from '../../core/data-values.js';
import { PlatformError } from '../../core/errors.js';
import type { HostCall } from '../instance-context.js';
import { defineUserdata } from '../values.js';
import type { HostResult, LuaUserdata, LuaValue, UserdataType } from '../values.js';
import { Arguments } from './arguments.js';
import { fromData } from './convert.js';
import { failure, isErrorObject } from './error-object.js';

export const PAYLOAD_FORMATS = Object.freeze({
  JSON: 'json/plain',
  YAML: 'yaml/plain',
  STRING: 'text/plain',
  BYTES: 'application/octet-stream',
  MSGPACK: 'application/msgpack',
  LUA: 'lua/any',
  GOLANG: 'golang/any',
  ERROR: 'golang/error',
});

/** Instructions of writing a byte in another format. */
const CODEC_COST = 15;

const transcoder = new Transcoder();
/** An error is plain data with a name of its own; values of the host are what Lua gets anyway. */
const codecOf = (format: string): string =>
  format === PAYLOAD_FORMATS.ERROR || format === PAYLOAD_FORMATS.GOLANG ? PAYLOAD_FORMATS.LUA : format;

export class Payload {
  readonly format: string;
  readonly value: Data;
  #lua: LuaValue;

  constructor(value: Data, format: string = PAYLOAD_FORMATS.LUA) {
    this.value = value;
    this.format = format;
  }

  /** Plain data, whatever the format. Throws a PlatformError when the text is broken. */
  data(): Data {
    return transcoder.transcode(codecOf(this.format), PAYLOAD_FORMATS.LUA, this.value);
  }

  transcode(format: string): Payload {
    return new Payload(transcoder.transcode(codecOf(this.format), codecOf(format), this.value), format);
  }

  lua(call: HostCall): LuaValue {
    if (this.#lua !== undefined) return this.#lua;
    call.charge(weightOf(this.value));
    return (this.#lua = fromData(this.data(), () => call.instance.newTable()));
  }
}

/** A result, or `nil, err` of kind Internal as the documentation has it for formats. */
function attempt(make: () => HostResult): HostResult {
  try {
    return make();
  } catch (error) {
    if (error instanceof PlatformError) return failure('Internal', error.message);
    throw error;
  }
}

export const PayloadType: UserdataType<Payload> = defineUserdata<Payload>(
  'payload',
  {
    get_format: (_call, self) => self.format,
    data: (call, self) => attempt(() => self.lua(call)),
    unmarshal: (call, self) => attempt(() => self.lua(call)),
    transcode: (call, self, ...values) => {
      const format = new Arguments(call, 'transcode', values).string(1);
      call.charge(weightOf(self.value) * CODEC_COST);
      return attempt(() => PayloadType.wrap(self.transcode(format)));
    },
  },
  { tostring: (self) => `payload (${self.format})`, data: (self) => self.data() },
);

export const newPayload = (value: Data, format?: string): LuaUserdata<Payload> =>
  PayloadType.wrap(new Payload(value, format));

/** The format that payload.new gives a Lua value. */
export const formatOf = (value: LuaValue): string =>
  isErrorObject(value) ? PAYLOAD_FORMATS.ERROR : PAYLOAD_FORMATS.LUA;
