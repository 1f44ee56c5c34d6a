// Every kind this version knows, with those that services open; an extension's kinds come on top.
import { withKinds } from '../registry/kinds/index.js';
import type { KindSpec } from '../registry/model/kind.js';
import { envKinds } from './env/kinds.js';
import { fsKinds } from './fs/kinds.js';
import { networkKinds } from './network/kinds.js';
import { sqlKinds } from './sql/kinds.js';
import { storeKinds } from './store/kinds.js';
import { templateKinds } from './templates/kinds.js';

const opened = [...envKinds, ...fsKinds, ...networkKinds, ...sqlKinds, ...storeKinds, ...templateKinds];

export const kinds: readonly KindSpec[] = withKinds(...opened);

export const kindsWith = (extensions: readonly KindSpec[]): readonly KindSpec[] =>
  extensions.length === 0 ? kinds : withKinds(...opened, ...extensions);
