// The kinds of networks that are built.
import { networkSocks5 } from '../../registry/kinds/index.js';
import type { Entry } from '../../registry/model/entry.js';
import { defineKind } from '../../registry/model/kind.js';
import type { KindHost, KindSpec } from '../../registry/model/kind.js';
import type { NetworkOverlay } from '../../core/network-host.js';
import { fillPlaceholders } from '../env/placeholders.js';

export const networkKinds: readonly KindSpec[] = [defineKind({ ...networkSocks5, open: openSocks5 })];

/** The proxy itself is reached when something is to go through it. */
async function openSocks5({ id, data }: Entry, host: KindHost): Promise<NetworkOverlay> {
  const text = (field: string): string => {
    const value = data[field];
    return typeof value === 'string' ? fillPlaceholders(value, (name) => host.env(name)) : '';
  };
  const { Socks5Overlay } = await import('./socks5.js');
  const [username, password] = [text('username'), text('password')];
  return new Socks5Overlay({
    entry: id,
    host: text('host'),
    port: Number(data['port']),
    ...(username === '' || password === '' ? {} : { credentials: { username, password } }),
    isolates: data['isolate_streams'] === true,
    resolvesNames: data['dns'] !== 'node',
  });
}
