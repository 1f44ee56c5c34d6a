import { describe, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import type { DataObject } from '../../../src/core/data.js';
import type { Entry, EntryId } from '../../../src/registry/model/entry.js';
import { resolveSettings, standsForPlatform } from '../../../src/services/temporal/settings.js';
import type { ResolvedSettings, SettingsInput } from '../../../src/services/temporal/settings.js';
import type { TemporalTarget } from '../../../src/temporal/connection.js';

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

const targetOf = ({ platform }: ResolvedSettings): TemporalTarget | undefined =>
  platform.kind === 'none' ? undefined : platform.target;

describe('where Temporal is', () => {
  it('prefers the flag, then the environment, then moontide.yaml, then the single client entry', () => {
    const clients = [client('app:t', { address: 'entry:1' })];
    const config = { address: 'file:1' };
    const environment = { TEMPORAL_ADDRESS: 'env:1' };
    const address = (input: Partial<SettingsInput>) => targetOf(resolve(input))?.address;
    expect(address({ flags: { address: 'flag:1' }, environment, config, clients })).toBe('flag:1');
    expect(address({ environment, config, clients })).toBe('env:1');
    expect(address({ config, clients })).toBe('file:1');
    expect(address({ clients })).toBe('entry:1');
    expect(resolve({}).platform).toEqual({ kind: 'embedded', namespace: 'default' });
  });
  it('takes the namespace from the first place that says it, whoever gave the address', () => {
    const clients = [client('app:t', { address: 'entry:1', namespace: 'shop' })];
    expect(targetOf(resolve({ clients, flags: { address: 'flag:1' } }))?.namespace).toBe('shop');
    const environment = { TEMPORAL_NAMESPACE: 'other' };
    expect(targetOf(resolve({ clients, environment }))?.namespace).toBe('other');
  });
  it('uses the embedded server at the port of a client on this machine', () => {
    const clients = [client('app:t', { address: 'localhost:7999' })];
    expect(resolve({ clients }).platform).toMatchObject({ kind: 'embedded', port: 7999 });
    expect(resolve({ clients, embedded: false }).platform).toMatchObject({
      kind: 'server',
      target: { address: 'localhost:7999' },
    });
  });
  it('is nowhere when nothing is named and the embedded server is off', () => {
    expect(resolve({ embedded: false }).platform).toEqual({ kind: 'none' });
  });
  it('refuses addresses that are none, and says where they were read', () => {
    const refused = (address: string): string => {
      try {
        resolve({ flags: { address } });
      } catch (error) {
        return (error as Error).message;
      }
      return 'taken';
    };
    for (const good of [
      'localhost',
      'temporal.example.com:443',
      '10.0.0.1:7233',
      '[::1]:7233',
      '::1',
      'a_b:1',
    ])
      expect(refused(good), good).toBe('taken');
    for (const bad of ['a:b:c', 'host:', 'host:x', 'http://host:1', 'host:1/x', 'a b', ':7233'])
      expect(refused(bad), bad).toBe(
        `--address must be a Temporal address such as 'localhost:7233', got '${bad}'`,
      );
    for (const bad of ['host:0', 'host:99999', '[::1]:65536'])
      expect(refused(bad), bad).toBe(
        `--address must be a Temporal address such as 'localhost:7233', got '${bad}': a port is a number from 1 to 65535`,
      );
    expect(() => resolve({ clients: [client('app:t', { address: 'host:99999' })] })).toThrow(
      "'address' of 'app:t' must be a Temporal address",
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
    expect(targetOf(resolve({ clients: [cloud], environment }))?.apiKey).toBe('k-1');
    const mtls = client('app:t', {
      address: 'x:7233',
      auth: { type: 'mtls', cert_file: 'c.pem', key_file: 'k.pem' },
      tls: { enabled: true, server_name: 'name' },
    });
    const target = targetOf(resolve({ clients: [mtls] }));
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
    expect(targetOf(resolve({ environment }))?.tls).toBe(true);
    const pair = { ...environment, TEMPORAL_TLS_CLIENT_CERT_PATH: 'c.pem' };
    expect(() => resolve({ environment: pair })).toThrow('go together');
  });
});
