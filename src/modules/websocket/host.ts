// What a node answers to the commands of the `websocket` module; services/http-client makes the connections.
import type { Authorize } from '../../core/authorize.js';
import { NotAuthorizedError } from '../../core/authorize.js';
import { textIn } from '../../core/command.js';
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import type { NetworkOverlay } from '../../core/network-host.js';

/** A name and its value, as byte strings. */
export type Header = readonly [string, string];

export interface ConnectRequest {
  /** ws or wss. */
  readonly url: string;
  readonly headers: readonly Header[];
  readonly protocols: readonly string[];
  /** Milliseconds until the connection is there. */
  readonly dialMs: number;
  /** Milliseconds in which something must come; 0: for ever. */
  readonly readMs: number;
  /** Milliseconds in which a message must be on its way; 0: for ever. */
  readonly writeMs: number;
  /** See websocket.COMPRESSION. */
  readonly compression: number;
  /** Messages below are not compressed. Bytes. */
  readonly threshold: number;
  /** Most bytes of a message that comes. */
  readonly mostBytes: number;
  /** Messages that may wait; then nothing is read. */
  readonly capacity: number;
  /** What it goes through. */
  readonly overlay?: NetworkOverlay;
}

export interface ConnectPermissions {
  /** Throws where the URL, without user, password and query, may not be asked. */
  readonly url: (url: string) => void;
  /** Whether an address of a private network that the app names may be reached. */
  readonly privateAddress: (address: string) => boolean;
}

/** Disposing it ends it without waiting for the other side. */
export interface WebSocketConnection extends AsyncDisposable {
  /** At most `most` messages, as soon as there is one; none: it has ended. One question at a time. */
  next(most: number, signal: AbortSignal): Promise<Data[]>;
  send(data: string, binary: boolean): Promise<void>;
  ping(): Promise<void>;
  close(code: number, reason: string): Promise<void>;
}

/** Throws PlatformErrors. */
export interface WebSocketClient {
  connect(
    request: ConnectRequest,
    permissions: ConnectPermissions,
    signal: AbortSignal,
  ): Promise<WebSocketConnection>;
}

const USUAL_TIMEOUT_MS = 30_000;
const USUAL_MOST = 16 * 1024 * 1024;
const USUAL_THRESHOLD = 1024;

export function websocketHandlers(client: WebSocketClient, authorize: Authorize): HostHandlers {
  const connectionOf = ({ connection }: Command, context: CommandContext): WebSocketConnection =>
    context.owned<WebSocketConnection>(Number(connection));
  return {
    'websocket.connect': async (command, context) => {
      const need = (action: string, resource: string): void => {
        if (!authorize(context, action, resource)) throw new NotAuthorizedError(context, action, resource);
      };
      need('websocket.connect', '');
      const permissions: ConnectPermissions = {
        url: (url) => need('websocket.connect.url', url),
        privateAddress: (address) => authorize(context, 'websocket.private_ip', address),
      };
      const network = textIn(command, 'overlay_network');
      if (network !== '') need('network.select', network);
      const request =
        network === ''
          ? requestOf(command)
          : {
              ...requestOf(command),
              overlay: await context.resource<NetworkOverlay>(network, 'network.*'),
            };
      return context.own(await client.connect(request, permissions, context.signal));
    },
    'websocket.next': (command, context) =>
      connectionOf(command, context).next(Number(command['most']), context.signal),
    'websocket.send': async (command, context) => {
      await connectionOf(command, context).send(textIn(command, 'data'), command['binary'] === true);
      return null;
    },
    'websocket.ping': async (command, context) => {
      await connectionOf(command, context).ping();
      return null;
    },
    'websocket.close': async (command, context) => {
      await connectionOf(command, context).close(Number(command['code']), textIn(command, 'reason'));
      return null;
    },
  };
}

/** 0 stands for the usual where a number is a size. */
function requestOf(command: Command): ConnectRequest {
  const number = (name: string, usual: number): number => {
    const value = command[name];
    return typeof value === 'number' ? value : usual;
  };
  return {
    url: textIn(command, 'url'),
    headers: (command['headers'] ?? []) as unknown as readonly Header[],
    protocols: (command['protocols'] ?? []) as readonly string[],
    dialMs: number('dial_timeout', 0) || USUAL_TIMEOUT_MS,
    readMs: number('read_timeout', 0),
    writeMs: number('write_timeout', USUAL_TIMEOUT_MS),
    compression: number('compression', 0),
    threshold: number('compression_threshold', USUAL_THRESHOLD),
    mostBytes: number('read_limit', 0) || USUAL_MOST,
    capacity: number('channel_capacity', 1),
  };
}
