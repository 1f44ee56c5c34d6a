// Who runs this process, for versions of the registry: `user@host`.
import { hostname, userInfo } from 'node:os';

export function userOfHost(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // a user without a name, as in containers
  }
}
