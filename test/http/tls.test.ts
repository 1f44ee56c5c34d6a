// TLS with certificates of files: by curl, which nobody here wrote.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answering, appYaml, endpoint, startApp } from './app.js';

const has = (program: string): boolean => {
  try {
    execFileSync(program, [program === 'curl' ? '--version' : 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const able = has('openssl') && has('curl');
const made = mkdtempSync(join(tmpdir(), 'moontide-tls-'));
beforeAll(() => {
  if (!able) return;
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem';
  const more = ['-subj', '/CN=localhost', '-days', '2', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...words.split(' '), ...more], { cwd: made, stdio: 'ignore' });
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

const yaml = (key: string): string =>
  appYaml(endpoint('a', 'GET', '/a')).replace(
    'addr: "127.0.0.1:0"',
    `addr: "127.0.0.1:0", tls: { mode: manual, cert: "file://certs/cert.pem", key: "file://${key}" }`,
  );
const files = (): Record<string, string> => ({
  'src/a.lua': answering('res:write("safe")'),
  'src/certs/cert.pem': readFileSync(join(made, 'cert.pem'), 'utf8'),
  'src/certs/key.pem': readFileSync(join(made, 'key.pem'), 'utf8'),
});

it.skipIf(!able)('is spoken with the files of the app, whose key the registry does not have', async () => {
  await using app = await startApp({ 'src/_index.yaml': yaml('certs/key.pem'), ...files() });
  const url = `${app.url.replace('http://127.0.0.1', 'https://localhost')}/a`;
  const asked = ['-sS', '--max-time', '20', '--cacert', join(made, 'cert.pem'), url];
  expect((await promisify(execFile)('curl', asked)).stdout).toBe('safe');
  const entry = app.node.registry.current.get('app:gateway');
  expect(entry?.data['tls']).toEqual({
    mode: 'manual',
    cert: 'file://src/certs/cert.pem',
    key: 'file://src/certs/key.pem',
  });
});

it.skipIf(!able).each([
  ['../key.pem', "source 'file://../key.pem' does not exist"],
  ['../../key.pem', "source 'file://../../key.pem' leads out of the app"],
  ['certs/kye.pem', "source 'file://certs/kye.pem' does not exist"],
])('is refused with the file %s', async (key, message) => {
  const started = startApp({ 'src/_index.yaml': yaml(key), ...files() });
  await expect(started).rejects.toMatchObject({ diagnostics: [{ message }] });
});
