// The one question that is asked before somebody does something: may who asks do this to that? Sealed.
// A1: until policies are built everything is allowed; what asks already asks, so that it is refused the day they are.
import type { DataObject } from './data.js';
import { PlatformError } from './errors.js';
import type { Identity } from './identity.js';

/** Who asks: the program, whom it acts for, and the context values of its call. */
export interface AuthorizationContext {
  /** Entry id of the asking program. */
  readonly entry: string;
  readonly values: Readonly<DataObject>;
  readonly identity?: Identity | undefined;
}

/** `action` is `<module>.<verb>`; `resource` is an entry id or a name, empty where the action has none. */
export type Authorize = (context: AuthorizationContext, action: string, resource: string) => boolean;

export const authorize: Authorize = () => true;

export class NotAuthorizedError extends PlatformError {
  override readonly name = 'NotAuthorizedError';
  readonly code = 'NOT_AUTHORIZED';
  override readonly kind = 'PermissionDenied';
  constructor({ entry }: AuthorizationContext, action: string, resource: string) {
    const what = resource === '' ? '' : ` on '${resource}'`;
    super(`'${entry}' may not do '${action}'${what}; allow it with a policy of its scope`);
  }
}
