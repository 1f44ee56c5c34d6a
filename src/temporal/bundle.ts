// The workflow bundle: everything that runs in the sandbox, in one file. Host only.
// B1: it is built once, when Moontide is built; Lua travels as data and never enters it.
// B2: the same sources give the same bytes, wherever they lie: no absolute path, no time.
// B3: it carries the version that made it; a worker refuses another's.
// B4: all of it is evaluated once for each worker thread and frozen, but for workflows/{index,interceptors}.ts, which every run
//     has its own of. So a sealed module keeps no state of a run; what it caches is a pure function of its key.
// B5: errors in the sandbox carry no JavaScript stack: the SDK takes one for every promise of a run, and reads it. Lua's stacks
//     come from elsewhere (lua/compiled/positions.ts). MOONTIDE_SANDBOX_STACKS=1 brings ours back, to look for bugs of ours.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleOptions } from '@temporalio/worker';
import { PACKAGE_ROOT } from '../core/package-root-host.js';
import { payloadConverterPath, SOURCE_EXTENSION } from './data-converter.js';
import { WorkflowBundleError } from './errors.js';

/** What fengari, yaml and sanitize-html ask for and never use in the sandbox. */
const UNUSED_IN_SANDBOX = [
  'fs',
  'path',
  'os',
  'child_process',
  'crypto',
  'tmp',
  'readline-sync',
  'process',
  'buffer',
  'postcss',
];

const here = (path: string): string => fileURLToPath(new URL(`${path}${SOURCE_EXTENSION}`, import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type WebpackConfiguration = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

/** Version of this package. */
export async function hostVersion(): Promise<string> {
  try {
    const text = await readFile(new URL('package.json', PACKAGE_ROOT), 'utf8');
    const { name, version } = JSON.parse(text) as { name?: string; version?: string };
    if (name === 'moontide' && version !== undefined) return version;
  } catch {
    // told below
  }
  throw new WorkflowBundleError('this installation of moontide has no package.json; install it again');
}

const marker = (version: string): string => `/* moontide workflow bundle ${version} */`;

const NO_STACKS = 'Error.stackTraceLimit = undefined;';

/** The bundle as a worker takes it (B5). */
export const sandboxCode = (bundle: { readonly code: string }): { readonly code: string } =>
  process.env['MOONTIDE_SANDBOX_STACKS'] === '1' ? { code: bundle.code.replace(NO_STACKS, '') } : bundle;

/** Where an installed package has its bundle. */
const bundlePath = (): string => fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/** The code of the bundle. */
export async function makeWorkflowBundle(): Promise<string> {
  const version = await hostVersion();
  const said: string[] = [];
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const quiet = new DefaultLogger('ERROR', ({ message }) => void said.push(message));
  try {
    const { code } = await bundleWorkflowCode({
      workflowsPath: here('../../workflows/index'),
      workflowInterceptorModules: [here('../../workflows/interceptors')],
      payloadConverterPath,
      preloadModules: [
        here('../../workflows/run-lua'),
        here('../../workflows/session'),
        here('../../workflows/system'),
      ],
      ignoreModules: UNUSED_IN_SANDBOX,
      logger: quiet,
      webpackConfigHook: (config) => relative(config),
    });
    return `${marker(version)}${NO_STACKS}${code}`;
  } catch (error) {
    const details = [...said, error instanceof Error ? error.message : String(error)].join('\n');
    throw new WorkflowBundleError(`the workflow bundle cannot be built:\n${details}`, { cause: error });
  }
}

/** Paths relative to the package (B2), and syntax that Node has had for long left as it is. */
function relative(config: WebpackConfiguration): WebpackConfiguration {
  const rules = (config.module?.rules ?? []).map((rule) => {
    const use = typeof rule === 'object' && rule !== null && 'use' in rule ? rule.use : undefined;
    if (typeof use !== 'object' || use === null || !('options' in use)) return rule;
    const options = use.options as { readonly jsc?: object };
    return {
      ...(rule as object),
      use: { ...use, options: { ...options, jsc: { ...options.jsc, target: 'es2022' } } },
    };
  });
  return {
    ...config,
    context: ROOT,
    output: { ...config.output, devtoolModuleFilenameTemplate: '[resource-path]' },
    module: { ...config.module, rules },
  };
}

/** Builds the bundle into a file. Fails, with the modules by name, when sealed code reaches for what the sandbox has not. */
export async function buildWorkflowBundle(outFile: string): Promise<void> {
  const code = await makeWorkflowBundle();
  await mkdir(dirname(outFile), { recursive: true });
  const partial = `${outFile}.${process.pid}.partial`;
  await writeFile(partial, code);
  await rename(partial, outFile);
}

/** The built bundle at `path`, checked to be of this version. */
export async function readWorkflowBundle(path: string = bundlePath()): Promise<{ readonly code: string }> {
  let code: string;
  try {
    code = await readFile(path, 'utf8');
  } catch (error) {
    throw new WorkflowBundleError(`there is no workflow bundle at '${path}'; run \`npm run build\``, {
      cause: error,
    });
  }
  const version = await hostVersion();
  if (!code.startsWith(marker(version)))
    throw new WorkflowBundleError(
      `the workflow bundle at '${path}' is not of moontide ${version}; run \`npm run build\``,
    );
  return { code };
}
