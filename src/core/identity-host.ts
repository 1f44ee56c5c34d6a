// Identities as they travel through Temporal: signed by a node of the app, and believed by none that has another key.
// S1: the signature covers the app's name, so that a key that two apps share lets neither speak for the other.
// S2: it has no expiry: a run that waits for months calls as whom it was started for. Another key ends them all.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PlatformError } from './errors.js';
import { identityFromData, identityToData } from './identity.js';
import type { Identity } from './identity.js';
import { decodeWire, encodeWire } from './wire.js';

export class IdentityForgedError extends PlatformError {
  override readonly name = 'IdentityForgedError';
  readonly code = 'IDENTITY_FORGED';
  override readonly kind = 'PermissionDenied' as const;
  constructor() {
    super(
      'the actor that this call comes with is not signed by a node of this app; where nodes run in several folders, give all of them the same MOONTIDE_IDENTITY_KEY',
    );
  }
}

export class IdentitySeal {
  readonly #app: string;
  readonly #readKey: () => string;
  #key: string | undefined;
  readonly #sealed = new WeakMap<Identity, string>();

  /** `readKey` is asked once, when an identity first leaves or enters the node. */
  constructor(app: string, readKey: () => string) {
    this.#app = app;
    this.#readKey = readKey;
  }

  /** ASCII. */
  seal(identity: Identity): string {
    let text = this.#sealed.get(identity);
    if (text === undefined) {
      const body = Buffer.from(encodeWire(identityToData(identity))).toString('base64url');
      text = `${body}.${this.#sign(body).toString('base64url')}`;
      this.#sealed.set(identity, text);
    }
    return text;
  }

  /** Throws IdentityForgedError. */
  open(text: string): Identity {
    const [body = '', signature = '', ...rest] = text.split('.');
    const given = Buffer.from(signature, 'base64url');
    const own = this.#sign(body);
    if (rest.length > 0 || given.length !== own.length || !timingSafeEqual(given, own))
      throw new IdentityForgedError();
    const identity = identityFromData(decodeWire(Buffer.from(body, 'base64url').toString()));
    this.#sealed.set(identity, text);
    return identity;
  }

  #sign(body: string): Buffer {
    this.#key ??= this.#readKey();
    return createHmac('sha256', this.#key).update(`${this.#app}\n${body}`).digest();
  }
}
