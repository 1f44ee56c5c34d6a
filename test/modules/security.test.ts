import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { identityFromData } from '../../src/core/identity.js';
import { securitySpec } from '../../src/modules/security/spec.js';
import { evaluate } from './evaluate.js';

const identity = identityFromData(
  dataObject({
    actor: dataObject({ id: 'service:mailer', meta: dataObject({ role: 'mailer', level: 3 }) }),
    groups: ['app:mailers'],
    policies: ['app:mails', 'app:files'],
  }),
);
const lua = (text: string, host: object = { identity }) => evaluate(text, { modules: [securitySpec], host });

describe('security', () => {
  it('says whom the call acts for', async () => {
    expect(
      await lua(`local actor = security.actor()
        return actor:id(), actor:meta().role, actor:meta().level, tostring(actor), actor == security.actor()`),
    ).toEqual(['service:mailer', 'mailer', 3, 'service:mailer', true]);
  });

  it('gives copies that nobody else sees', async () => {
    expect(await lua('security.actor():meta().role = "root" return security.actor():meta().role')).toEqual([
      'mailer',
    ]);
  });

  it('names the policies and groups of the scope', async () => {
    expect(
      await lua(`local scope = security.scope()
        return #scope:policies(), scope:policies()[2]:id(), scope:groups()[1], scope:contains("app:mails"), scope:contains("app:all")`),
    ).toEqual([2, 'app:files', 'app:mailers', true, false]);
  });

  it('has no actor and no scope where nobody was named', async () => {
    expect(await lua('return security.actor(), security.scope()', {})).toEqual(['<nil>', '<nil>']);
    const alone = identityFromData(dataObject({ actor: dataObject({ id: 'a' }) }));
    expect(await lua('return security.actor():id(), security.scope()', { identity: alone })).toEqual([
      'a',
      '<nil>',
    ]);
  });

  it('allows nothing as long as policies are not evaluated, and says so', async () => {
    expect(
      await lua('local ok, err = security.can("read", "user:1", {}) return ok, err:kind(), err:message()'),
    ).toEqual([false, 'Unavailable', 'policies are not evaluated in this version, so none allows anything']);
  });
});
