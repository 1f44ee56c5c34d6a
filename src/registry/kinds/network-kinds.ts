// Networks that connections to other servers may go through: the schemas; services/network opens them.
import { defineKind } from '../model/kind.js';
import type { FieldProblem } from '../model/kind.js';
import { closed, filledText, flag, lifecycle, lifecycleReferences, oneOf, text } from './common.js';

const credential = (what: string) =>
  text(`${what} of the proxy, at most 255 bytes; \`\${env:NAME}\` keeps it out of the registry.`);

export const networkSocks5 = defineKind({
  name: 'network.socks5',
  summary: 'A SOCKS5 proxy, which Tor is too.',
  state: 'full',
  schema: closed(
    {
      host: filledText('Name or address of the proxy.', { examples: ['127.0.0.1'] }),
      port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Its port.', examples: [1080] },
      username: credential('A user'),
      password: credential("The user's password"),
      isolate_streams: flag(
        'Each connection has a user and password of chance, for which Tor takes another way. Default: false.',
      ),
      dns: oneOf(
        'Who looks names up. `proxy` (default): the proxy, which decides what they reach. `node`: this node, which refuses names of private addresses as without a proxy.',
        'proxy',
        'node',
      ),
      lifecycle,
    },
    { required: ['host', 'port'] },
  ),
  references: lifecycleReferences,
  checkFields({ data }): readonly FieldProblem[] {
    const { username = '', password = '', isolate_streams: isolated } = data;
    if (isolated === true && (username !== '' || password !== ''))
      return [
        {
          pointer: '/isolate_streams',
          message: 'isolate_streams makes a user and password of its own for each connection',
          fix: 'take away username and password, or isolate_streams',
        },
      ];
    if ((username === '') === (password === '')) return [];
    return [
      {
        pointer: username === '' ? '/password' : '/username',
        message: `the proxy has a ${username === '' ? 'password' : 'username'} and no ${username === '' ? 'username' : 'password'}`,
        fix: 'give both, or none',
      },
    ];
  },
});
