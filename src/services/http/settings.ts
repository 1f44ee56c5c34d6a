// What an http.service entry says of its server.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerOptions } from 'node:https';
import { mapIn } from '../../core/data-values.js';
import type { DataObject } from '../../core/data.js';
import { entryMilliseconds } from '../../core/durations.js';
import type { Entry } from '../../registry/model/entry.js';
import { HttpSettingError } from './errors.js';

export interface ServerSettings {
  /** undefined: every address of the machine. */
  readonly host: string | undefined;
  readonly port: number;
  readonly tls: ServerOptions | undefined;
  /** For a whole request, for an answer; 0: for ever. Milliseconds. */
  readonly readMs: number;
  readonly writeMs: number;
  readonly idleMs: number;
  readonly stopMs: number;
  readonly autoStart: boolean;
  readonly accessLog: boolean;
  /** Messages that wait for one connection of a relay. */
  readonly buffer: number;
  /** Equal where two entries say the same of the listening itself. */
  readonly key: string;
}

/** `fill` fills placeholders; files of the app are read. Throws HttpSettingError. */
export function serverSettings(
  { id, data }: Entry,
  fill: (text: string) => string,
  appFolder: string,
): ServerSettings {
  const addr = fill(typeof data['addr'] === 'string' ? data['addr'] : '');
  const at = addr.lastIndexOf(':');
  const port = Number(addr.slice(at + 1));
  if (at < 0 || !/^\d+$/.test(addr.slice(at + 1)) || port > 65_535)
    throw new HttpSettingError(`'${id}' cannot listen on '${addr}'; write an address such as ':8080'`);
  const host = addr.slice(0, at).replace(/^\[|\]$/g, '');
  const timeouts = mapIn(data['timeouts']);
  const lifecycle = mapIn(data['lifecycle']);
  const tls = tlsOf(id, mapIn(data['tls']), fill, appFolder);
  return {
    host: host === '' ? undefined : host,
    port,
    tls,
    readMs: entryMilliseconds(timeouts['read']) ?? 300_000,
    writeMs: entryMilliseconds(timeouts['write']) ?? 0,
    idleMs: entryMilliseconds(timeouts['idle']) ?? 60_000,
    stopMs: entryMilliseconds(lifecycle['stop_timeout']) ?? 10_000,
    autoStart: lifecycle['auto_start'] === true,
    accessLog: data['access_log'] === true,
    buffer: Number(mapIn(data['host'])['buffer_size'] ?? 1024),
    key: JSON.stringify([addr, tls, timeouts, lifecycle['auto_start'], data['access_log'], data['host']]),
  };
}

function fileText(id: string, name: string, path: string, appFolder: string): string {
  try {
    return readFileSync(join(appFolder, path), 'utf8');
  } catch (cause) {
    throw new HttpSettingError(
      `'tls.${name}' of '${id}' cannot be read: ${(cause as Error).message}; put the file '${path}' into the app's folder`,
      { cause },
    );
  }
}

/** What is asked of clients; names of Go's crypto/tls, which the format follows. */
const CLIENT_AUTH: Readonly<Record<string, Pick<ServerOptions, 'requestCert' | 'rejectUnauthorized'>>> = {
  request: { requestCert: true, rejectUnauthorized: false },
  require_any: { requestCert: true, rejectUnauthorized: false },
  verify_if_given: { requestCert: true, rejectUnauthorized: false },
  require_and_verify: { requestCert: true, rejectUnauthorized: true },
};

function tlsOf(
  id: string,
  tls: Readonly<DataObject>,
  fill: (text: string) => string,
  appFolder: string,
): ServerOptions | undefined {
  if (tls['mode'] !== 'manual') return undefined;
  const text = (name: string): string | undefined => {
    const value = tls[name];
    if (typeof value !== 'string') return undefined;
    return value.startsWith('file://') ? fileText(id, name, value.slice(7), appFolder) : fill(value);
  };
  for (const name of ['cert', 'key', 'client_ca']) {
    const value = text(name);
    if (value !== undefined && !value.includes('-----BEGIN '))
      throw new HttpSettingError(`'tls.${name}' of '${id}' is no PEM; it begins with '-----BEGIN '`);
  }
  const auth = text('client_auth');
  if (auth === 'require_any' || auth === 'verify_if_given')
    throw new HttpSettingError(
      `'tls.client_auth: ${auth}' of '${id}' is not built in this version; take require_and_verify`,
    );
  return {
    cert: text('cert'),
    key: text('key'),
    ca: text('client_ca'),
    ...(auth === undefined ? {} : CLIENT_AUTH[auth]),
  };
}
