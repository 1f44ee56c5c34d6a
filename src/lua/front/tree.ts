// The syntax tree of a Lua chunk, with its scopes resolved: what the compiler reads. Sealed.
// A1: nodes are readonly once `parseChunk` has returned, tagged by `kind`, and total switches over them end in `unreachable`.
// A2: `line` and `column` are 1-based, columns in bytes. They are PUC's line for the error the node can raise: a call has the
//     line where its prefix begins, an operator its own, an index its key's.
// A3: every name is resolved: `local` (of this function), `upvalue` (of an enclosing one) or `global` (a field of _ENV).
// A4: types are in the tree for tools only; `cast` and `nonNil` mean at run time what `paren` means: exactly one value.
// One file, though long: types and expressions name each other.

interface NodeBase {
  readonly line: number;
  readonly column: number;
}

/** A local variable, parameter or loop variable. */
export interface Variable extends NodeBase {
  /** Unique in the chunk, counted from 0. */
  readonly id: number;
  readonly name: string;
  readonly role: 'local' | 'parameter' | 'self' | 'function' | 'loop';
  readonly owner: FunctionBody;
  /** Some nested function uses it. */
  readonly captured: boolean;
  /** Assigned after its declaration (`local x` then `x = 1` counts). */
  readonly assigned: boolean;
  readonly attribute: 'const' | 'close' | undefined;
  /** Loops of its own function around the declaration; more than 0 and captured: a fresh one each pass. Loops made by goto do not count. */
  readonly loopDepth: number;
  /** The expression it alone is initialised with, where that gives one value (`local f = math.floor`, `local function`). */
  readonly initializer: Expression | undefined;
  readonly type: TypeNode | undefined;
}

/** A label and the gotos that reach it. */
export interface Label extends NodeBase {
  /** Unique in the chunk, counted from 0. */
  readonly id: number;
  readonly name: string;
  /** Only labels, semicolons and type aliases follow in its block (`::continue::`). */
  readonly atEnd: boolean;
  /** Gotos before the label, and after it (these make a loop). */
  readonly forward: number;
  readonly backward: number;
}

export interface Block {
  readonly statements: readonly Statement[];
  /** Variables whose scope ends with this block, in order of declaration (loop variables and parameters included). */
  readonly variables: readonly Variable[];
  /** Labels that stand directly in this block. */
  readonly labels: readonly Label[];
  /** One of the variables is `<close>`. */
  readonly closes: boolean;
}

export interface FunctionBody extends NodeBase {
  readonly kind: 'function';
  /** Unique in the chunk; 0 is the main function. */
  readonly id: number;
  /** For tracebacks: `f`, `a.b.c`, `a.b:m`, or what an anonymous function is first stored in; undefined: nothing known. */
  readonly name: string | undefined;
  readonly parent: FunctionBody | undefined;
  /** Includes `self` of `function a:m()`, first. */
  readonly parameters: readonly Variable[];
  /** Declared with `...`. */
  readonly hasVarargs: boolean;
  /** `...` is used in its body (not counting nested functions). */
  readonly usesVarargs: boolean;
  readonly body: Block;
  /** Variables of enclosing functions that it or a function nested in it uses, in order of first use. */
  readonly upvalues: readonly Variable[];
  /** It or a function nested in it uses _ENV, for a global or by name. */
  readonly usesEnvironment: boolean;
  /** Functions directly nested in it. */
  readonly functions: readonly FunctionBody[];
  /** How many operators of two operands it has, not counting nested functions. */
  readonly operators: number;
  /** Line of its `end`. */
  readonly endLine: number;
  readonly generics: readonly TypeParameter[];
  readonly varargType: TypeNode | undefined;
  readonly returnType: TypeNode | undefined;
}

export interface Chunk {
  /** As in error messages, e.g. `orders/order.lua`. */
  readonly file: string;
  readonly main: FunctionBody;
  /** All functions by id. */
  readonly functions: readonly FunctionBody[];
  /** All variables by id. */
  readonly variables: readonly Variable[];
  /** How many labels there are. */
  readonly labels: number;
  /** The chunk's own _ENV is read by name, or assigned. Most chunks do neither. */
  readonly readsEnvironment: boolean;
  readonly assignsEnvironment: boolean;
  readonly types: readonly TypeAlias[];
}

// ------------------------------------------------------------------------------------------------ expressions

export type Expression =
  | NilExpression
  | BooleanExpression
  | IntegerExpression
  | FloatExpression
  | StringExpression
  | VarargExpression
  | LocalExpression
  | UpvalueExpression
  | GlobalExpression
  | EnvironmentExpression
  | IndexExpression
  | CallExpression
  | MethodExpression
  | FunctionBody
  | BinaryExpression
  | LogicalExpression
  | UnaryExpression
  | TableExpression
  | ParenExpression
  | CastExpression
  | NonNilExpression;

/** Expressions that may give any number of values where several fit. */
export type MultiExpression = VarargExpression | CallExpression | MethodExpression;
export type Assignable =
  LocalExpression | UpvalueExpression | GlobalExpression | EnvironmentExpression | IndexExpression;

export interface NilExpression extends NodeBase {
  readonly kind: 'nil';
}
export interface BooleanExpression extends NodeBase {
  readonly kind: 'boolean';
  readonly value: boolean;
}
export interface IntegerExpression extends NodeBase {
  readonly kind: 'integer';
  /** A number within [-2^53, 2^53), else a bigint of 64 bits, signed. */
  readonly value: number | bigint;
}
export interface FloatExpression extends NodeBase {
  readonly kind: 'float';
  readonly value: number;
}
export interface StringExpression extends NodeBase {
  readonly kind: 'string';
  /** One char (0..255) per byte. */
  readonly value: string;
}
export interface VarargExpression extends NodeBase {
  readonly kind: 'vararg';
}
export interface LocalExpression extends NodeBase {
  readonly kind: 'local';
  readonly variable: Variable;
}
export interface UpvalueExpression extends NodeBase {
  readonly kind: 'upvalue';
  readonly variable: Variable;
}
/** A field of the chunk's own _ENV. Where a variable named _ENV is in scope, a global is an `index` of it instead. */
export interface GlobalExpression extends NodeBase {
  readonly kind: 'global';
  readonly name: string;
}
/** The chunk's own _ENV, named in the source. */
export interface EnvironmentExpression extends NodeBase {
  readonly kind: 'environment';
}
export interface IndexExpression extends NodeBase {
  readonly kind: 'index';
  readonly object: Expression;
  readonly key: Expression;
}
export interface CallExpression extends NodeBase {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly arguments: readonly Expression[];
}
/** `object:name(...)` */
export interface MethodExpression extends NodeBase {
  readonly kind: 'method';
  readonly object: Expression;
  readonly name: string;
  readonly arguments: readonly Expression[];
}
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '//' | '%' | '^';
export type BitOperator = '&' | '|' | '~' | '<<' | '>>';
export type ComparisonOperator = '==' | '~=' | '<' | '<=' | '>' | '>=';
export type BinaryOperator = ArithmeticOperator | BitOperator | ComparisonOperator | '..';
export interface BinaryExpression extends NodeBase {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  /** Where it ends. PUC gives this line to comparisons that fail, and that of the operator to all others. */
  readonly endLine: number;
}
export interface LogicalExpression extends NodeBase {
  readonly kind: 'logical';
  readonly operator: 'and' | 'or';
  readonly left: Expression;
  readonly right: Expression;
}
export type UnaryOperator = '-' | 'not' | '#' | '~';
export interface UnaryExpression extends NodeBase {
  readonly kind: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}
export type TableItem =
  /** `value`: the next position; a multi-valued expression in the last item gives all its values. */
  | { readonly kind: 'position'; readonly value: Expression }
  /** `name = value` */
  | {
      readonly kind: 'named';
      readonly name: string;
      readonly value: Expression;
      readonly line: number;
      readonly column: number;
    }
  /** `[key] = value` */
  | {
      readonly kind: 'keyed';
      readonly key: Expression;
      readonly value: Expression;
      readonly line: number;
      readonly column: number;
    };
export interface TableExpression extends NodeBase {
  readonly kind: 'table';
  readonly items: readonly TableItem[];
}
/** Kept only around a MultiExpression, where it cuts to one value. */
export interface ParenExpression extends NodeBase {
  readonly kind: 'paren';
  readonly expression: Expression;
}
/** `x :: T` or `x as T` */
export interface CastExpression extends NodeBase {
  readonly kind: 'cast';
  readonly expression: Expression;
  readonly type: TypeNode;
}
/** `x!` */
export interface NonNilExpression extends NodeBase {
  readonly kind: 'nonNil';
  readonly expression: Expression;
}

// ------------------------------------------------------------------------------------------------- statements

export type Statement =
  | LocalStatement
  | LocalFunctionStatement
  | AssignmentStatement
  | CallStatement
  | DoStatement
  | WhileStatement
  | RepeatStatement
  | IfStatement
  | NumericForStatement
  | GenericForStatement
  | FunctionStatement
  | ReturnStatement
  | BreakStatement
  | GotoStatement
  | LabelStatement
  | TypeAlias;

/** `local a, b <const> = 1, 2` */
export interface LocalStatement extends NodeBase {
  readonly kind: 'localStatement';
  readonly variables: readonly Variable[];
  readonly values: readonly Expression[];
}
/** `local function f() end`: the variable is in scope in the body. */
export interface LocalFunctionStatement extends NodeBase {
  readonly kind: 'localFunction';
  readonly variable: Variable;
  readonly function: FunctionBody;
}
export interface AssignmentStatement extends NodeBase {
  readonly kind: 'assignment';
  readonly targets: readonly Assignable[];
  readonly values: readonly Expression[];
}
export interface CallStatement extends NodeBase {
  readonly kind: 'callStatement';
  readonly call: CallExpression | MethodExpression;
}
export interface DoStatement extends NodeBase {
  readonly kind: 'do';
  readonly body: Block;
}
export interface WhileStatement extends NodeBase {
  readonly kind: 'while';
  readonly condition: Expression;
  readonly body: Block;
}
/** The condition sees the variables of the body. */
export interface RepeatStatement extends NodeBase {
  readonly kind: 'repeat';
  readonly body: Block;
  readonly condition: Expression;
}
export interface IfClause extends NodeBase {
  readonly condition: Expression;
  readonly body: Block;
}
export interface IfStatement extends NodeBase {
  readonly kind: 'if';
  readonly clauses: readonly IfClause[];
  readonly otherwise: Block | undefined;
}
export interface NumericForStatement extends NodeBase {
  readonly kind: 'numericFor';
  readonly variable: Variable;
  readonly start: Expression;
  readonly limit: Expression;
  readonly step: Expression | undefined;
  readonly body: Block;
  /** Line of its `do`, where PUC finds values that are no numbers. */
  readonly doLine: number;
}
export interface GenericForStatement extends NodeBase {
  readonly kind: 'genericFor';
  readonly variables: readonly Variable[];
  readonly values: readonly Expression[];
  readonly body: Block;
}
/** `function a.b:m() end`, an assignment to `target`. */
export interface FunctionStatement extends NodeBase {
  readonly kind: 'functionStatement';
  readonly target: Assignable;
  readonly function: FunctionBody;
}
/** Always the last statement of its block. One call as the only value is a tail call in Lua. */
export interface ReturnStatement extends NodeBase {
  readonly kind: 'return';
  readonly values: readonly Expression[];
}
/** Leaves the innermost loop. */
export interface BreakStatement extends NodeBase {
  readonly kind: 'break';
}
export interface GotoStatement extends NodeBase {
  readonly kind: 'goto';
  readonly name: string;
  readonly label: Label;
  readonly direction: 'forward' | 'backward';
}
export interface LabelStatement extends NodeBase {
  readonly kind: 'label';
  readonly label: Label;
}
/** `type T<U> = ...`, erased. */
export interface TypeAlias extends NodeBase {
  readonly kind: 'typeAlias';
  readonly name: string;
  readonly exported: boolean;
  readonly generics: readonly TypeParameter[];
  readonly type: TypeNode;
}

// ------------------------------------------------------------------------------- types (tools only, erased)

export type TypeNode =
  | NamedType
  | LiteralType
  | OptionalType
  | UnionType
  | IntersectionType
  | FunctionType
  | RecordType
  | ArrayType
  | ReadonlyType
  | TypeofType
  | PackType
  | VariadicType
  | AnnotatedType;

/** `number`, `Result<User, string>`, `orders.Order`. */
export interface NamedType extends NodeBase {
  readonly kind: 'named';
  /** Names before the last dot: `['orders']` for `orders.Order`. */
  readonly path: readonly string[];
  readonly name: string;
  readonly arguments: readonly TypeNode[];
}
/** A literal, or `nil` (undefined). Integers beyond 2^53 are bigint. */
export interface LiteralType extends NodeBase {
  readonly kind: 'literal';
  readonly value: string | number | bigint | boolean | undefined;
}
/** `T?` */
export interface OptionalType extends NodeBase {
  readonly kind: 'optional';
  readonly type: TypeNode;
}
export interface UnionType extends NodeBase {
  readonly kind: 'union';
  readonly types: readonly TypeNode[];
}
export interface IntersectionType extends NodeBase {
  readonly kind: 'intersection';
  readonly types: readonly TypeNode[];
}
export interface TypeParameter extends NodeBase {
  readonly name: string;
  /** `T...` */
  readonly pack: boolean;
  /** `T: Bound` */
  readonly bound: TypeNode | undefined;
  /** `T = Default` */
  readonly otherwise: TypeNode | undefined;
}
export interface FunctionTypeParameter extends NodeBase {
  readonly name: string | undefined;
  readonly optional: boolean;
  readonly type: TypeNode;
}
/** `<T>(a: number, ...string) -> T` */
export interface FunctionType extends NodeBase {
  readonly kind: 'functionType';
  readonly generics: readonly TypeParameter[];
  readonly parameters: readonly FunctionTypeParameter[];
  readonly variadic: VariadicType | undefined;
  readonly returns: TypeNode;
}
export interface RecordField extends NodeBase {
  readonly name: string;
  readonly optional: boolean;
  readonly readonly: boolean;
  readonly type: TypeNode;
}
export interface RecordIndexer extends NodeBase {
  readonly key: TypeNode;
  readonly readonly: boolean;
  readonly type: TypeNode;
}
/** `{name: string, age?: number, [string]: any}` */
export interface RecordType extends NodeBase {
  readonly kind: 'record';
  readonly fields: readonly RecordField[];
  readonly indexers: readonly RecordIndexer[];
}
/** `{T}` or `T[]` */
export interface ArrayType extends NodeBase {
  readonly kind: 'array';
  readonly element: TypeNode;
}
/** `readonly {T}` */
export interface ReadonlyType extends NodeBase {
  readonly kind: 'readonly';
  readonly type: TypeNode;
}
/** `typeof(expression)`; the expression is parsed, never run. */
export interface TypeofType extends NodeBase {
  readonly kind: 'typeof';
  readonly expression: Expression;
}
/** `(A, B)` or `()` where several values are meant: the returns of a function. */
export interface PackType extends NodeBase {
  readonly kind: 'pack';
  readonly types: readonly TypeNode[];
}
/** `...T` or `T...` inside a pack. */
export interface VariadicType extends NodeBase {
  readonly kind: 'variadic';
  readonly type: TypeNode;
}
export interface TypeAnnotation extends NodeBase {
  readonly name: string;
  readonly arguments: readonly (string | number | bigint | boolean | undefined)[];
}
/** `number @min(0) @max(100)` */
export interface AnnotatedType extends NodeBase {
  readonly kind: 'annotated';
  readonly type: TypeNode;
  readonly annotations: readonly TypeAnnotation[];
}
