// What Postgres and its connection fail with, as our errors.
// E1: what says that Postgres is not there or not ready is StoreUnavailableError, whatever layer says it.
import { type ErrorKind, PlatformError } from '../../core/errors.js';
import { StoreUnavailableError } from './registry-store.js';

/** Postgres refused a statement for a reason that the store does not expect. */
export class PostgresError extends PlatformError {
  override readonly name = 'PostgresError';
  readonly code = 'POSTGRES_FAILED';
  override readonly kind: ErrorKind = 'Internal';
  /** Postgres's own code, e.g. `23505`. */
  readonly sqlState: string;
  constructor(message: string, sqlState: string, options?: ErrorOptions) {
    super(message, options);
    this.sqlState = sqlState;
  }
}

/** Of the socket and of name resolution. */
const SOCKET = /^(E(CONN|HOST|NET|PIPE|TIMEDOUT|AI_|NOTFOUND|ADDR))/;
/** Connection lost, out of resources, shutting down or starting; a lock or a transaction that took too long. */
const STATES = /^(08|53|57P|25P03|40001|40P01|55P03|57014)/;
const REFUSED = /^(28|3D000|42501)/;

export function toStoreError(error: unknown, place: string): PlatformError {
  if (error instanceof PlatformError) return error;
  if (!(error instanceof Error)) return new PostgresError(String(error), '');
  const code = codeOf(error);
  if (STATES.test(code) && code.startsWith('55P03'))
    return unavailable(error, `${place} was locked for too long by another writer`);
  if (REFUSED.test(code))
    return unavailable(
      error,
      `${place} refuses us: ${error.message}; check DATABASE_URL and the rights of its user`,
    );
  if (code === '' || SOCKET.test(code) || STATES.test(code))
    return unavailable(error, `${place} cannot be reached: ${reasonOf(error)}`);
  return new PostgresError(`Postgres refused a statement of the registry: ${error.message}`, code, {
    cause: error,
  });
}

const unavailable = (cause: Error, message: string): StoreUnavailableError =>
  new StoreUnavailableError(message, { cause });

/** Both drivers' errors without a code (`Connection terminated unexpectedly`) come from a connection that broke. */
function codeOf(error: Error): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  // Both addresses of a host name refused us.
  if (Array.isArray(errors) && errors[0] instanceof Error) return codeOf(errors[0]);
  return '';
}

function reasonOf(error: Error): string {
  const { errors } = error as { errors?: unknown };
  if (error.message === '' && Array.isArray(errors) && errors[0] instanceof Error) return errors[0].message;
  return error.message;
}
