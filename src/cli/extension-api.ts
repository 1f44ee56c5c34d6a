// What extensions get: the public API, and where `moontide` is for their imports.
import * as everything from '../index.js';

export const api = {
  api: everything,
  self: new URL('../index.js', import.meta.url).href,
} as const;
