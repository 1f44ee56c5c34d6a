// What a node answers to tests. Only one that `moontide test` started lets a test change the app.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { HostHandlers } from '../../core/handler.js';
import { toTextLossy } from '../../core/text.js';

export interface MockAccess {
  /** From now on calls of the function go to the instance or run with that PID. Throws NotFound or Invalid. */
  mock(target: string, owner: string): void;
  /** Absent: all. */
  restore(target: string | undefined): void;
}

class NoTestError extends PlatformError {
  override readonly name = 'NoTestError';
  readonly code = 'NO_TEST';
  override readonly kind = 'Invalid' as const;
  constructor(what: string) {
    super(`'${what}' changes the app for everybody, so it works in what \`moontide test\` runs only`);
  }
}

/** `mocks`: absent where no test runs. */
export const testHandlers = (mocks: MockAccess | undefined): HostHandlers => ({
  'test.mock': (command) => {
    mustBe(mocks, command).mock(textOf(command['target']) ?? '', textOf(command['owner']) ?? '');
    return true;
  },
  'test.restore': (command) => {
    mustBe(mocks, command).restore(textOf(command['target']));
    return true;
  },
});

function mustBe(mocks: MockAccess | undefined, { type }: Command): MockAccess {
  if (mocks === undefined) throw new NoTestError(type);
  return mocks;
}

const textOf = (value: Data | undefined): string | undefined =>
  typeof value === 'string' ? toTextLossy(value) : undefined;
