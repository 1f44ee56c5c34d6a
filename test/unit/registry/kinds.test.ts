import { describe, expect, it } from 'vitest';
import { platformKinds, withKinds } from '../../../src/registry/kinds/index.js';
import { documentedModules, globalModules } from '../../../src/registry/kinds/known-modules.js';
import { checkSchema, schemaProblem } from '../../../src/registry/load/schema-check.js';
import { defineKind, type JsonSchema } from '../../../src/registry/model/kind.js';
import { linesOf, prepareFiles } from './support.js';

const nowhere = { file: 'x', line: 1, column: 1 };
const where = { placeOf: () => nowhere, keyPlaceOf: () => nowhere };

/** Every kind that the public documentation of the format names. */
const documented = `
  function.lua process.lua workflow.lua library.lua module.lua function.lua.bc library.lua.bc process.lua.bc workflow.lua.bc
  http.service http.router http.endpoint http.static db.sql.sqlite db.sql.postgres db.sql.mysql db.cdc.postgres
  store.memory store.sql store.kv.raft store.kv.crdt queue.driver.memory queue.driver.amqp queue.driver.sqs queue.queue
  queue.consumer process.host process.service terminal.host pg.scope temporal.client temporal.worker config.aws
  cloudstorage.s3 fs.directory fs.embed env.storage.memory env.storage.file env.storage.os env.storage.static
  env.storage.router env.variable template.jet template.set security.policy security.policy.expr security.token_store
  contract.definition contract.binding exec.native exec.docker function.wat function.wasm process.wasm network
  network.socks5 network.i2p network.tailscale registry.entry ns.definition ns.requirement ns.dependency
`
  .trim()
  .split(/\s+/);

describe('the kinds of the platform', () => {
  it('are all that the format knows, each once, with a schema that compiles', () => {
    const names = platformKinds.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(documented.filter((name) => !names.includes(name))).toEqual([]);
    for (const kind of platformKinds) {
      const { name, schema, metaSchema } = kind;
      expect(schemaProblem(kind), name).toBeUndefined();
      for (const one of [schema, metaSchema]) if (one !== undefined) checkSchema(one, {}, '', where);
    }
  });

  it('say why a kind is refused', () => {
    const refused = platformKinds.filter(({ state }) => state === 'refused');
    expect(refused.length).toBeGreaterThan(0);
    for (const { refusal } of refused) expect(refusal).toBeTruthy();
    expect(refused.find(({ name }) => name === 'function.lua.bc')?.refusal).toContain(
      'Lua travels as source',
    );
  });

  it('describe every field that has a fixed shape', () => {
    const undescribed: string[] = [];
    const visit = (schema: JsonSchema, path: string): void => {
      for (const [name, inner] of Object.entries(
        (schema['properties'] ?? {}) as Record<string, JsonSchema>,
      )) {
        const isShape =
          inner['properties'] !== undefined || inner['not'] !== undefined || inner['type'] === 'object';
        if (!isShape && inner['description'] === undefined) undescribed.push(`${path}.${name}`);
        visit(inner, `${path}.${name}`);
      }
    };
    for (const { name, schema, metaSchema, state } of platformKinds) {
      if (state !== 'full') continue;
      if (schema !== undefined) visit(schema, name);
      if (metaSchema !== undefined) visit(metaSchema, `${name}.meta`);
    }
    expect(undescribed).toEqual([]);
  });

  it('give way to those that are built elsewhere', () => {
    const http = defineKind({ name: 'http.service', summary: 'x', state: 'full' });
    const kinds = withKinds(http, defineKind({ name: 'greeting.book', summary: 'y', state: 'full' }));
    expect(kinds.filter(({ name }) => name === 'http.service')).toEqual([http]);
    expect(kinds.length).toBe(platformKinds.length + 1);
  });

  it('know the modules that are always there', () => {
    expect(globalModules.filter((name) => !documentedModules.includes(name))).toEqual([]);
  });
});

describe('a documented entry', () => {
  it('passes with every option of a worker and a client', async () => {
    const result = await prepareFiles({
      '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - name: temporal_client
    kind: temporal.client
    address: "localhost:7233"
    namespace: "default"
    tq_prefix: ""
    connection_timeout: "10s"
    keep_alive_time: "30s"
    keep_alive_timeout: "10s"
    auth: { type: mtls, cert_file: /a.pem, key_pem: "\${env:KEY|none}" }
    tls: { enabled: true, ca_file: /ca.pem, server_name: t.example.com, insecure_skip_verify: false }
    health_check: { enabled: true, interval: "30s" }
    lifecycle: { auto_start: true }
  - name: worker
    kind: temporal.worker
    client: app:temporal_client
    task_queue: "orders"
    worker_options:
      identity: ""
      max_concurrent_activity_execution_size: 1000
      worker_activities_per_second: 0
      sticky_schedule_to_start_timeout: "5s"
      worker_stop_timeout: "0s"
      enable_session_worker: false
      deployment_name: ""
      build_id: "\${env:BUILD|dev}"
      use_versioning: false
      default_versioning_behavior: "pinned"
    lifecycle:
      auto_start: true
      depends_on: [app:temporal_client]
  - name: charge
    kind: function.lua
    source: |
      return { charge = function() end }
    method: charge
    modules: [json, process, channel]
    pool: { type: static, workers: 8, buffer: 512 }
    meta:
      temporal: { activity: { worker: app:worker, local: true, start_to_close_timeout: 2s } }
      options: { retry: { max_attempts: 3 } }
      anything: [else, { at: all }]
`,
    });
    expect(linesOf(result.ok ? result.warnings : result.diagnostics)).toEqual([]);
  });
});
