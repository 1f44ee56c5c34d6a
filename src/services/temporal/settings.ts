// Where Temporal is: flags, then the environment, then moontide.yaml, then the app's single temporal.client entry, else embedded.
// S1: each setting (address, namespace, key) is taken from the first place that says it; TLS and the client's other settings come with the place that gave the address, the environment's TLS on top.
// S2: a client entry without an address, and the single client entry of an app, stand for the platform's connection.
import { isIPv6 } from 'node:net';
import { mapIn } from '../../core/data-values.js';
import type { DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import type { Entry } from '../../registry/model/entry.js';
import type { TemporalSettings } from '../../registry/load/config.js';
import { fillPlaceholders } from '../env/placeholders.js';
import type { TemporalTarget, TlsOptions } from '../../temporal/connection.js';
import { DEFAULT_PORT, loopbackPort } from '../../temporal/loopback.js';

export class TemporalSettingsError extends PlatformError {
  override readonly name = 'TemporalSettingsError';
  readonly code = 'TEMPORAL_SETTINGS';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
}

/** Nothing says where Temporal is, and the embedded server is not to be used. */
export class TemporalUnsetError extends PlatformError {
  override readonly name = 'TemporalUnsetError';
  readonly code = 'TEMPORAL_UNSET';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
  constructor() {
    super('no Temporal is named and the embedded server is switched off; set TEMPORAL_ADDRESS or --address');
  }
}

export interface SettingsInput {
  readonly flags: { readonly address?: string | undefined; readonly namespace?: string | undefined };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: TemporalSettings;
  readonly clients: readonly Entry[];
  /** False: the embedded server is not to be used. */
  readonly embedded: boolean;
  /** Value of `${env:NAME}` in entries and configuration. */
  readonly lookup: (name: string) => string | undefined;
  /** Text of a file, relative to the app's folder. */
  readonly readFile: (path: string) => string;
  readonly identity: string;
}

export type Platform =
  /** None is named and none may be started: whoever needs Temporal gets TemporalUnsetError. */
  | { readonly kind: 'none' }
  /** A server that runs already; `from` says who named it. */
  | { readonly kind: 'server'; readonly target: TemporalTarget; readonly from: string }
  /** The embedded server; with `port` at that port and only where nothing listens there yet. */
  | {
      readonly kind: 'embedded';
      readonly namespace: string;
      readonly port?: number;
      readonly target?: TemporalTarget;
    };

export interface ResolvedSettings {
  readonly platform: Platform;
  /** The client entry that the platform's connection stands for. */
  readonly client: string | undefined;
  /** Connections of their own, by client entry. */
  readonly others: ReadonlyMap<string, TemporalTarget>;
}

export function resolveSettings(input: SettingsInput): ResolvedSettings {
  const { flags, environment, config, identity } = input;
  const [single] = input.clients.length === 1 ? input.clients : [];
  const entry = single === undefined ? undefined : clientTarget(single, input);
  const namespace =
    flags.namespace ??
    filled(environment['TEMPORAL_NAMESPACE']) ??
    filled(config.namespace) ??
    entry?.namespace ??
    'default';

  const named =
    place(flags.address, '--address') ??
    place(environment['TEMPORAL_ADDRESS'], 'TEMPORAL_ADDRESS') ??
    place(expand(config.address, input), 'moontide.yaml');
  const apiKey = filled(environment['TEMPORAL_API_KEY']) ?? filled(expand(config.api_key, input));
  const tls =
    environmentTls(environment, input) ??
    (named?.from === 'moontide.yaml' ? configTls(config, input) : undefined);
  const secured = {
    identity,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
  };
  const others = new Map<string, TemporalTarget>();
  if (single === undefined)
    for (const client of input.clients) {
      const target = clientTarget(client, input);
      if (target.address !== undefined)
        others.set(client.id, { ...target, address: target.address, identity });
    }

  let platform: Platform;
  if (named !== undefined)
    platform = { kind: 'server', target: { address: named.value, namespace, ...secured }, from: named.from };
  else if (entry?.address !== undefined) {
    const target = { ...entry, address: entry.address, ...secured, namespace };
    const port = loopbackPort(entry.address);
    platform =
      port !== undefined && input.embedded
        ? { kind: 'embedded', namespace, port, target }
        : { kind: 'server', target, from: `'${single?.id ?? ''}'` };
  } else if (input.embedded) platform = { kind: 'embedded', namespace };
  else platform = { kind: 'none' };
  return { platform, client: single?.id, others };
}

/** Whether a client entry stands for the platform's own connection (S2). */
export const standsForPlatform = (settings: ResolvedSettings, client: string): boolean =>
  client === settings.client || !settings.others.has(client);

const filled = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

function place(
  value: string | undefined,
  from: string,
): { readonly value: string; readonly from: string } | undefined {
  if (value === undefined || value === '') return undefined;
  return { value: checkedAddress(value, from), from };
}

const MAX_PORT = 65_535;

/** A host, `[IPv6]` or a bare IPv6 address, and perhaps a port; `from` says where it was read. */
function checkedAddress(value: string, from: string): string {
  if (isIPv6(value)) return value;
  const written = /^(?:[\w.-]+|\[([^\]]*)\])(?::(\d+))?$/.exec(value);
  const found = written?.[1] === undefined || isIPv6(written[1]) ? written : null;
  const port = Number(found?.[2] ?? DEFAULT_PORT);
  if (found === null || port < 1 || port > MAX_PORT)
    throw new TemporalSettingsError(
      `${from} must be a Temporal address such as 'localhost:7233', got '${value}'${found === null ? '' : `: a port is a number from 1 to ${MAX_PORT}`}`,
    );
  return value;
}

type ClientTarget = Omit<TemporalTarget, 'address'> & { readonly address?: string };

function clientTarget(entry: Entry, input: SettingsInput): ClientTarget {
  const field = (from: DataObject, name: string): string | undefined => {
    const value = from[name];
    return typeof value === 'string' ? filled(expand(value, input)) : undefined;
  };
  const auth = mapIn(entry.data['auth']);
  const tls = mapIn(entry.data['tls']);
  const file = (name: string): string | undefined => {
    const path = field(auth, name);
    return path === undefined ? undefined : input.readFile(path);
  };
  const fromEnvironment = (name: string): string | undefined => {
    const variable = field(auth, name);
    return variable === undefined ? undefined : filled(input.lookup(variable));
  };
  const address = field(entry.data, 'address');
  const namespace = field(entry.data, 'namespace');
  const apiKey =
    auth['type'] === 'api_key'
      ? (field(auth, 'api_key') ?? fromEnvironment('api_key_env') ?? file('api_key_file')?.trim())
      : undefined;
  if (auth['type'] === 'api_key' && apiKey === undefined)
    throw new TemporalSettingsError(`'${entry.id}' has auth type 'api_key' but no key; set auth.api_key`);
  const certificate = field(auth, 'cert_pem') ?? fromEnvironment('cert_pem_env') ?? file('cert_file');
  const key = field(auth, 'key_pem') ?? fromEnvironment('key_pem_env') ?? file('key_file');
  if (auth['type'] === 'mtls' && (certificate === undefined || key === undefined))
    throw new TemporalSettingsError(
      `'${entry.id}' has auth type 'mtls' but no certificate and key; set auth.cert_file and auth.key_file`,
    );
  if (tls['insecure_skip_verify'] === true)
    throw new TemporalSettingsError(
      `'${entry.id}' asks for tls.insecure_skip_verify, which the Temporal SDK cannot do; set tls.ca_file to the server's root`,
    );
  const caFile = field(tls, 'ca_file');
  const ca = field(tls, 'ca_pem') ?? (caFile === undefined ? undefined : input.readFile(caFile));
  const serverName = field(tls, 'server_name');
  const options: TlsOptions = {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: bytes(ca) }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { clientCertPair: { crt: bytes(certificate), key: bytes(key) } }),
  };
  const secure = tls['enabled'] === true || Object.keys(options).length > 0;
  return {
    ...(address === undefined ? {} : { address: checkedAddress(address, `'address' of '${entry.id}'`) }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls['enabled'] === false ? { tls: false } : secure ? { tls: options } : {}),
  };
}

function configTls(config: TemporalSettings, input: SettingsInput): boolean | TlsOptions | undefined {
  const { tls } = config;
  if (tls === undefined) return undefined;
  if (tls.enabled === false) return false;
  return tlsOptions(tls.server_name, tls.ca_file, tls.cert_file, tls.key_file, input);
}

/** The names are those of Temporal's own environment configuration. */
function environmentTls(
  environment: SettingsInput['environment'],
  input: SettingsInput,
): boolean | TlsOptions | undefined {
  const get = (name: string): string | undefined => filled(environment[`TEMPORAL_TLS${name}`]);
  const wanted = get('');
  if (wanted === 'false' || wanted === '0') return false;
  const parts = [
    get('_SERVER_NAME'),
    get('_SERVER_CA_CERT_PATH'),
    get('_CLIENT_CERT_PATH'),
    get('_CLIENT_KEY_PATH'),
  ] as const;
  if (parts.every((part) => part === undefined)) return wanted === undefined ? undefined : true;
  return tlsOptions(...parts, input);
}

function tlsOptions(
  serverName: string | undefined,
  ca: string | undefined,
  certificate: string | undefined,
  key: string | undefined,
  { readFile }: SettingsInput,
): true | TlsOptions {
  if ((certificate === undefined) !== (key === undefined))
    throw new TemporalSettingsError('a client certificate and its key go together; set both');
  const options: TlsOptions = {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: bytes(readFile(ca)) }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { clientCertPair: { crt: bytes(readFile(certificate)), key: bytes(readFile(key)) } }),
  };
  return Object.keys(options).length === 0 ? true : options;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

const expand = (value: string | undefined, { lookup }: SettingsInput): string | undefined =>
  value === undefined ? undefined : fillPlaceholders(value, lookup);
