import { describe, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import type { DataObject } from '../../../src/core/data.js';
import type { Entry, EntryId } from '../../../src/registry/model/entry.js';
import { resolveSettings, standsForPlatform } from '../../../src/services/temporal/settings.js';
import type { SettingsInput } from '../../../src/services/temporal/settings.js';

const client = (id: string, data: DataObject): Entry => ({
  id: id as EntryId,
  kind: 'temporal.client',
  data: dataObject(data),
  meta: dataObject(),
});

const resolve = (input: Partial<SettingsInput>) => {
  const environment = input.environment ?? {};
  return resolveSettings({
    flags: {},
    environment,
    config: {},
    clients: [],
    embedded: true,
    lookup: (name) => environment[name],
    readFile: (path) => `content of ${path}`,
    identity: 'me',
    ...input,
  });
};

describe('where Temporal is', () => {
  it('prefers the flag, then the environment, then moontide.yaml, then the single client entry', () => {
    const clients = [client('app:t', { address: 'entry:1' })];
    const config = { address: 'file:1' };
    const environment = { TEMPORAL_ADDRESS: 'env:1' };
    const address = (input: Partial<SettingsInput>) => resolve(input).platform.target?.address;
    expect(address({ flags: { address: 'flag:1' }, environment, config, clients })).toBe('flag:1');
    expect(address({ environment, config, clients })).toBe('env:1');
    expect(address({ config, clients })).toBe('file:1');
    expect(address({ clients })).toBe('entry:1');
    expect(resolve({}).platform).toEqual({ kind: 'embedded', namespace: 'default' });
  });
  it('takes the namespace from the first place that says it, whoever gave the address', () => {
    const clients = [client('app:t', { address: 'entry:1', namespace: 'shop' })];
    expect(resolve({ clients, flags: { address: 'flag:1' } }).platform.target?.namespace).toBe('shop');
    const environment = { TEMPORAL_NAMESPACE: 'other' };
    expect(resolve({ clients, environment }).platform.target?.namespace).toBe('other');
  });
  it('uses the embedded server at the port of a client on this machine', () => {
    const clients = [client('app:t', { address: 'localhost:7999' })];
    expect(resolve({ clients }).platform).toMatchObject({ kind: 'embedded', port: 7999 });
    expect(resolve({ clients, embedded: false }).platform).toMatchObject({
      kind: 'server',
      target: { address: 'localhost:7999' },
    });
  });
  it('refuses with exit code 3 when nothing is named and the embedded server is off', () => {
    expect(() => resolve({ embedded: false })).toThrow(
      expect.objectContaining({ code: 'TEMPORAL_UNSET', exitCode: 3 }) as Error,
    );
  });
  it('keeps the connections of several clients apart', () => {
    const settings = resolve({
      clients: [
        client('app:a', { address: 'a:1' }),
        client('app:b', { address: 'b:1' }),
        client('app:c', {}),
      ],
    });
    expect([...settings.others.keys()]).toEqual(['app:a', 'app:b']);
    expect(standsForPlatform(settings, 'app:a')).toBe(false);
    expect(standsForPlatform(settings, 'app:c')).toBe(true);
  });
  it('reads keys and certificates where the entry says', () => {
    const environment = { CLOUD_KEY: 'k-1' };
    const cloud = client('app:t', {
      address: 'x.tmprl.cloud:7233',
      auth: { type: 'api_key', api_key: '${env:CLOUD_KEY}' },
    });
    expect(resolve({ clients: [cloud], environment }).platform.target?.apiKey).toBe('k-1');
    const mtls = client('app:t', {
      address: 'x:7233',
      auth: { type: 'mtls', cert_file: 'c.pem', key_file: 'k.pem' },
      tls: { enabled: true, server_name: 'name' },
    });
    const { target } = resolve({ clients: [mtls] }).platform;
    expect(target?.tls).toMatchObject({ serverNameOverride: 'name' });
    expect(target?.tls).toMatchObject({ clientCertPair: { crt: Buffer.from('content of c.pem') } });
  });
  it('names a variable that is not set, and settings that the SDK cannot honour', () => {
    const key = client('app:t', { address: 'x:1', auth: { type: 'api_key', api_key: '${env:NO_KEY}' } });
    expect(() => resolve({ clients: [key] })).toThrow("the variable 'NO_KEY' has no value");
    const skip = client('app:t', { address: 'x:1', tls: { insecure_skip_verify: true } });
    expect(() => resolve({ clients: [skip] })).toThrow('insecure_skip_verify');
    expect(() => resolve({ flags: { address: 'not an address' } })).toThrow("got 'not an address'");
  });
  it("takes TLS from Temporal's own environment variables", () => {
    const environment = { TEMPORAL_ADDRESS: 'x:1', TEMPORAL_TLS: 'true' };
    expect(resolve({ environment }).platform.target?.tls).toBe(true);
    const pair = { ...environment, TEMPORAL_TLS_CLIENT_CERT_PATH: 'c.pem' };
    expect(() => resolve({ environment: pair })).toThrow('go together');
  });
});
