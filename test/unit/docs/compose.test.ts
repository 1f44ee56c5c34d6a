// docker-compose.yml and what stands beside it agree; test/compose/run.sh runs it, where there is a Docker engine.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8');
const compose = read('docker-compose.yml');
const example = new Map(
  [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

it('names every variable of docker-compose.yml in .env.example, with the value that it has without one', () => {
  const used = [...compose.matchAll(/(?<!\$)\$\{([A-Z_]+):-([^}]*)\}/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  for (const [name = '', value] of used) expect(value, name).toBe(example.get(name));
  expect([...new Set(used.map(([name]) => name))].sort()).toEqual([...example.keys()].sort());
});

it('is a stack whose parts wait for each other, and whose files are there', () => {
  const { services } = parse(compose, { merge: true }) as {
    services: Record<string, { depends_on?: Record<string, unknown>; volumes?: string[]; restart?: string }>;
  };
  for (const [name, { depends_on: needs = {}, volumes = [], restart }] of Object.entries(services)) {
    expect(restart, name).toBeDefined();
    for (const needed of Object.keys(needs)) expect(Object.keys(services), name).toContain(needed);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect(existsSync(fileURLToPath(new URL(source, ROOT))), source).toBe(true);
    }
  }
});
