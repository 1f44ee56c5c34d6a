// The `stream` module: what streams can do that other modules hand out. Sealed; it has no functions of its own.
import { defineModuleSpec } from '../../lua/module.js';
import { ScannerType, StreamType } from '../../lua/stream.js';

export const streamSpec = defineModuleSpec({
  name: 'stream',
  summary: 'Bytes that come one after the other, as other modules hand them out',
  workflow: 'refused',
  members: {},
  types: [StreamType, ScannerType],
});
