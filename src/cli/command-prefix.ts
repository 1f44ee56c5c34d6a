// How commands begin that people are told to type.
import { relative } from 'node:path';
import { shellWord } from '../temporal/command-line.js';

/** How the app's folder is named in a command that is typed where this process runs. */
export function commandPrefix(folder: string): string {
  const path = relative(process.cwd(), folder);
  const name = process.env['npm_command'] === 'exec' ? 'npx moontide' : 'moontide';
  return path === '' ? name : `${name} --app ${shellWord(path.startsWith('..') ? folder : path)}`;
}
