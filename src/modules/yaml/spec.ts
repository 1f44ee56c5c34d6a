// The `yaml` module: YAML 1.2 as Lua values and back. Sealed.
// The kinds of its errors are those of the application format: Invalid for what is no table or no text, Internal for bad YAML.
import { nameSecrets, SECRET_STAYS } from '../../core/secret.js';
import { formatPath } from '../../core/wire-errors.js';
import { weightOf } from '../../core/data-values.js';
import { TranscodeError } from '../../core/transcode-error.js';
import { toBytes, tryText } from '../../core/text.js';
import { formatYaml, parseYaml } from '../../core/yaml.js';
import type { KeyOrder } from '../../core/yaml.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import { LuaTable } from '../../lua/values.js';
import type { HostResult } from '../../lua/values.js';

/** Reading and writing take about this many instructions a byte. */
const COST = 60;
/** What begins or ends a value takes so many besides: each becomes objects of the parser. */
const STRUCTURE_COST = 250;
/** A value that an alias repeats takes so many. */
const ALIASED_COST = 50;
/** A document takes so many besides. */
const DOCUMENT_COST = 3000;

/** How many characters of a text may begin or end a value. */
function structureOf(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length; at++)
    switch (text.charCodeAt(at)) {
      case 0x21: // !
      case 0x26: // &
      case 0x2a: // *
      case 0x2c: // ,
      case 0x2d: // -
      case 0x3a: // :
      case 0x3f: // ?
      case 0x5b: // [
      case 0x7b: // {
        found += 1;
    }
  return found;
}

function attempt(work: () => HostResult): HostResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof TranscodeError) return failure('Internal', toBytes(error.message));
    throw error;
  }
}

/** Named keys first, the others as they are or sorted; the reason where the options are none. */
function orderOf(options: LuaTable | undefined): KeyOrder | string {
  if (options === undefined) return (keys) => keys;
  const list = options.get('field_order');
  const sorted = options.get('sort_unordered');
  if (sorted !== undefined && typeof sorted !== 'boolean') return 'sort_unordered is true or false';
  if (list !== undefined && !(list instanceof LuaTable)) return 'field_order is a list of names';
  const first = new Map<string, number>();
  for (let index = 1; list !== undefined && index <= list.length(); index++) {
    const name = list.get(index);
    if (typeof name !== 'string') return 'field_order is a list of names';
    first.set(name, first.get(name) ?? index);
  }
  return (keys) => {
    const rest = keys.filter((key) => !first.has(key));
    const named = keys.filter((key) => first.has(key));
    named.sort((a, b) => (first.get(a) ?? 0) - (first.get(b) ?? 0));
    if (sorted === true) rest.sort(); // by bytes, which is by code points
    return [...named, ...rest];
  };
}

export const yamlSpec = defineModuleSpec({
  name: 'yaml',
  summary: 'YAML text to Lua values and back',
  workflow: 'sealed',
  members: members(
    define('encode', {
      summary:
        'A table as YAML in block style; bytes that are no UTF-8 are written as `!!binary`. Options: `field_order` (a list of names that come first, at every level), `sort_unordered` (sorts the other names).',
      params: [table('data'), optional(table('options'))],
      returns: ['string?', 'Error?'],
      fails: {
        Invalid: 'data is no table, an option is of a wrong type, or a value does not cross',
        Internal: 'the name of a field is not UTF-8',
      },
      returnsWrongArguments: true,
      run: (call, value, options) => {
        const order = orderOf(options);
        if (typeof order === 'string') return failure('Invalid', order);
        const data = tryToData(value, { nonFinite: true });
        if (!data.ok) return [undefined, data.error];
        const [secret] = nameSecrets(data.data).places;
        if (secret !== undefined) return failure('Invalid', `${formatPath(secret)} ${SECRET_STAYS}`);
        call.charge(weightOf(data.data) * COST + DOCUMENT_COST);
        return attempt(() => toBytes(formatYaml(data.data, order)));
      },
    }),
    define('decode', {
      summary:
        'The value of a YAML document: a table, text, number or boolean. null is nil. Aliases are followed up to a bound, `<<` merges, `!!binary` is bytes; tags that make other values are refused.',
      params: [bytes('data', 'One document, UTF-8.')],
      returns: ['any', 'Error?'],
      fails: {
        Invalid: 'data is no string, or empty',
        Internal: 'the text is no YAML, with line and column',
      },
      returnsWrongArguments: true,
      run: (call: HostCall, data) => {
        if (data === '') return failure('Invalid', 'the text is empty');
        call.charge(data.length * COST + structureOf(data) * STRUCTURE_COST + DOCUMENT_COST);
        const text = tryText(data);
        if (text === undefined) return failure('Internal', 'invalid YAML: the text is not UTF-8');
        return attempt(() =>
          fromData(
            parseYaml(text, (values) => call.charge(values * ALIASED_COST)),
            () => call.instance.newTable(),
          ),
        );
      },
    }),
  ),
});
