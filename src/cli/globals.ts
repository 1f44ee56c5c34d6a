// The options that every command takes, parsed once.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from './usage-error.js';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'text' | 'json';

export interface Globals {
  /** Absolute path of the app's folder. */
  readonly app: string;
  readonly json: boolean;
  /** False: the embedded stack is not to be used. */
  readonly embedded: boolean;
  readonly address: string | undefined;
  readonly namespace: string | undefined;
  /** Undefined: as moontide.yaml says, else as the command likes it. */
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: LogFormat | undefined;
  /** `namespace:entry:field=value` */
  readonly overrides: readonly string[];
}

export function addGlobalOptions(program: Command): void {
  const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];
  program
    .option('--app <folder>', "the app's folder", '.')
    .option('--json', 'print exactly one JSON document on stdout; logs go to stderr')
    .option('--no-embedded', 'never start or join the embedded Temporal server')
    .option(
      '--address <host:port>',
      'Temporal server (else TEMPORAL_ADDRESS, moontide.yaml, the app, embedded)',
    )
    .option(
      '--namespace <name>',
      'Temporal namespace (else TEMPORAL_NAMESPACE, moontide.yaml, the app, default)',
    )
    .option('--log-level <level>', LOG_LEVELS.join(', '))
    .option('--log-format <format>', 'text, or json: one object a line')
    .option('-o, --override <entry:field=value>', "override an entry's field; repeatable", collect);
}

/** `option` is its name on the command line, for messages. */
function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined || value === '') return undefined;
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw new UsageError(`${option} must be one of ${allowed.join(', ')}, got '${value}'`);
  return found;
}

export function readGlobals(
  command: Command,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Globals {
  const options = command.optsWithGlobals<{
    app: string;
    json?: boolean;
    embedded: boolean;
    address?: string;
    namespace?: string;
    logLevel?: string;
    logFormat?: string;
    override?: readonly string[];
  }>();
  for (const name of ['app', 'address', 'namespace'] as const)
    if (options[name] === '') throw new UsageError(`--${name} is empty; give it a value, or leave it out`);
  return Object.freeze({
    app: resolve(options.app),
    json: options.json === true,
    embedded: options.embedded,
    address: options.address,
    namespace: options.namespace,
    logLevel: oneOf('--log-level', options.logLevel ?? environment['MOONTIDE_LOG_LEVEL'], LOG_LEVELS),
    logFormat: oneOf('--log-format', options.logFormat ?? environment['MOONTIDE_LOG_FORMAT'], [
      'text',
      'json',
    ] as const),
    overrides: options.override ?? [],
  });
}
