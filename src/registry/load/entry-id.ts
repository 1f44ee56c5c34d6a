// Entry ids and the references that stand for them.
export {
  InvalidIdError,
  isEntryId,
  isEntryName,
  nameOf,
  namespaceOf,
  parseEntryId,
  resolveReference,
} from '../model/ids.js';
