// `workflow.query` and `workflow.update`: how a program declares what it can be asked, and what can be changed. Sealed.
// D1: a declaration holds from the end of the step that makes it; declaring a name again replaces its handler.
import { fn } from '../../lua/module.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { LuaTable, luaType } from '../../lua/values.js';
import type { HostResult, LuaFunction, LuaValue } from '../../lua/values.js';
import { declaredHandlers } from './durable.js';
import { inside } from './inside.js';

const invalid = (message: string): HostResult => failure('Invalid', message);

/** What is wrong with the name of a handler. */
function nameProblem(name: LuaValue): string | undefined {
  if (typeof name !== 'string' || name === '') return 'the name is a text that is not empty';
  return /^(@|__|moontide\.)/.test(name)
    ? `'${name}': names that begin with '@', '__' or 'moontide.' belong to the platform`
    : undefined;
}

interface Parts {
  readonly handle: LuaFunction;
  readonly validate: LuaFunction | undefined;
  readonly description: string | undefined;
}

/** A function, or a table of `fields`; gives what is wrong with it as text. */
function readParts(value: LuaValue, fields: readonly string[]): Parts | string {
  if (typeof value === 'function') return { handle: value, validate: undefined, description: undefined };
  if (!(value instanceof LuaTable))
    return `the handler is a function or a table with ${fields.join(', ')}, got ${luaType(value)}`;
  for (const [key] of value.entries())
    if (typeof key !== 'string' || !fields.includes(key))
      return `unknown field '${typeof key === 'string' ? key : luaType(key)}'; a handler has ${fields.join(', ')}`;
  const [handle, validate, description] = ['handle', 'validate', 'description'].map((key) => value.get(key));
  if (typeof handle !== 'function') return `'handle' is a function, got ${luaType(handle)}`;
  if (validate !== undefined && typeof validate !== 'function')
    return `'validate' is a function, got ${luaType(validate)}`;
  if (description !== undefined && typeof description !== 'string')
    return `'description' is a text, got ${luaType(description)}`;
  return { handle, validate, description };
}

function declare(
  { instance }: HostCall,
  verb: 'query' | 'update',
  [name, handler]: readonly LuaValue[],
): HostResult {
  const problem = nameProblem(name);
  if (problem !== undefined || typeof name !== 'string') return invalid(problem ?? '');
  instance.mustNotRead(`workflow.${verb}`);
  const parts = readParts(
    handler,
    verb === 'query' ? ['handle', 'description'] : ['handle', 'validate', 'description'],
  );
  if (typeof parts === 'string') return invalid(`${verb} '${name}': ${parts}`);
  const declared = declaredHandlers(instance);
  if (verb === 'query') declared.queries.set(name, parts);
  else declared.updates.set(name, parts);
  declared.changes += 1;
  return true;
}

export const query = fn(
  'Declares what the run can be asked: the handler gets the arguments and answers at once, and works after the end of the run too. It only looks: what would wait or act is an Invalid error in it.',
  ['name: string', 'handler: function|{ handle: function, description?: string }'],
  ['boolean?', 'Error?'],
  inside('query', (call, _facts, values) => declare(call, 'query', values)),
  ['Invalid'],
);

export const update = fn(
  'Declares how the run can be changed: the handler gets the arguments, may wait as main may, and its results go to who asked. `validate` only looks and refuses by raising, by returning false first or an error second; a refused update leaves no trace. Main ends only when no handler runs any more.',
  ['name: string', 'handler: function|{ handle: function, validate?: function, description?: string }'],
  ['boolean?', 'Error?'],
  inside('update', (call, _facts, values) => declare(call, 'update', values)),
  ['Invalid'],
);
