// An app in a folder of its own, with real servers on free ports of the loopback.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RunningNode } from '../../src/cli/running-node.js';
import { runNode } from '../../src/cli/run-node.js';

export interface HttpApp extends AsyncDisposable {
  readonly folder: string;
  readonly node: RunningNode;
  readonly url: string;
  /** What was logged as a warning or error. */
  readonly printed: string[];
  write(files: Readonly<Record<string, string>>): void;
}

/** A gateway on a free port, a router at the root and whatever `entries` (YAML, two spaces of indentation) say. */
export const appYaml = (entries: string, router = ''): string => `version: "1.0"
namespace: app
entries:
  - { name: gateway, kind: http.service, addr: "127.0.0.1:0", lifecycle: { auto_start: true } }
  - name: api
    kind: http.router
    meta: { server: gateway }
${router}
${entries}`;

/** An endpoint with its function. */
export const endpoint = (name: string, method: string, path: string, more = ''): string => `
  - { name: ${name}, kind: function.lua, source: file://${name}.lua, modules: [http, time, json, errors] ${more} }
  - { name: ${name}_route, kind: http.endpoint, meta: { router: api }, method: ${method}, path: "${path}", func: ${name} }`;

/** A program with `req` and `res` at hand. */
export const answering = (body: string): string => `local http = require("http")
return function()
  local req, res = http.request(), http.response()
${body}
end
`;

export async function startApp(files: Readonly<Record<string, string>>): Promise<HttpApp> {
  const folder = mkdtempSync(join(tmpdir(), 'moontide-http-'));
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  write({ 'moontide.yaml': 'name: httptest\n', ...files });
  const printed: string[] = [];
  let node: RunningNode;
  try {
    node = await runNode({
      app: folder,
      signals: false,
      log: { level: 'silent' },
      print: (line) => printed.push(line),
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const [address] = node.listening().values();
  return {
    folder,
    node,
    printed,
    write,
    url: address === undefined ? '' : `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      await node.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
