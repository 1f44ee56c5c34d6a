// Payload formats and the ways between them. Every way goes through plain data. Sealed.
// P1: strings are byte strings; JSON, YAML and text are UTF-8 in them.
// P2: `lua/any` is plain data itself; every other format is a byte string.
import type { Data } from './data.js';
import { LuaFloat } from './data.js';
import { decodeMessagePack, encodeMessagePack } from './message-pack.js';
import { isUtf8, toBytes, toText } from './text.js';
import { TranscodeError } from './transcode-error.js';
import { decodeWire, encodeWire } from './wire.js';
import { formatYaml, parseYaml } from './yaml.js';

export const FORMATS = Object.freeze({
  json: 'json/plain',
  yaml: 'yaml/plain',
  text: 'text/plain',
  bytes: 'application/octet-stream',
  messagePack: 'application/msgpack',
  lua: 'lua/any',
});

export interface FormatCodec {
  /** Plain data of a payload. */
  decode(value: Data): Data;
  /** The payload of plain data. */
  encode(data: Data): Data;
}

export class Transcoder {
  readonly #codecs: ReadonlyMap<string, FormatCodec>;

  constructor(codecs: Readonly<Record<string, FormatCodec>> = CODECS) {
    this.#codecs = new Map(Object.entries(codecs));
  }

  get formats(): readonly string[] {
    return [...this.#codecs.keys()];
  }

  /** `value`, which is of format `from`, in format `to`. Throws TranscodeError, WireSyntaxError, WireValueError or TextError. */
  transcode(from: string, to: string, value: Data): Data {
    const source = this.#codec(from);
    const target = this.#codec(to);
    return from === to ? value : target.encode(source.decode(value));
  }

  #codec(format: string): FormatCodec {
    const codec = this.#codecs.get(format);
    if (codec === undefined)
      throw new TranscodeError(`unknown payload format '${format}'; known are ${this.formats.join(', ')}`);
    return codec;
  }
}

/** The bytes of a payload that must be a string. */
function payloadBytes(value: Data, format: string): string {
  if (typeof value === 'string') return value;
  throw new TranscodeError(`a payload of format '${format}' is a string, got ${describe(value)}`);
}

const textCodec: FormatCodec = {
  decode(value) {
    const bytes = payloadBytes(value, FORMATS.text);
    if (!isUtf8(bytes))
      throw new TranscodeError(`the payload is not UTF-8 text; take it as '${FORMATS.bytes}'`);
    return bytes;
  },
  encode(data) {
    if (typeof data === 'string') return textCodec.decode(data);
    return scalarText(data, FORMATS.text);
  },
};

const bytesCodec: FormatCodec = {
  decode: (value) => payloadBytes(value, FORMATS.bytes),
  encode: (data) => (typeof data === 'string' ? data : scalarText(data, FORMATS.bytes)),
};

const jsonCodec: FormatCodec = {
  decode: (value) => decodeWire(toText(payloadBytes(value, FORMATS.json))),
  encode: (data) => toBytes(encodeWire(data)),
};

const yamlCodec: FormatCodec = {
  decode: (value) => parseYaml(toText(payloadBytes(value, FORMATS.yaml))),
  encode: (data) => toBytes(formatYaml(data)),
};

const messagePackCodec: FormatCodec = {
  decode: (value) => decodeMessagePack(payloadBytes(value, FORMATS.messagePack)),
  encode: encodeMessagePack,
};

const luaCodec: FormatCodec = { decode: (value) => value, encode: (data) => data };

const CODECS: Readonly<Record<string, FormatCodec>> = Object.freeze({
  [FORMATS.json]: jsonCodec,
  [FORMATS.yaml]: yamlCodec,
  [FORMATS.messagePack]: messagePackCodec,
  [FORMATS.text]: textCodec,
  [FORMATS.bytes]: bytesCodec,
  [FORMATS.lua]: luaCodec,
});

/** Numbers and booleans as Lua's tostring writes them. */
function scalarText(data: Data, format: string): string {
  if (
    typeof data === 'boolean' ||
    typeof data === 'number' ||
    typeof data === 'bigint' ||
    data instanceof LuaFloat
  )
    return encodeWire(data);
  throw new TranscodeError(`${describe(data)} has no form as '${format}'; use '${FORMATS.json}'`);
}

function describe(value: Data): string {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof LuaFloat) return 'a number';
  return typeof value === 'boolean' ? 'a boolean' : 'a table';
}
