// The `websocket` module: connections to other servers that both sides write to. Sealed.
// `websocket.connect` { url, headers, protocols, dial_timeout, read_timeout, write_timeout, compression, compression_threshold,
//   read_limit, channel_capacity, overlay_network? } -> number of the connection, which ends with the program
// `websocket.next` { connection, most } -> list of { type, data }, as soon as there is one; empty: it has ended
// `websocket.send` { connection, data, binary } -> null, once it is on its way; `websocket.ping` { connection } -> null
// `websocket.close` { connection, code, reason } -> null
// W1: a program that does not receive holds up the other side, not the node: what has come and is not received yet is at most twice
//     the capacity; then nothing is read from the connection.
// W2: a connection lives on its node; a workflow cannot keep one over its steps.
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { numberOf, readOptions } from '../../core/options.js';
import type { OptionTypes } from '../../core/options.js';
import { isUtf8 } from '../../core/text.js';
import { Channel, ChannelType } from '../../lua/instance/channel.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { InstanceContext } from '../../lua/instance-context.js';
import {
  constant,
  define,
  defineModuleSpec,
  defineType,
  members,
  methodsOf,
  table,
} from '../../lua/module.js';
import { bytes, custom, integer, optional, Refusal, table as tableOf } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaTable, LuaValue } from '../../lua/values.js';
import { CLOSE_CODES, COMPRESSION, MOST_MESSAGE, TEXT, BINARY } from './constants.js';

const USUAL_CAPACITY = 64;
const MOST_CAPACITY = 10_000;
const MOST_THRESHOLD = 100 * 1024 * 1024;

/** The channel of a connection: asks the host for more when there is room again (W1). */
class Incoming extends Channel {
  readonly #instance: InstanceContext;
  readonly #connection: number;
  readonly #room: number;
  #asking = false;

  constructor(instance: InstanceContext, connection: number, room: number) {
    super(0, 'a message of a WebSocket');
    this.#instance = instance;
    this.#connection = connection;
    this.#room = room;
    this.#ask();
  }

  override receive(): readonly LuaValue[] {
    const received = super.receive();
    this.#ask();
    return received;
  }

  #ask(): void {
    const most = this.#room - this.length;
    if (this.#asking || this.closed || most <= 0) return;
    this.#asking = true;
    const next: Command = { type: 'websocket.next', connection: this.#connection, most };
    this.#instance.background(next, (answer) => {
      this.#asking = false;
      const batch = answer.ok && Array.isArray(answer.value) ? answer.value : [];
      if (batch.length === 0) return this.close();
      for (const message of batch) this.pushFromHost(fromData(message, () => this.#instance.newTable()));
      this.#ask();
    });
  }
}

class Client {
  readonly connection: number;
  readonly incoming: Channel;
  constructor(connection: number, incoming: Channel) {
    this.connection = connection;
    this.incoming = incoming;
  }
}

const ask = (asked: Command): HostResult =>
  command(asked, (answer) => (answer.ok ? true : [undefined, errorFromData(answer.error)]));

const OPTIONS: OptionTypes = {
  headers: { is: 'table' },
  protocols: { is: 'texts' },
  dial_timeout: { is: 'duration' },
  read_timeout: { is: 'duration' },
  write_timeout: { is: 'duration' },
  compression: { is: 'count', least: 0 },
  compression_threshold: { is: 'count', least: 0 },
  read_limit: { is: 'count', least: 0 },
  channel_capacity: { is: 'count', least: 1 },
  overlay_network: { is: 'text' },
};
const MOST: Readonly<Record<string, number>> = {
  compression: 2,
  compression_threshold: MOST_THRESHOLD,
  read_limit: MOST_MESSAGE,
  channel_capacity: MOST_CAPACITY,
};
/** RFC 9110, 5.6.2 and 5.5. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Of the handshake itself. */
const OWN_HEADER =
  /^(sec-websocket-.*|connection|upgrade|content-length|transfer-encoding|keep-alive|te|trailer)$/i;

/** What the command says of a connection; text: what is wrong with it. */
function read(url: string, given: Data): DataObject | string {
  if (!/^wss?:\/\/[^/?#\s]/i.test(url)) return `a URL begins with ws:// or wss://, got '${shown(url)}'`;
  const options = readOptions(given, OPTIONS);
  if (!options.ok) return options.problem;
  const wanted = options.options;
  for (const [name, most] of Object.entries(MOST)) {
    const value = numberOf(wanted[name] ?? null) ?? 0;
    if (value > most) return `option '${name}' is at most ${most}, got ${value}`;
  }
  const protocols = (wanted['protocols'] ?? []) as readonly string[];
  for (const [at, protocol] of protocols.entries()) {
    if (!TOKEN.test(protocol)) return `'${protocol}' is no name of a protocol`;
    if (protocols.indexOf(protocol) < at) return `protocol '${protocol}' is named twice`;
  }
  const headers: Data[] = [];
  for (const [name, value] of Object.entries((wanted['headers'] ?? dataObject()) as DataObject)) {
    if (!TOKEN.test(name)) return `'${name}' is no name of a header`;
    if (OWN_HEADER.test(name)) return `header '${name}' is the connection's to set`;
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = typeof one === 'string' ? one : numberOf(one)?.toString();
      if (text === undefined) return `header '${name}' has a text, or a list of texts, as its value`;
      if (!HEADER_VALUE.test(text))
        return `header '${name}' has an end of line or another control character in its value`;
      headers.push([name, text]);
    }
  }
  return dataObject({ ...wanted, url, headers, protocols: [...protocols] });
}

/** What a message may repeat of a URL: no query and no password. */
const shown = (url: string): string =>
  url
    .replace(/[?#].*$/s, '')
    .replace(/[^/]*@/, '')
    .slice(0, 100);

const number = (value: Data | undefined): number => numberOf(value ?? null) ?? 0;

const CODES: ReadonlySet<number> = new Set(Object.values(CLOSE_CODES));
/** Of RFC 6455, 7.4: never sent. */
const UNSENT: ReadonlySet<number> = new Set([1004, 1005, 1006, 1015]);
const MOST_REASON = 123;

const method = methodsOf<Client>();
const common = { workflow: 'function' } as const;
const BROKEN = { Internal: 'the connection has ended, or it fails (retryable)' } as const;

const incoming = {
  ...common,
  params: [],
  returns: ['Channel'],
  run: (_call: unknown, self: Client): LuaValue => ChannelType.wrap(self.incoming),
} as const;

export const ClientType = defineType<Client>(
  'Client',
  'A connection to a WebSocket server. It ends with the program.',
  [
    method('send', {
      ...common,
      summary: 'Sends a message, and waits until it is on its way: a slow server holds up the program.',
      params: [
        bytes('data', 'As text it is UTF-8.'),
        optional(
          custom<number>(
            'type',
            'integer',
            '`websocket.TEXT` (1, the default) or `websocket.BINARY` (2).',
            (value) =>
              value === TEXT || value === BINARY
                ? value
                : new Refusal('a message is websocket.TEXT (1) or websocket.BINARY (2)'),
          ),
        ),
      ],
      returns: ['boolean?', 'Error?'],
      returnsWrongArguments: true,
      fails: { ...BROKEN, Invalid: 'the type is none, or a text is not UTF-8' },
      run: (_call, self, data, type = TEXT) =>
        type === TEXT && !isUtf8(data)
          ? failure('Invalid', 'the text is not UTF-8; send bytes as websocket.BINARY')
          : ask({ type: 'websocket.send', connection: self.connection, data, binary: type === BINARY }),
    }),
    method('ping', {
      ...common,
      summary:
        'Sends a ping. The answer is no message; with `read_timeout` it shows that the server is there.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: BROKEN,
      run: (_call, self) => ask({ type: 'websocket.ping', connection: self.connection }),
    }),
    method('channel', {
      ...incoming,
      summary:
        'The channel of the messages: tables with `type` (`"text"` or `"binary"`) and `data`. It is closed when the connection ends, behind the last message.',
    }),
    method('receive', { ...incoming, summary: 'As `channel`.' }),
    method('close', {
      ...common,
      summary:
        'Closes the connection, and waits until the close frame is sent. Messages that have come can still be received. Closing twice does nothing.',
      params: [
        optional(integer('code', 'From 1000 to 4999. Default: 1000.', { least: 1000, most: 4999 })),
        optional(bytes('reason', `At most ${MOST_REASON} bytes of UTF-8.`)),
      ],
      returns: ['boolean?', 'Error?'],
      returnsWrongArguments: true,
      fails: { Invalid: 'the code is one that nobody may send, or the reason is too long or not UTF-8' },
      run: (_call, self, code = CLOSE_CODES.NORMAL, reason = '') => {
        if (UNSENT.has(code) || (code < 3000 && !CODES.has(code)))
          return failure(
            'Invalid',
            `nobody may close with ${code}; take one of websocket.CLOSE_CODES, or 3000 to 4999`,
          );
        if (reason.length > MOST_REASON || !isUtf8(reason))
          return failure('Invalid', `a reason is at most ${MOST_REASON} bytes of UTF-8`);
        return ask({ type: 'websocket.close', connection: self.connection, code, reason });
      },
    }),
  ],
);

const constants = (values: Readonly<Record<string, string | number>>) =>
  table(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constant(value)])));

export const websocketSpec = defineModuleSpec({
  name: 'websocket',
  summary: 'Connections to WebSocket servers',
  workflow: 'refused',
  members: {
    ...members(
      define('connect', {
        ...common,
        summary:
          'Connects to a server. Of messages that nobody receives only a few are read, so that the server waits.',
        params: [
          bytes('url', 'ws or wss.'),
          optional(
            tableOf(
              'options',
              'headers, protocols, overlay_network (id of a `network.socks5` entry), dial_timeout (default 30 s), read_timeout (how long nothing may come, not even the answer to a ping; default: for ever), write_timeout (how long one message may take; default 30 s), ' +
                'compression (default DISABLED), compression_threshold (bytes; default 1,024), read_limit (bytes of a message, at most 128 MiB; default 16 MiB), ' +
                `channel_capacity (messages; at most ${MOST_CAPACITY}, default ${USUAL_CAPACITY}). Numbers of timeouts are milliseconds.`,
            ),
          ),
        ],
        returns: ['Client?', 'Error?'],
        returnsWrongArguments: true,
        fails: {
          Invalid: 'the URL or an option is wrong, or a workflow asks',
          PermissionDenied: 'a policy refuses the connection, or the address is a private one',
          Internal:
            'the server is not there, does not answer in time, or answers with no WebSocket (retryable)',
        },
        run: ({ instance }, url, options: LuaTable | undefined) => {
          const given =
            options === undefined ? { ok: true as const, data: dataObject() } : tryToData(options);
          if (!given.ok) return [undefined, given.error];
          const wanted = read(url, given.data);
          if (typeof wanted === 'string') return failure('Invalid', wanted);
          const room = number(wanted['channel_capacity']) || USUAL_CAPACITY;
          const asked = { type: 'websocket.connect', ...wanted, channel_capacity: room };
          return command(asked, (answer) => {
            if (!answer.ok) return [undefined, errorFromData(answer.error)];
            const connection = Number(answer.value);
            return ClientType.wrap(new Client(connection, new Incoming(instance, connection, room)));
          });
        },
      }),
    ),
    TEXT: constant(TEXT),
    BINARY: constant(BINARY),
    TYPE_TEXT: constant('text'),
    TYPE_BINARY: constant('binary'),
    TYPE_PING: constant('ping'),
    TYPE_PONG: constant('pong'),
    TYPE_CLOSE: constant('close'),
    COMPRESSION: constants(COMPRESSION),
    CLOSE_CODES: constants(CLOSE_CODES),
  },
  types: [ClientType],
});
