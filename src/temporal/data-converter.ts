// Our payload converter as the SDK wants it: as an object for clients, by path for workers. Host only.
// C1: the worker requires the path itself. We put the converter that is already loaded into Node's module cache under that
//     path, so that there is one instance of its classes whatever loaded this file (Node, a bundler, a test runner).
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defaultDataConverter } from '@temporalio/common';
import type { DataConverter, LoadedDataConverter } from '@temporalio/common';
import { ProgramCodec } from './program-codec.js';
import type { ArtifactSource, ProgramTracing } from './contracts.js';
import * as converter from './payload-converter.js';

/** Whether this code runs from TypeScript sources (tests) or compiled. */
export const SOURCE_EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

const converterPath = fileURLToPath(new URL(`./payload-converter${SOURCE_EXTENSION}`, import.meta.url));

function register(): string {
  const { cache } = createRequire(import.meta.url);
  cache[converterPath] ??= {
    exports: converter,
    require: createRequire(converterPath),
    id: converterPath,
    filename: converterPath,
    path: converterPath,
    loaded: true,
    children: [],
    paths: [],
    parent: null,
    isPreloading: false,
  };
  return converterPath;
}

/** For Client: speaks Data. */
export function clientDataConverter(): LoadedDataConverter {
  return { ...defaultDataConverter, payloadConverter: converter.payloadConverter };
}

/** For Worker, also for replays. */
export function workerDataConverter(artifacts: ArtifactSource, tracing?: ProgramTracing): DataConverter {
  return { payloadConverterPath: register(), payloadCodecs: [new ProgramCodec(artifacts, tracing)] };
}

/** For bundleWorkflowCode. */
export const payloadConverterPath = converterPath;
