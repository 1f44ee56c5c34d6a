// Where requests may go: no address that is not public, unless the app names its network. Judged after DNS, at the connection
// itself, so that a name that is looked up twice cannot show two faces.
import { lookup } from 'node:dns';
import { lookup as lookupLater } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { NetworkOverlay } from '../../core/network-host.js';
import { PrivateAddressError } from './errors.js';

/** 'private': within a network that the app names. */
export type Judged = 'public' | 'private' | 'refused';
export type Judge = (address: string) => Judged;

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** `networks`: CIDR, or single addresses. Throws RangeError for what is no network. */
export function judgeOf(networks: readonly string[]): Judge {
  const ranges = networks.map(rangeOf);
  return (text) => {
    const address = plain(text);
    if (address === undefined) return 'refused';
    if (ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits)))
      return 'private';
    return address.range() === 'unicast' ? 'public' : 'refused';
  };
}

function rangeOf(network: string): Range {
  try {
    if (network.includes('/')) return ipaddr.parseCIDR(network);
    const address = ipaddr.parse(network);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch (error) {
    throw new RangeError(`'${network}' is no network such as '10.0.0.0/8' or 'fd00::/8'`, { cause: error });
  }
}

/** NAT64's well-known prefix: an IPv4 address in the last four bytes. RFC 6052. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96') as [ipaddr.IPv6, number];

/** The address that is meant: IPv4 where IPv6 only wraps it. undefined: none. */
function plain(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = text.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return undefined;
  const address = ipaddr.process(bare);
  if (address.kind() === 'ipv6' && (address as ipaddr.IPv6).match(NAT64))
    return new ipaddr.IPv4((address as ipaddr.IPv6).toByteArray().slice(12));
  return address;
}

/** Whether the host of a URL, without brackets, is an address, which nobody looks up. */
export const isAddress = (host: string): boolean => plain(host) !== undefined;

/** `dns.lookup` that refuses a name as soon as one of its addresses may not be reached. */
export const guardedLookup =
  (judge: Judge): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, options, (error, found: unknown, family) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const addresses = Array.isArray(found)
        ? (found as { address: string }[])
        : [{ address: found as string }];
      const refused = addresses.find(({ address }) => judge(address) === 'refused');
      if (refused === undefined) callback(null, found as string, family);
      else callback(new PrivateAddressError(refused.address, hostname), '', 0);
    });
  };

/** The addresses of a name now; none where it has none. */
export const addressesOf = async (host: string): Promise<readonly string[]> =>
  (await lookupLater(host, { all: true }).catch(() => [])).map(({ address }) => address);

/** Names that mean the machine or the network in which they are looked up. RFC 6761, 6762, 8375; `internal` is ICANN's. */
const OWN_NAME = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i;

/** What connections to other servers may reach. */
export class AddressGuard {
  readonly judge: Judge;
  /** For the connection itself. */
  readonly lookup: LookupFunction;
  /** Whether there is anything private that may be reached. */
  readonly #hasPrivate: boolean;

  /** `privateNetworks` that may be reached: CIDR, or single addresses. */
  constructor(privateNetworks: readonly string[]) {
    this.judge = judgeOf(privateNetworks);
    this.lookup = guardedLookup(this.judge);
    this.#hasPrivate = privateNetworks.length > 0;
  }

  /**
   * As `check` and the lookup of a direct connection together, for what goes through a network: the host to be named there.
   * A name that the far end looks up is let through unless it means the machine or the network that it is looked up in.
   */
  async hostBeyond(
    overlay: NetworkOverlay,
    urlHost: string,
    mayReachPrivate: (address: string) => boolean,
  ): Promise<string> {
    const host = urlHost.replace(/^\[|\]$/g, '');
    if (isAddress(host) || !overlay.resolvesNames) {
      await this.check(urlHost, mayReachPrivate);
      if (isAddress(host)) return host;
      return new Promise((resolve, reject) => {
        this.lookup(host, {}, (error, address) => {
          if (error === null) resolve(address as string);
          else reject(error);
        });
      });
    }
    if (OWN_NAME.test(host)) throw new PrivateAddressError(host, host);
    return host;
  }

  /** Throws PrivateAddressError where the host of a URL may not be reached, as far as that shows before the connection. */
  async check(urlHost: string, mayReachPrivate: (address: string) => boolean): Promise<void> {
    const host = urlHost.replace(/^\[|\]$/g, '');
    const literal = isAddress(host);
    if (!literal && !this.#hasPrivate) return; // the connection's own lookup refuses what is not public
    for (const address of literal ? [host] : await addressesOf(host)) {
      const judged = this.judge(address);
      if (judged === 'refused' || (judged === 'private' && !mayReachPrivate(address)))
        throw new PrivateAddressError(address, host);
    }
  }
}
