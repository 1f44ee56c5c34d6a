// What moontide.yaml may say. Unknown keys are errors.
import type { JsonSchema } from '../model/kind.js';

const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description });
const closed = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});
const names = (description: string): JsonSchema => ({
  type: 'array',
  items: { type: 'string' },
  description,
});

export const APP_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/** `organization/module` */
export const MODULE_NAME = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/;

/** `host:port`, as `metrics.listen` has it. */
export const LISTEN = /^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/;

export const configSchema: JsonSchema = closed({
  name: {
    type: 'string',
    pattern: APP_NAME.source,
    'x-expected': "a letter followed by at most 62 letters, digits, '_' and '-'",
    description: "The app's name: task queues and system workflow ids begin with it.",
  },
  source: text('Folder of the entries, relative to the app. Default: src if it exists, else the app itself.'),
  temporal: closed({
    address: text('host:port of the platform connection.'),
    namespace: text('Temporal namespace. Default: default.'),
    api_key: text('API key, as a placeholder: ${env:NAME}.'),
    tls: {
      ...closed({
        enabled: { type: 'boolean' },
        ca_file: text('PEM file of the server certificate authority.'),
        cert_file: text('PEM file of the client certificate.'),
        key_file: text('PEM file of the client key.'),
        server_name: text('Name to verify instead of the host of the address.'),
      }),
    },
    embedded: { type: 'boolean', description: 'false: never start the embedded stack.' },
  }),
  registry: closed({
    store: {
      enum: ['sqlite', 'postgres'],
      description: 'Default: postgres when there is a url, else sqlite.',
    },
    url: text('Postgres connection text; DATABASE_URL goes before it.'),
    schema: text('Postgres schema. Default: moontide.'),
    path: text('SQLite file, relative to the app. Default: .moontide/registry.db.'),
  }),
  lua: closed({ engine: { enum: ['compiled', 'fengari'], description: 'Default: compiled.' } }),
  modules: {
    type: 'object',
    description: 'Folders of modules, relative to the app, by `organization/module`.',
    propertyNames: { pattern: MODULE_NAME.source },
    additionalProperties: text('Folder.'),
  },
  extensions: names('JavaScript files that register kinds, modules and components, relative to the app.'),
  override: {
    type: 'object',
    description:
      'Values of entries by `namespace:entry:path`; `kind` replaces the kind, `meta.` goes into meta.',
  },
  disable: closed({
    namespaces: names('Namespaces whose entries are left out; `*` is one segment, `**` any number.'),
    entries: names('Entries that are left out, by id; globs as for namespaces.'),
  }),
  env: {
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    description: 'Values for environment variables that the process itself does not have.',
  },
  log: closed({
    level: { enum: ['debug', 'info', 'warn', 'error'] },
    format: { enum: ['console', 'json'] },
  }),
  security: closed({
    strict_mode: { type: 'boolean', description: 'Deny where actor or scope is missing. Default: false.' },
    private_networks: {
      type: 'array',
      items: {
        type: 'string',
        pattern: '^[0-9a-fA-F:.]+(/\\d{1,3})?$',
        'x-expected': "a network such as '10.0.0.0/8', or an address",
      },
      description: 'Private networks that http_client may reach. Default: none.',
    },
    unix_sockets: {
      type: 'array',
      items: {
        type: 'string',
        pattern: '^/',
        'x-expected': "the whole path of a socket, such as '/run/app.sock'",
      },
      description: 'Sockets of this machine that http_client may reach. Default: none.',
    },
  }),
  metrics: closed({
    listen: {
      type: 'string',
      pattern: LISTEN.source,
      'x-expected': "host:port, such as '127.0.0.1:9464'",
      description:
        'Where dev and run serve `/metrics` (for Prometheus), `/livez` and `/readyz`, unless MOONTIDE_METRICS says. Default: nowhere.',
    },
  }),
  shutdown: closed({
    timeout: {
      type: 'string',
      pattern: '^(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+$',
      'x-expected': "a duration such as '30s'",
      description: 'How long a stop may take. Default: 30s.',
    },
  }),
});

/** Sections of .wippy.yaml that count here; others are other programs' business and are passed over. */
export const legacyConfigSchema: JsonSchema = {
  type: 'object',
  properties: {
    logger: { type: 'object', properties: { encoding: { enum: ['console', 'json'] } } },
    override: { type: 'object' },
    disable: {
      type: 'object',
      properties: {
        namespaces: { type: 'array', items: { type: 'string' } },
        entries: { type: 'array', items: { type: 'string' } },
      },
    },
    security: { type: 'object', properties: { strict_mode: { type: 'boolean' } } },
    workspace: {
      type: 'object',
      properties: { replacements: { type: 'object', additionalProperties: { type: ['string', 'null'] } } },
    },
  },
};

export const lockSchema: JsonSchema = {
  type: 'object',
  properties: {
    directories: {
      type: 'object',
      properties: { src: { type: 'string', minLength: 1 }, modules: { type: 'string', minLength: 1 } },
    },
    modules: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            pattern: MODULE_NAME.source,
            'x-expected': "'organization/module'",
          },
        },
        required: ['name'],
      },
    },
    replacements: { type: ['object', 'array'] },
  },
};
