// temporal.client entries that prove who they are, before a TLS server that demands it: keys and client certificates.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcProxy, makeCertificates } from '../support/grpc-proxy.js';
import { testTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const certificates = makeCertificates();
let temporal: TestTemporal;
beforeAll(async () => {
  [temporal] = await Promise.all([testTemporal(), buildOnce()]);
});
afterAll(async () => {
  await folders.clean();
  await temporal[Symbol.asyncDispose]();
});

/** An app whose test runs a workflow with an activity, over the proxy. */
const app = (port: number, auth: string): string =>
  folders.make({
    'ca.pem': certificates.ca,
    'client.pem': certificates.client.cert,
    'client.key': certificates.client.key,
    'moontide.yaml': `name: auth-${randomUUID().slice(0, 8)}\n`,
    '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - name: cloud
    kind: temporal.client
    address: 127.0.0.1:${port}
${auth}
  - name: worker
    kind: temporal.worker
    client: cloud
    task_queue: guarded-${randomUUID()}
  - name: twice
    kind: function.lua
    meta: { temporal: { activity: { worker: worker } } }
    source: "return function(n) return 2 * n end"
  - name: works
    kind: workflow.lua
    meta: { type: test, temporal: { workflow: { worker: worker } } }
    modules: [funcs]
    source: "return function() return funcs.call('app:twice', 21) == 42 end"
`,
  });

describe('a temporal.client entry', () => {
  it(
    'shows its certificate to a server that demands one, from files and from variables',
    { timeout: 120_000 },
    async () => {
      await using proxy = await GrpcProxy.start(temporal.address, certificates, true);
      const files = app(
        proxy.port,
        `    auth: { type: mtls, cert_file: client.pem, key_file: client.key }
    tls: { enabled: true, ca_file: ca.pem, server_name: temporal.test }`,
      );
      const first = await cli(['--app', files, 'test']);
      expect(first.code, first.stdout + first.stderr).toBe(0);
      expect([...proxy.clients]).toEqual(['node of the app']);
      proxy.clients.clear();
      const variables = app(
        proxy.port,
        `    auth: { type: mtls, cert_pem: "\${env:CLIENT_CERT}", key_pem_env: CLIENT_KEY }
    tls: { enabled: true, ca_pem: "\${env:SERVER_CA}", server_name: temporal.test }`,
      );
      const second = await cli(['--app', variables, '--log-level', 'debug', 'test'], {
        env: {
          CLIENT_CERT: certificates.client.cert,
          CLIENT_KEY: certificates.client.key,
          SERVER_CA: certificates.ca,
        },
      });
      expect(second.code, second.stdout + second.stderr).toBe(0);
      expect([...proxy.clients]).toEqual(['node of the app']);
      const [, middle = ''] = certificates.client.key.split('\n');
      expect(middle.length).toBeGreaterThan(20);
      expect(second.stdout + second.stderr).not.toContain(middle);
    },
  );

  it('without a certificate is refused by such a server, and says where', { timeout: 60_000 }, async () => {
    await using proxy = await GrpcProxy.start(temporal.address, certificates, true);
    const none = app(proxy.port, '    tls: { enabled: true, ca_file: ca.pem, server_name: temporal.test }');
    const { code, stdout, stderr } = await cli(['--app', none, 'test']);
    expect(code).toBe(3);
    expect(stdout + stderr).toContain(`127.0.0.1:${proxy.port}`);
    expect(stdout + stderr).toMatch(/TLS|certificate/);
    expect(proxy.requests).toEqual([]);
  });

  it('sends its API key with every request, and never to a log', { timeout: 60_000 }, async () => {
    await using proxy = await GrpcProxy.start(temporal.address, certificates, false);
    const key = `key-${randomUUID()}`;
    const keyed = app(
      proxy.port,
      `    auth: { type: api_key, api_key: "\${env:CLOUD_KEY}" }
    tls: { enabled: true, ca_file: ca.pem, server_name: temporal.test }`,
    );
    const { code, stdout, stderr } = await cli(['--app', keyed, '--log-level', 'debug', 'test'], {
      env: { CLOUD_KEY: key },
    });
    expect(code, stdout + stderr).toBe(0);
    expect(proxy.requests.length).toBeGreaterThan(5);
    expect(new Set(proxy.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${key}`]),
    );
    expect(stdout + stderr).not.toContain(key);
    const paths = proxy.requests.map((headers) => String(headers[':path']));
    expect(paths.some((path) => path.endsWith('/RespondWorkflowTaskCompleted'))).toBe(true);
  });
});
