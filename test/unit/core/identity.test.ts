import { describe, expect, it } from 'vitest';
import { dataObject, LuaFloat } from '../../../src/core/data.js';
import { IdentityForgedError, IdentitySeal } from '../../../src/core/identity-host.js';
import { identityFromData, identityToData } from '../../../src/core/identity.js';

const identity = identityFromData(
  dataObject({
    actor: dataObject({
      id: 'service:mailer',
      meta: dataObject({ level: new LuaFloat(3), team: 'caf\xc3\xa9' }),
    }),
    policies: ['app:mails'],
  }),
);
const seal = (app = 'shop', key = 'a key') => new IdentitySeal(app, () => key);

describe('the identity of a call', () => {
  it('comes back from its sealed form as it was', () => {
    const sealed = seal().seal(identity);
    expect(sealed).toMatch(/^[\w-]+\.[\w-]+$/);
    expect(identityToData(seal().open(sealed))).toEqual(identityToData(identity));
  });

  it('is believed of nodes of the same app with the same key, and of nobody else', () => {
    const sealed = seal().seal(identity);
    const [body = '', signature = ''] = sealed.split('.');
    const other = Buffer.from('{"actor":{"id":"root","meta":{}}}').toString('base64url');
    for (const [text, by] of [
      [sealed, seal('shop', 'another key')],
      [sealed, seal('bank')],
      [`${other}.${signature}`, seal()],
      [`${body}.`, seal()],
      [`${sealed}.`, seal()],
      [body, seal()],
      ['', seal()],
    ] as const)
      expect(() => by.open(text), text).toThrow(IdentityForgedError);
  });

  it('is nobody where nothing says whom, and drops what is no text', () => {
    expect(identityFromData(undefined)).toEqual({ groups: [], policies: [] });
    expect(identityFromData(dataObject({ actor: 'root', groups: ['a', 1], policies: 'all' }))).toEqual({
      groups: ['a'],
      policies: [],
    });
  });
});
