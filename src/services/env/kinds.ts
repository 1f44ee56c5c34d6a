// The kinds of environment entries that are built. They open nothing: environment.ts reads them.
import {
  envStorageFile,
  envStorageMemory,
  envStorageOs,
  envStorageRouter,
  envStorageStatic,
  envVariable,
} from '../../registry/kinds/index.js';
import type { KindSpec } from '../../registry/model/kind.js';

export const envKinds: readonly KindSpec[] = [
  envVariable,
  envStorageOs,
  envStorageMemory,
  envStorageFile,
  envStorageStatic,
  envStorageRouter,
];
