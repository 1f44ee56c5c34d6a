// Addresses of servers on this machine. Host only.
// A proxy of the environment (http_proxy, https_proxy, grpc_proxy) is for other machines; gRPC takes it for its own too.
import type { ConnectionOptions } from '@temporalio/client';

/** Where a Temporal server listens when nobody says otherwise. */
export const DEFAULT_PORT = 7233;

/** The port of an address on this machine; undefined for any other. */
export function loopbackPort(address: string): number | undefined {
  const found = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|::1)(?::(\d+))?$/.exec(address);
  if (found === null) return undefined;
  return found[1] === undefined ? DEFAULT_PORT : Number(found[1]);
}

/**
 * How soon a lost connection is tried again, and the longest wait between two tries. gRPC's own are a second and two minutes: after
 * an outage of some minutes nothing of this node reached a server that had been back for long.
 */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1000 };

/** Channel settings of a client's connection to an address (https://grpc.github.io/grpc/core/group__grpc__arg__keys.html). */
export const channelArgs = (address: string): NonNullable<ConnectionOptions['channelArgs']> => ({
  ...RECONNECT,
  ...(loopbackPort(address) === undefined ? {} : { 'grpc.enable_http_proxy': 0 }),
});
