// Statements of every kind, in scopes that keep track of names, types and cost.
import { Expressions } from './expressions.js';
import { coroutineSection } from './coroutines.js';
import { errorStatement } from './errors.js';
import { libraryStatement } from './library.js';
import { closures, gotoLoop, nestedBreak, varargs } from './functions.js';
import { metatableSection, methodSection } from './metatables.js';
import type { Random } from './random.js';
import type { Callee, Names, Scope, Type, Writing } from './scope.js';
import { around, line } from './tree.js';
import type { Statement } from './tree.js';

/** Deeper blocks hold simple statements only. */
const MAX_DEPTH = 5;

/** Statements of a program, about; past that only simple ones. */
const MAX_STATEMENTS = 28;

const BASIC: readonly Type[] = ['int', 'int', 'int', 'float', 'string', 'string', 'boolean'];
const STORED: readonly Type[] = [...BASIC, 'int', 'ints', 'record', 'strings'];

type Make = (scope: Scope) => readonly Statement[];

export class Statements {
  readonly random: Random;
  readonly names: Names;
  readonly expressions: Expressions;
  #written = 0;

  constructor(writing: Writing) {
    this.random = writing.random;
    this.names = writing.names;
    this.expressions = new Expressions(writing);
  }

  /** Some statements; `scope` is theirs alone. */
  block(scope: Scope, count = this.random.between(1, 3)): Statement[] {
    const made: Statement[] = [];
    for (; count > 0; count--) made.push(...this.one(scope));
    return made;
  }

  one(scope: Scope): readonly Statement[] {
    scope.spend();
    this.#written += 1;
    const deep = scope.depth >= MAX_DEPTH || this.#written > MAX_STATEMENTS || !scope.affords(60);
    return this.random.weighted<Make>(deep ? this.#simple : this.#all)(scope);
  }

  readonly #simple: readonly (readonly [number, Make])[] = [
    [10, (scope) => this.#declare(scope)],
    [10, (scope) => this.#assign(scope)],
    [8, (scope) => [this.show(scope)]],
    [5, (scope) => this.#change(scope)],
    [2, (scope) => this.#leave(scope)],
    [2, (scope) => this.#callStatement(scope)],
    [3, (scope) => libraryStatement(this, scope)],
    [1, (scope) => errorStatement(this, scope)],
  ];

  /** A statement that declares nothing and holds no block. */
  change(scope: Scope): readonly Statement[] {
    scope.spend();
    const targets = scope.find(({ mutable, type }) => mutable && type !== 'any', true);
    return this.random.chance(60) && targets.length > 0 ? this.#assign(scope) : this.#change(scope);
  }

  readonly #all: readonly (readonly [number, Make])[] = [
    ...this.#simple,
    [6, (scope) => [this.#branch(scope)]],
    [4, (scope) => [this.#countingLoop(scope)]],
    [1, (scope) => [this.#floatLoop(scope)]],
    [2, (scope) => this.#whileLoop(scope)],
    [2, (scope) => this.#repeatLoop(scope)],
    [3, (scope) => this.#traversal(scope)],
    [4, (scope) => this.#function(scope)],
    [1, (scope) => [around('do', this.block(scope.block()))]],
    [2, (scope) => gotoLoop(this, scope)],
    [2, (scope) => nestedBreak(this, scope)],
    [2, (scope) => closures(this, scope)],
    [2, (scope) => varargs(this, scope)],
    [2, (scope) => [this.protect(scope)]],
    [2, (scope) => metatableSection(this, scope)],
    [1, (scope) => methodSection(this, scope)],
    [3, (scope) => coroutineSection(this, scope)],
    [1, (scope) => this.#multiple(scope)],
  ];

  show(scope: Scope): Statement {
    const count = this.random.between(1, 3);
    return line(`show(${Array.from({ length: count }, () => this.expressions.any(scope)).join(', ')})`);
  }

  /** Statements in a protected call, whose results are shown. */
  protect(scope: Scope, count = this.random.between(2, 5)): Statement {
    const inner = scope.function({ returns: ['any', 'any'] });
    const body = this.block(inner, count);
    if (this.random.chance(50)) body.push(line(`return ${this.expressions.list(['any', 'any'], inner)}`));
    scope.spend(inner.spent.cost);
    const call = this.random.chance(80) ? 'pcall(function()' : 'xpcall(function()';
    const close = call.startsWith('x')
      ? `end, function(m) ${this.random.pick(['return m', "return 'handled ' .. tostring(m)", 'return m, 1', 'return #m'])} end))`
      : 'end))';
    return around(`show(${call}`, body, close);
  }

  name(type: Type): string {
    return this.names.fresh(type.charAt(0));
  }

  #declare(scope: Scope): Statement[] {
    if (this.random.chance(12)) return this.#declareSeveral(scope);
    const type = this.random.pick(STORED);
    const name = this.name(type);
    const made = line(`local ${name} = ${this.expressions.of(type, scope)}`);
    scope.declare(name, type);
    return [made];
  }

  #declareSeveral(scope: Scope): Statement[] {
    const types = Array.from({ length: this.random.between(2, 3) }, () => this.random.pick(BASIC));
    const names = types.map((type) => this.name(type));
    const callees = scope.visibleCallees((callee) => callee.results.length > 1);
    let values = this.expressions.list(types, scope);
    if (callees.length > 0 && this.random.chance(60)) {
      const callee = this.random.pick(callees);
      scope.spend(callee.cost);
      values = `${callee.name}(${this.expressions.arguments(callee, scope)})`;
      names.forEach((name, at) => scope.declare(name, callee.results[at] ?? 'any'));
    } else names.forEach((name, at) => scope.declare(name, types[at] ?? 'any'));
    return [line(`local ${names.join(', ')} = ${values}`)];
  }

  #assign(scope: Scope): Statement[] {
    const targets = scope.find(({ mutable, type }) => mutable && type !== 'any', true);
    if (targets.length === 0) return this.#declare(scope);
    const { name, type } = this.random.pick(targets);
    const value = this.expressions.of(type, scope);
    return [line(`${name} = ${type === 'string' ? `cut(${value})` : value}`)];
  }

  /** Changes a table. */
  #change(scope: Scope): Statement[] {
    const lists = scope.find(({ type }) => type === 'ints', true);
    const records = scope.find(({ type }) => type === 'record', true);
    if (lists.length > 0 && (records.length === 0 || this.random.chance(55))) {
      const { name } = this.random.pick(lists);
      const value = this.expressions.int(scope, 2);
      return [
        line(
          this.random.weighted([
            [6, `if #${name} < 40 then ${name}[#${name} + 1] = ${value} end`],
            [3, `if #${name} < 40 then table.insert(${name}, ${value}) end`],
            [3, `if #${name} < 40 then table.insert(${name}, ${this.random.between(1, 2)}, ${value}) end`],
            [4, `table.remove(${name})`],
            [2, `table.remove(${name}, 1)`],
            [2, `if ${name}[1] then ${name}[1] = ${value} end`],
            [2, `${name}[#${name}] = nil`],
            [3, `table.sort(${name})`],
            [2, `table.sort(${name}, function(x, y) return x > y end)`],
            [1, `${name} = table.move(${name}, 1, #${name}, 2, {${value}})`],
          ]),
        ),
      ];
    }
    if (records.length === 0) return [this.show(scope)];
    const { name } = this.random.pick(records);
    const field = this.random.pick(['a', 'b', 'c', 'd', 'e']);
    const value = this.random.chance(15) ? 'nil' : this.expressions.int(scope, 2);
    return [line(this.random.chance(70) ? `${name}.${field} = ${value}` : `${name}['${field}'] = ${value}`)];
  }

  #leave(scope: Scope): Statement[] {
    const condition = this.expressions.boolean(scope, 2);
    if (scope.around.loop && this.random.chance(60)) return [line(`if ${condition} then break end`)];
    const { returns } = scope.around;
    if (returns === undefined) return [this.show(scope)];
    return [line(`if ${condition} then return ${this.expressions.list(returns, scope, 1)} end`)];
  }

  #callStatement(scope: Scope): Statement[] {
    const callees = scope.visibleCallees(() => true);
    if (callees.length === 0) return [this.show(scope)];
    const callee = this.random.pick(callees);
    if (!callee.pure && scope.around.pure) return [this.show(scope)];
    scope.spend(callee.cost);
    const call = `${callee.name}(${this.expressions.arguments(callee, scope)})`;
    return [line(this.random.chance(70) ? `show(${call})` : call)];
  }

  #branch(scope: Scope): Statement {
    const texts = [`if ${this.expressions.boolean(scope)} then`];
    const blocks = [this.block(scope.block())];
    if (this.random.chance(25)) {
      texts.push(`elseif ${this.expressions.boolean(scope)} then`);
      blocks.push(this.block(scope.block()));
    }
    if (this.random.chance(50)) {
      texts.push('else');
      blocks.push(this.block(scope.block()));
    }
    return { texts: [...texts, 'end'], blocks };
  }

  #countingLoop(scope: Scope): Statement {
    const name = this.name('int');
    const passes = this.random.between(1, 9);
    const inner = scope.block(passes, { loop: true });
    inner.declare(name, 'int', this.random.chance(10));
    const start = this.random.chance(80) ? this.random.between(-3, 5) : undefined;
    const step = this.random.weighted([
      [6, 1],
      [2, -1],
      [2, 3],
      [1, -2],
    ]);
    const base =
      start === undefined
        ? this.random.pick(['9007199254740990', '-9007199254740995', '2147483645', '9223372036854775700'])
        : String(start);
    const limit = `${base} + ${passes * step}`;
    const by = step === 1 && this.random.chance(70) ? '' : `, ${step}`;
    return around(`for ${name} = ${base}, ${limit}${by} do`, this.block(inner));
  }

  #floatLoop(scope: Scope): Statement {
    const name = this.name('float');
    const inner = scope.block(6, { loop: true });
    inner.declare(name, 'float');
    const bounds = this.random.pick([
      '0.5, 3',
      '1.0, 3',
      '1, 2, 0.25',
      '3, 0.5, -0.75',
      '1, 3.5',
      '-1.0, 1.0, 0.5',
      '1, 1.6, 0.125',
    ]);
    return around(`for ${name} = ${bounds} do`, this.block(inner));
  }

  #whileLoop(scope: Scope): Statement[] {
    const counter = this.name('int');
    const passes = this.random.between(1, 6);
    scope.declare(counter, 'int', false);
    const inner = scope.block(passes, { loop: true });
    const body = [line(`${counter} = ${counter} + 1`), ...this.block(inner)];
    const condition = this.random.chance(40) ? ` and ${this.expressions.boolean(scope, 2)}` : '';
    return [line(`local ${counter} = 0`), around(`while ${counter} < ${passes}${condition} do`, body)];
  }

  #repeatLoop(scope: Scope): Statement[] {
    const counter = this.name('int');
    const passes = this.random.between(1, 5);
    scope.declare(counter, 'int', false);
    const inner = scope.block(passes, { loop: true });
    const last = this.name('int');
    const body = [
      line(`${counter} = ${counter} + 1`),
      ...this.block(inner),
      line(`local ${last} = ${this.expressions.int(inner, 2)}`),
    ];
    const condition = this.random.chance(50) ? `${last} % 3 == 0 or ` : '';
    return [
      line(`local ${counter} = 0`),
      around('repeat', body, `until ${condition}${counter} >= ${passes}`),
    ];
  }

  #traversal(scope: Scope): Statement[] {
    const key = this.name('int');
    const value = this.name('int');
    const inner = scope.block(5, { loop: true });
    const lists = scope.ofType('ints');
    if (lists.length === 0 || this.random.chance(25)) {
      inner.declare(value, 'string', false);
      const text = this.expressions.string(scope, 2);
      return [
        around(
          `for ${value} in string.gmatch(cut(${text}), ${this.random.pick(["'%a+'", "'.'", "'%d'", "'(%w)%w*'", "'[^,]*'"])}) do`,
          this.block(inner),
        ),
      ];
    }
    const { name } = this.random.pick(lists);
    inner.declare(key, 'int', false);
    inner.declare(value, 'int', false);
    const open = this.random.weighted([
      [5, `for ${key}, ${value} in ipairs(${name}) do`],
      [2, `for ${key}, ${value} in next, {${this.expressions.int(scope, 1)}} do`],
      [2, `for ${key}, ${value} in pairs({${this.expressions.int(scope, 1)}}) do`],
    ]);
    const body = [...this.block(inner), line(`if ${key} > 6 then break end`)];
    if (this.random.chance(70)) return [around(open, body)];
    // The order of pairs is open: only sums and counts are shown.
    const sum = this.name('int');
    scope.declare(sum, 'int');
    const record = this.expressions.record(scope);
    return [
      line(`local ${sum} = 0`),
      line(`for ${key}, ${value} in pairs(${record}) do ${sum} = ${sum} + ${value} + #${key} end`),
      line(`show(${sum})`),
    ];
  }

  #function(scope: Scope): Statement[] {
    const name = this.names.fresh('f');
    const parameters = Array.from({ length: this.random.between(0, 3) }, () => this.random.pick(BASIC));
    const results = Array.from({ length: this.random.between(1, 3) }, () => this.random.pick(BASIC));
    const pure = this.random.chance(60) || scope.around.pure;
    const varargs = this.random.chance(20);
    const inner = scope.function({ returns: results, pure, varargs });
    const names = parameters.map((type) => this.name(type));
    names.forEach((parameter, at) => inner.declare(parameter, parameters[at] ?? 'any'));
    const body = this.block(inner, this.random.between(1, 4));
    body.push(line(`return ${this.expressions.list(results, inner)}`));
    const callee: Callee = { name, parameters, results, pure, cost: inner.spent.cost + 1 };
    scope.callees.push(callee);
    const list = [...names, ...(varargs ? ['...'] : [])].join(', ');
    const open = this.random.chance(70)
      ? `local function ${name}(${list})`
      : `local ${name} = function(${list})`;
    return [around(open, body)];
  }

  #multiple(scope: Scope): Statement[] {
    const targets = scope.find(({ mutable, type }) => mutable && type === 'int', true);
    if (targets.length < 2) return this.#declareSeveral(scope);
    const one = this.random.pick(targets);
    const two = this.random.pick(targets);
    if (one === two) return this.#declareSeveral(scope);
    const list = this.name('ints');
    return [
      line(`${one.name}, ${two.name} = ${two.name}, ${one.name}`),
      line(`local ${list} = {10, 20, 30}`),
      line(
        `${one.name}, ${list}[${this.random.between(1, 3)}], ${two.name} = ${this.expressions.list(['int', 'int'], scope)}`,
      ),
      line(`${two.name} = ${two.name} or 0`),
      line(`show(${one.name}, ${two.name}, ${list}[1], ${list}[2], ${list}[3])`),
    ];
  }
}
