// Renders a template of a set: a walk over its tree. Strings are bytes. Sealed.
// R1: nothing but the given variables, globals and functions can be reached: a field is an own key of plain data.
// R2: work, output and depth are bounded; `try` does not hide that a bound was met.
// R3: what is written is escaped for HTML, unless a function that writes is the last of its pipeline.
import type { DataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { didYouMean } from '../../core/nearest.js';
import { builtins, escapeHtml, writers } from './builtins.js';
import { RenderError } from './errors.js';
import type { Assignment, Block, BlockParameter, Body, Expression, Statement } from './tree.js';
import {
  Builtin,
  calculate,
  Caught,
  equal,
  Hidden,
  Ints,
  isInner,
  numberOf,
  plain,
  Raw,
  text,
  truth,
  typeOf,
  whole,
  Writer,
  writeText,
} from './values.js';
import type { Value } from './values.js';

/** Nodes that one rendering evaluates. */
const MOST_STEPS = 5_000_000;
/** Bytes of output, and of what is made on the way. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Blocks and templates within each other. */
const MOST_DEPTH = 100;

/** A template with what it extends and imports. */
export interface Linked {
  /** The outermost template that it extends, or itself: what is rendered. */
  readonly root: { readonly name: string; readonly body: Body; readonly source: string };
  /** Its own, those of what it imports, and those of what it extends; the first of a name wins. */
  readonly blocks: ReadonlyMap<string, LinkedBlock>;
}
export interface LinkedBlock {
  readonly block: Block;
  /** The template whose text it is of. */
  readonly in: { readonly name: string; readonly source: string };
}

export interface RenderContext {
  readonly globals: Readonly<DataObject>;
  /** A template by the name that another one says; undefined where there is none. */
  find(name: string, from: string): Linked | undefined;
}

export function render(linked: Linked, variables: Readonly<DataObject>, context: RenderContext): string {
  return new Rendering(context).whole(linked, variables);
}

class Scope {
  readonly parent: Scope | undefined;
  readonly variables = new Map<string, Value>();
  blocks: ReadonlyMap<string, LinkedBlock> | undefined;
  constructor(parent?: Scope, blocks?: ReadonlyMap<string, LinkedBlock>) {
    this.parent = parent;
    this.blocks = blocks;
  }
}

/** What `yield content` renders. */
type Content = (context: Expression | undefined) => void;

/** What `return` gave; undefined where nothing was returned. */
type Returned = Value | undefined;

/** A text: its template's name and its bytes. */
interface Place {
  readonly name: string;
  readonly source: string;
}

/** Where content was written. */
interface Around {
  readonly scope: Scope;
  readonly content: Content | undefined;
  readonly text: Place;
}

/** Functions that see the rendering itself. */
const INNER_FUNCTIONS = new Set(['isset', 'exec', 'includeIfExists', 'Error']);

class Rendering {
  readonly #given: RenderContext;
  #output: string[] = [];
  #steps = 0;
  #bytes = 0;
  #depth = 0;
  #scope = new Scope();
  #context: Value = null;
  #content: Content | undefined;
  /** The text that runs, for places in messages. */
  #text: Place = { name: '', source: '' };

  constructor(given: RenderContext) {
    this.#given = given;
  }

  whole(linked: Linked, variables: Readonly<DataObject>): string {
    for (const [name, value] of Object.entries(variables)) this.#scope.variables.set(name, value);
    this.#context = variables;
    this.#run(linked);
    return this.#output.join('');
  }

  // --- bounds and places --------------------------------------------------------------------------------------------

  readonly #step = (count: number): void => {
    this.#steps += count;
    if (this.#steps > MOST_STEPS)
      throw new RenderError(`the rendering takes more than ${MOST_STEPS} steps`, true);
  };

  readonly #grow = (size: number): void => {
    this.#bytes += size;
    if (!(this.#bytes <= MOST_BYTES))
      throw new RenderError(`the rendering makes more than ${MOST_BYTES / 1024 / 1024} MB`, true);
    this.#step(1);
  };

  #write(piece: string): void {
    this.#grow(piece.length);
    this.#output.push(piece);
  }

  #deeper<T>(work: () => T): T {
    if (this.#depth >= MOST_DEPTH)
      throw new RenderError(`more than ${MOST_DEPTH} templates and blocks are within each other`, true);
    this.#depth += 1;
    const result = work();
    this.#depth -= 1;
    return result;
  }

  /** Runs `work` and puts back what it changed of where the rendering stands, also when it fails. */
  #apart<T>(work: () => T): T {
    const [scope, context, content, text, depth] = [
      this.#scope,
      this.#context,
      this.#content,
      this.#text,
      this.#depth,
    ];
    try {
      return work();
    } finally {
      this.#scope = scope;
      this.#context = context;
      this.#content = content;
      this.#text = text;
      this.#depth = depth;
    }
  }

  // --- statements ---------------------------------------------------------------------------------------------------

  #run({ root, blocks }: Linked, context?: Value): Returned {
    return this.#apart(() =>
      this.#deeper(() => {
        if (context !== undefined) this.#context = context;
        this.#scope = new Scope(this.#scope, blocks);
        this.#text = root;
        return this.#body(root.body);
      }),
    );
  }

  /** The variables that a body declares are its own. */
  #body(body: Body): Returned {
    const outer = this.#scope;
    let own = false;
    let returned: Returned;
    for (const statement of body) {
      this.#step(1);
      if (statement.is === 'text') {
        this.#write(statement.text);
        continue;
      }
      if (!own && statement.is === 'action' && statement.set?.declares === true) {
        this.#scope = new Scope(outer);
        own = true;
      }
      const result = this.#placed(statement);
      if (result !== undefined) returned = result;
    }
    this.#scope = outer;
    return returned;
  }

  #placed(statement: Statement): Returned {
    try {
      return this.#statement(statement);
    } catch (error) {
      if (error instanceof RenderError)
        error.place ??= `${this.#text.name}:${lineAt(this.#text.source, statement.at)}`;
      throw error;
    }
  }

  #statement(statement: Statement): Returned {
    switch (statement.is) {
      case 'text':
        return void this.#write(statement.text);
      case 'action':
        if (statement.set !== undefined) this.#assign(statement.set);
        return void this.#action(statement.pipeline);
      case 'if':
        return this.#within(statement.set, () => {
          const { then, otherwise = [] } = statement;
          return this.#body(truth(this.#value(statement.condition)) ? then : otherwise);
        });
      case 'range':
        return this.#range(statement);
      case 'try':
        return this.#try(statement);
      case 'block': {
        const { block, in: place } = this.#block(statement.name) ?? { block: statement, in: this.#text };
        return void this.#yield(block, place, block.params, block.context, block.content);
      }
      case 'yield': {
        const found = this.#block(statement.name);
        if (found === undefined)
          throw new RenderError(
            `there is no block '${statement.name}'${didYouMean(statement.name, this.#blockNames())}`,
          );
        return void this.#yield(
          found.block,
          found.in,
          statement.params,
          statement.context,
          statement.content,
        );
      }
      case 'content':
        return void this.#content?.(statement.context);
      case 'include': {
        const name = text(this.#value(statement.name), 'include');
        const context = statement.context === undefined ? undefined : this.#value(statement.context);
        return this.#run(this.#template(name), context);
      }
      case 'return':
        return this.#value(statement.value);
    }
  }

  #template(name: string): Linked {
    const found = this.#given.find(name, this.#text.name);
    if (found === undefined) throw new RenderError(`there is no template '${name}' in the set`);
    return found;
  }

  /** With the variables of `set`, which `work` alone sees. */
  #within<T>(set: Assignment | undefined, work: () => T): T {
    if (set === undefined) return work();
    const outer = this.#scope;
    if (set.declares) this.#scope = new Scope(outer);
    this.#assign(set);
    const result = work();
    this.#scope = outer;
    return result;
  }

  #assign({ names, values, declares }: Assignment): void {
    const [only] = values;
    const given =
      names.length > values.length && only?.is === 'index'
        ? this.#lookUp(only)
        : values.map((one) => this.#value(one));
    names.forEach((name, index) => {
      this.#set(name, given[index] ?? null, declares);
    });
  }

  #lookUp(index: Extract<Expression, { is: 'index' }>): readonly Value[] {
    const found = this.#isSet(index);
    return [found ? this.#value(index) : null, found];
  }

  #set(name: string | undefined, value: Value, declares: boolean): void {
    if (name === undefined) return;
    if (declares) return void this.#scope.variables.set(name, value);
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.parent)
      if (scope.variables.has(name)) return void scope.variables.set(name, value);
    throw new RenderError(`'${name}' is not declared; write '${name} := ...' first`);
  }

  #range({ set, over, body, otherwise = [] }: Extract<Statement, { is: 'range' }>): Returned {
    const [outer, context] = [this.#scope, this.#context];
    const items = this.#items(this.#value(over));
    if (set?.declares === true) this.#scope = new Scope(outer);
    let [returned, some]: [Returned, boolean] = [undefined, false];
    for (const [key, value] of items) {
      some = true;
      this.#step(1);
      if (set !== undefined) {
        this.#set(set.names[0], key, set.declares);
        if (set.names.length > 1) this.#set(set.names[1], value, set.declares);
      }
      if (set === undefined || set.names.length < 2) this.#context = value;
      returned = this.#body(body);
      if (returned !== undefined) break;
    }
    if (!some) returned = this.#body(otherwise);
    [this.#scope, this.#context] = [outer, context];
    return returned;
  }

  #items(value: Value): Iterable<readonly [Value, Value]> {
    if (value instanceof Ints) return counted(value);
    if (Array.isArray(value)) return value.entries();
    if (!isInner(value) && isMap(value)) return Object.entries(value);
    throw new RenderError(`'range' takes a list or a map, got ${typeOf(value)}`);
  }

  #try({ body, caught, error: name }: Extract<Statement, { is: 'try' }>): Returned {
    const output = this.#output;
    this.#output = [];
    try {
      const returned = this.#apart(() => this.#body(body));
      for (const piece of this.#output) output.push(piece);
      return returned;
    } catch (error) {
      if (!(error instanceof RenderError) || error.isLimit) throw error;
      this.#output = output;
      if (caught === undefined) return undefined;
      return this.#apart(() => {
        this.#scope = new Scope(this.#scope);
        if (name !== undefined) this.#scope.variables.set(name, new Caught(error.told));
        return this.#body(caught);
      });
    } finally {
      this.#output = output;
    }
  }

  #block(name: string): LinkedBlock | undefined {
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.parent) {
      const found = scope.blocks?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #blockNames(): string[] {
    const names: string[] = [];
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.parent)
      names.push(...(scope.blocks?.keys() ?? []));
    return names;
  }

  #yield(
    block: Block,
    place: Place,
    given: readonly BlockParameter[],
    context: Expression | undefined,
    content: Body | undefined,
  ): void {
    this.#apart(() =>
      this.#deeper(() => {
        const around: Around = { scope: this.#scope, content: this.#content, text: this.#text };
        this.#parameters(block, given, place);
        if (content !== undefined) this.#content = (inner) => void this.#contentOf(content, around, inner);
        if (context !== undefined) this.#context = this.#value(context);
        this.#text = place;
        this.#body(block.body);
      }),
    );
  }

  /** A parameter that is not given has its default, or is false. */
  #parameters(block: Block, given: readonly BlockParameter[], place: Place): void {
    const scope = new Scope(this.#scope);
    if (given !== block.params)
      for (const { name, value } of given) {
        if (!block.params.some((param) => param.name === name))
          throw new RenderError(
            `the block '${block.name}' has no parameter '${name}'${didYouMean(
              name,
              block.params.map((param) => param.name),
            )}`,
          );
        if (value !== undefined) scope.variables.set(name, this.#value(value));
      }
    this.#scope = scope;
    const text = this.#text;
    this.#text = place;
    for (const { name, value } of block.params)
      if (!scope.variables.has(name))
        scope.variables.set(name, value === undefined ? false : this.#value(value));
    this.#text = text;
  }

  /** The content of a yield, in the scope in which it was written. */
  #contentOf(body: Body, { scope, content, text }: Around, context: Expression | undefined): void {
    this.#apart(() =>
      this.#deeper(() => {
        if (context !== undefined) this.#context = this.#value(context);
        this.#scope = scope;
        this.#content = content;
        this.#text = text;
        this.#body(body);
      }),
    );
  }

  // --- actions ------------------------------------------------------------------------------------------------------

  #action(pipeline: readonly Expression[]): void {
    let value: Value = null;
    for (const [index, command] of pipeline.entries()) {
      const piped = index === 0 ? undefined : { value };
      if (command.is !== 'call' && piped === undefined) {
        value = this.#value(command);
        continue;
      }
      const [of, args] = command.is === 'call' ? [command.of, command.args] : [command, []];
      const called = this.#value(of);
      if (called instanceof Writer && index === pipeline.length - 1)
        return this.#writeBy(called, this.#arguments(args, piped));
      value = this.#call(called, args, piped);
    }
    if (value instanceof Raw) return this.#write(value.text);
    writeText(value, (piece) => this.#write(escapeHtml(piece)));
  }

  #writeBy({ escape }: Writer, values: readonly Value[]): void {
    for (const value of values) writeText(value, (piece) => this.#write(escape(piece)));
  }

  #arguments(args: readonly Expression[], piped: { readonly value: Value } | undefined): Value[] {
    const hasSlot = args.some(({ is }) => is === 'slot');
    if (hasSlot && piped === undefined)
      throw new RenderError("'_' stands for a piped value, and nothing is piped here");
    const values = args.map((arg) =>
      arg.is === 'slot' && piped !== undefined ? piped.value : this.#value(arg),
    );
    return piped === undefined || hasSlot ? values : [piped.value, ...values];
  }

  #call(called: Value, args: readonly Expression[], piped?: { readonly value: Value }): Value {
    this.#step(1);
    if (called instanceof Writer)
      throw new RenderError(`'${called.name}' writes, so it is the last of its action`);
    if (!(called instanceof Builtin))
      throw new RenderError(`${typeOf(called)} is no function; the values of a template have no methods`);
    const { name, self } = called;
    if (self !== undefined) return self.message;
    if (name === 'isset')
      return (
        (piped === undefined || piped.value !== null) &&
        args.every((arg) => arg.is === 'slot' || this.#isSet(arg))
      );
    const values = this.#arguments(args, piped);
    if (name === 'exec' || name === 'includeIfExists') return this.#other(name, values);
    const known = builtins.get(name);
    if (known === undefined) throw new RenderError(`there is no function '${name}'`);
    if (values.length < known.least || values.length > known.most)
      throw new RenderError(
        `${name}() takes ${known.least === known.most ? '' : 'at least '}${known.least} argument${known.least === 1 ? '' : 's'}, got ${values.length}`,
      );
    return known.run(values, this.#grow);
  }

  #other(name: 'exec' | 'includeIfExists', [first = null, context]: readonly Value[]): Value {
    const template = text(first, `${name}()`);
    if (name === 'includeIfExists') {
      const found = this.#given.find(template, this.#text.name);
      if (found !== undefined) this.#run(found, context);
      return new Hidden(found !== undefined);
    }
    const output = this.#output;
    this.#output = [];
    try {
      return this.#run(this.#template(template), context) ?? null;
    } finally {
      this.#output = output;
    }
  }

  // --- expressions --------------------------------------------------------------------------------------------------

  #value(expression: Expression): Value {
    this.#step(1);
    switch (expression.is) {
      case 'constant':
        return expression.value;
      case 'context':
        return this.#context;
      case 'name':
        return this.#named(expression.name);
      case 'field':
        return this.#fields(this.#context, expression.names, false);
      case 'chain':
        return this.#fields(this.#value(expression.of), expression.names, true);
      case 'index':
        return this.#index(this.#value(expression.of), this.#value(expression.key)) ?? null;
      case 'slice':
        return this.#slice(expression);
      case 'call':
        return this.#call(this.#value(expression.of), expression.args);
      case 'slot':
        throw new RenderError("'_' stands for a piped value, and nothing is piped here");
      case 'not':
        return !truth(this.#value(expression.operand));
      case 'minus':
        return calculate('-', 0, numberOf(this.#value(expression.operand), '-'));
      case 'plus':
        return numberOf(this.#value(expression.operand), '+');
      case 'choice':
        return this.#value(truth(this.#value(expression.condition)) ? expression.then : expression.otherwise);
      case 'binary':
        return this.#binary(expression);
    }
  }

  #named(name: string): Value {
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.parent) {
      const value = scope.variables.get(name);
      if (value !== undefined) return value;
    }
    const { globals } = this.#given;
    if (Object.hasOwn(globals, name)) return globals[name] ?? null;
    const writer = writers.get(name);
    if (writer !== undefined) return writer;
    if (builtins.has(name) || (INNER_FUNCTIONS.has(name) && name !== 'Error')) return new Builtin(name);
    throw new RenderError(`'${name}' is not set${didYouMean(name, this.#names())}`);
  }

  #names(): string[] {
    const names = Object.keys(this.#given.globals);
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.parent)
      names.push(...scope.variables.keys());
    return names;
  }

  /** `lenient`: the last field may be missing, and is nil then. */
  #fields(of: Value, names: readonly string[], lenient: boolean): Value {
    let value = of;
    for (const [index, name] of names.entries()) {
      const found = this.#index(value, name);
      if (found === undefined && !(lenient && index === names.length - 1))
        throw new RenderError(`there is no field '${name}' in ${typeOf(value)}`);
      value = found ?? null;
    }
    return value;
  }

  /** Undefined where a map has no such key. */
  #index(of: Value, key: Value): Value | undefined {
    if (of instanceof Caught && key === 'Error') return new Builtin('Error', of);
    if (typeof of === 'string' || Array.isArray(of)) {
      if (typeof key === 'string' && of.length === 0 && typeof of !== 'string') return undefined; // an empty table
      if (typeof key === 'string') throw new RenderError(`there is no field '${key}' in ${typeOf(of)}`);
      const index = whole(key, 'an index');
      if (index < 0 || index >= of.length)
        throw new RenderError(`index ${index} is out of range of ${of.length} elements`);
      return typeof of === 'string' ? of.charCodeAt(index) : (of[index] ?? null);
    }
    if (isInner(of) || !isMap(of))
      throw new RenderError(
        `there is no field ${typeof key === 'string' ? `'${key}'` : ''} in ${typeOf(of)}`.replace('  ', ' '),
      );
    const name = text(key, 'a map');
    return Object.hasOwn(of, name) ? (of[name] ?? null) : undefined;
  }

  #slice({ of, from, to }: Extract<Expression, { is: 'slice' }>): Value {
    const value = this.#value(of);
    if (typeof value !== 'string' && !Array.isArray(value))
      throw new RenderError(`a slice takes a string or a list, got ${typeOf(value)}`);
    const start = from === undefined ? 0 : whole(this.#value(from), 'a slice');
    const end = to === undefined ? value.length : whole(this.#value(to), 'a slice');
    if (start < 0 || end < start || end > value.length)
      throw new RenderError(`slice [${start}:${end}] is out of range of ${value.length} elements`);
    this.#grow(end - start);
    return value.slice(start, end);
  }

  #binary({ operator, left, right }: Extract<Expression, { is: 'binary' }>): Value {
    const a = this.#value(left);
    if (operator === '&&') return truth(a) && truth(this.#value(right));
    if (operator === '||') return truth(a) || truth(this.#value(right));
    const b = this.#value(right);
    if (operator === '==') return equal(a, b, this.#step);
    if (operator === '!=') return !equal(a, b, this.#step);
    if (operator === '+' && typeof a === 'string') return this.#joined(a, b);
    return calculate(operator, a, b);
  }

  #joined(first: string, second: Value): string {
    const pieces = [first];
    this.#grow(first.length);
    writeText(plain(second, "'+'"), (piece) => {
      this.#grow(piece.length);
      pieces.push(piece);
    });
    return pieces.join('');
  }

  /** Whether an expression has a value that is not nil. */
  #isSet(expression: Expression): boolean {
    try {
      return this.#apart(() => this.#value(expression)) !== null;
    } catch (error) {
      if (error instanceof RenderError && !error.isLimit) return false;
      throw error;
    }
  }
}

function* counted({ from, to }: Ints): Iterable<readonly [Value, Value]> {
  for (let value = from; value < to; value++) yield [value - from, value];
}

function lineAt(source: string, at: number): number {
  let line = 1;
  for (let index = source.indexOf('\n'); index >= 0 && index < at; index = source.indexOf('\n', index + 1))
    line += 1;
  return line;
}
