// The `expr` module: expressions of expr-lang over an environment of plain values. Sealed.
import { dataObject, LuaFloat, MAX_DEPTH } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isMap, weightOf } from '../../core/data-values.js';
import { bytesDataToText, textDataToBytes, TextError, toBytes, tryText } from '../../core/text.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { BoundedCache } from '../../lua/library/bounded-cache.js';
import { define, defineModuleSpec, defineType, members, methodsOf } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import type { HostResult, LuaTable } from '../../lua/values.js';
import { evaluate } from './evaluate.js';
import { ExpressionSyntaxError } from './lexer.js';
import { MAX_EXPRESSION, parseExpression } from './parser.js';
import type { Node } from './tree.js';
import { ExpressionError } from './values.js';

class Program {
  readonly source: string;
  readonly tree: Node;
  constructor(source: string, tree: Node) {
    this.source = source;
    this.tree = tree;
  }
}

const parsed = new BoundedCache<Program>(1000, MAX_EXPRESSION);

function attempt(work: () => HostResult): HostResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExpressionSyntaxError || error instanceof ExpressionError)
      return failure('Internal', toBytes(error.message));
    if (error instanceof RangeError) return failure('Internal', 'the values are nested too deeply');
    if (error instanceof TextError) return failure('Invalid', 'the environment holds text that is not UTF-8');
    throw error;
  }
}

function programOf(call: HostCall, source: string): Program {
  call.charge(source.length * 20);
  const known = parsed.get(source);
  if (known !== undefined) return known;
  const text = tryText(source);
  if (text === undefined) throw new ExpressionSyntaxError('', 0, 'the expression is not UTF-8');
  return parsed.add(source, new Program(source, parseExpression(text)));
}

/** As deep as any value that crosses: where the stack would end is not the same everywhere. */
function refuseDeep(value: Data, depth = 0): void {
  if (typeof value !== 'object' || value === null || value instanceof LuaFloat) return;
  if (depth >= MAX_DEPTH) throw new ExpressionError(`the result is nested deeper than ${MAX_DEPTH} levels`);
  for (const item of Array.isArray(value) ? value : Object.values(value)) refuseDeep(item, depth + 1);
}

function run(call: HostCall, { tree }: Program, env: LuaTable | undefined): HostResult {
  const given: { readonly ok: true; readonly data: Data } | ReturnType<typeof tryToData> =
    env === undefined ? { ok: true, data: dataObject() } : tryToData(env, { nonFinite: true });
  if (!given.ok) return [undefined, given.error];
  call.charge(weightOf(given.data) * 2);
  const environment = bytesDataToText(given.data);
  if (!isMap(environment) && !(Array.isArray(environment) && environment.length === 0))
    return failure('Invalid', 'the environment is a table with string keys');
  const values: DataObject = isMap(environment) ? environment : dataObject();
  const result = evaluate(tree, values, (count) => call.charge(count));
  refuseDeep(result);
  return fromData(textDataToBytes(result), () => call.instance.newTable());
}

const EMPTY = 'the expression is empty';
const expression = bytes('expression', `At most ${MAX_EXPRESSION} characters.`);
const environment = optional(table('env', 'The variables by name; a name that is not there is nil.'));

const method = methodsOf<Program>();

const ProgramType = defineType<Program>(
  'Program',
  'A compiled expression.',
  [
    method('run', {
      summary: 'The value of the expression over an environment.',
      params: [environment],
      returns: ['any', 'Error?'],
      fails: {
        Invalid: 'a value of the environment does not cross, or is no UTF-8',
        Internal: 'the evaluation fails',
      },
      run: (call, self, env) => attempt(() => run(call, self, env)),
    }),
  ],
  { tostring: (self) => self.source },
);

export const exprSpec = defineModuleSpec({
  name: 'expr',
  summary: 'Expressions of expr-lang: rules and filters that reach nothing but what they are given',
  workflow: 'sealed',
  members: members(
    define('eval', {
      summary: 'The value of an expression. Compiled expressions are kept.',
      params: [expression, environment],
      returns: ['any', 'Error?'],
      fails: {
        Invalid: 'the expression is empty or no string, or a value of the environment does not cross',
        Internal: 'the expression is none, or its evaluation fails',
      },
      returnsWrongArguments: true,
      run: (call, source, env) =>
        source.trim() === ''
          ? failure('Invalid', EMPTY)
          : attempt(() => run(call, programOf(call, source), env)),
    }),
    define('compile', {
      summary: 'An expression to run many times. The environment is a hint that is not needed here.',
      params: [expression, environment],
      returns: ['Program?', 'Error?'],
      fails: { Invalid: 'the expression is empty or no string', Internal: 'the expression is none' },
      returnsWrongArguments: true,
      run: (call, source) =>
        source.trim() === ''
          ? failure('Invalid', EMPTY)
          : attempt(() => ProgramType.wrap(programOf(call, source))),
    }),
  ),
  types: [ProgramType],
});
