// The `text` module: regular expressions, differences, splitters. Sealed.
import { defineModuleSpec, members, table } from '../../lua/module.js';
import { DifferType, newDiffer } from './differ.js';
import { compile, RegexpType } from './regexp.js';
import { markdown, recursive, SplitterType } from './splitter.js';

export const textSpec = defineModuleSpec({
  name: 'text',
  summary: 'Regular expressions of RE2, differences and patches of texts, and splitters',
  workflow: 'sealed',
  members: {
    regexp: table(members(compile)),
    diff: table(members(newDiffer)),
    splitter: table(members(recursive, markdown)),
  },
  types: [RegexpType, DifferType, SplitterType],
});
