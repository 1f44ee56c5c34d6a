// Builds dist/: JavaScript from TypeScript, the files that are not TypeScript, and the workflow bundle.
// B1: files are transpiled one by one, without types: that takes seconds where a checked build takes a minute.
//     `npm run check` judges the types; `--types` (for a package) checks them and writes declarations.
// B2: what has no source any more leaves dist/.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const rooms = ['src', 'workflows', 'activities', 'bench'];

async function timed(label, work) {
  const started = performance.now();
  process.stderr.write(`${label} ...`);
  await work();
  process.stderr.write(` ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

const filesBelow = (folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => join(folder, file))
        .filter((file) => statSync(join(root, file)).isFile())
    : [];

const isSource = (file) => file.endsWith('.ts') && !file.endsWith('.d.ts');
const outputOf = (file) => join(dist, isSource(file) ? `${file.slice(0, -3)}.js` : file);

function newer(file, than) {
  const built = statSync(than, { throwIfNoEntry: false });
  return built === undefined || statSync(join(root, file)).mtimeMs > built.mtimeMs;
}

function removeOrphans(files) {
  const wanted = new Set(files.map(outputOf));
  for (const room of rooms) {
    for (const file of filesBelow(join('dist', room))) {
      const path = join(root, file);
      const source = path.replace(/[.](d[.]ts|js[.]map|d[.]ts[.]map)$/, '.js');
      if (!wanted.has(source) && !wanted.has(path)) rmSync(path);
    }
  }
}

async function transpile(files) {
  const { default: ts } = await import('typescript');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, declaration: false, sourceMap: true };
  for (const file of files.filter((file) => newer(file, outputOf(file)))) {
    const output = outputOf(file);
    const { outputText, sourceMapText } = ts.transpileModule(readFileSync(join(root, file), 'utf8'), {
      compilerOptions,
      fileName: join(root, file),
    });
    mkdirSync(dirname(output), { recursive: true });
    const map = JSON.parse(sourceMapText);
    map.sources = [join('../'.repeat(file.split('/').length), file)];
    writeFileSync(`${output}.map`, JSON.stringify(map));
    writeFileSync(
      output,
      outputText.replace(/\/\/# sourceMappingURL=.*$/m, `//# sourceMappingURL=${basename(output)}.map`),
    );
  }
}

function checked() {
  const tsc = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (tsc.status === 0) return;
  process.stderr.write(`\n${tsc.stdout}${tsc.stderr}`);
  process.exit(1);
}

if (process.argv.includes('--clean')) rmSync(dist, { recursive: true, force: true });
const files = rooms.flatMap(filesBelow);
const sources = files.filter(isSource);
const copies = files.filter((file) => /\.(?:sql|cjs|cts)$/.test(file));

await timed(
  process.argv.includes('--types') ? 'checking and compiling TypeScript' : 'compiling TypeScript',
  async () => {
    if (process.argv.includes('--types')) checked();
    else await transpile(sources);
    for (const file of copies) {
      mkdirSync(dirname(outputOf(file)), { recursive: true });
      cpSync(join(root, file), outputOf(file));
    }
    removeOrphans([...sources, ...copies]);
  },
);

// The bundle holds the sealed rooms only; when none of them changed, the one that is there is good.
const bundle = join(dist, 'workflow-bundle.js');
const sealed = /^(src[/](core|lua|modules|temporal|registry[/]model)|workflows)[/]/;
const bundled = [
  ...[...sources, ...copies].filter((file) => sealed.test(file)),
  'package.json',
  'package-lock.json',
];
if (bundled.some((file) => newer(file, bundle))) {
  await timed('bundling workflows', async () => {
    const { buildWorkflowBundle } = await import(pathToFileURL(join(dist, 'src/temporal/bundle.js')).href);
    await buildWorkflowBundle(bundle);
  });
}
// Written last: its time is the time of the build.
const now = new Date();
utimesSync(bundle, now, now);
