// Which release of Temporal's SDK is installed. Host only.
import { createRequire } from 'node:module';

export function sdkVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('@temporalio/worker/package.json') as { version: string }).version;
}
