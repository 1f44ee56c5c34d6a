// Lets a child process of a test run the sources as they are: `node --import <this file> program.ts`.
// What was transpiled is kept for the other children of the run.
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
    import { createHash } from 'node:crypto';
    import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
    import { createRequire } from 'node:module';
    import { fileURLToPath } from 'node:url';
    const folder = process.env.MOONTIDE_TEST_RUN === undefined ? undefined : process.env.MOONTIDE_TEST_RUN + '/transpiled';
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
    let ts;
    function transpile(text) {
      ts ??= createRequire(${JSON.stringify(import.meta.url)})('typescript');
      return ts.transpileModule(text, {
        compilerOptions: { target: 'es2022', module: 'esnext', verbatimModuleSyntax: true },
      }).outputText;
    }
    export async function resolve(specifier, context, next) {
      if (specifier.startsWith('.') && specifier.endsWith('.js')) {
        const url = new URL(specifier.slice(0, -3) + '.ts', context.parentURL);
        if (existsSync(fileURLToPath(url))) return { url: url.href, shortCircuit: true };
      }
      return next(specifier, context);
    }
    export async function load(url, context, next) {
      if (!url.endsWith('.ts')) return next(url, context);
      const text = readFileSync(fileURLToPath(url), 'utf8');
      const kept = folder === undefined ? undefined : folder + '/' + createHash('sha256').update(text).digest('hex') + '.js';
      let source;
      if (kept !== undefined && existsSync(kept)) source = readFileSync(kept, 'utf8');
      else {
        source = transpile(text);
        if (kept !== undefined) {
          writeFileSync(kept + '.' + process.pid, source);
          renameSync(kept + '.' + process.pid, kept);
        }
      }
      return { format: 'module', source, shortCircuit: true };
    }
  `)}`,
);
