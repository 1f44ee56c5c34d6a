// What an entry of a kind `network.*` stands for on a node: another way for connections to come to be. Host-only.
import type { Socket } from 'node:net';

export interface NetworkOverlay extends AsyncDisposable {
  /** Its far end looks names up: their addresses are not seen here. */
  readonly resolvesNames: boolean;
  /** A connection to a host, a name or an address. Rejects with a PlatformError where it does not come to be. */
  dial(host: string, port: number, limits: DialLimits): Promise<Socket>;
}

export interface DialLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
