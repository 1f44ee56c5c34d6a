// The syntax tree of type annotations. They are parsed with their places and erased: no engine reads them. Sealed.
// Tools (completion, a later checker) do; so nothing that was written is lost, except parentheses.
import type { Expression } from './tree.js';

interface TypeBase {
  /** 1-based line and column (in bytes) where the type begins. */
  readonly line: number;
  readonly column: number;
}

export type TypeNode =
  | NamedType
  | LiteralType
  | OptionalType
  | UnionType
  | IntersectionType
  | FunctionType
  | RecordType
  | ArrayType
  | TypeofType
  | PackType
  | VariadicType
  | AnnotatedType;

/** `number`, `Result<User, string>`, `orders.Order`. */
export interface NamedType extends TypeBase {
  readonly kind: 'named';
  /** Names before the last dot: `['orders']` for `orders.Order`. */
  readonly path: readonly string[];
  readonly name: string;
  readonly arguments: readonly TypeNode[];
}
/** A literal, or `nil` (undefined). Integers beyond 2^53 are bigint. */
export interface LiteralType extends TypeBase {
  readonly kind: 'literal';
  readonly value: string | number | bigint | boolean | undefined;
}
/** `T?` */
export interface OptionalType extends TypeBase {
  readonly kind: 'optional';
  readonly type: TypeNode;
}
export interface UnionType extends TypeBase {
  readonly kind: 'union';
  readonly types: readonly TypeNode[];
}
export interface IntersectionType extends TypeBase {
  readonly kind: 'intersection';
  readonly types: readonly TypeNode[];
}
export interface TypeParameter extends TypeBase {
  readonly name: string;
  /** `T...` */
  readonly pack: boolean;
  /** `T: Bound` */
  readonly bound: TypeNode | undefined;
  /** `T = Default` */
  readonly otherwise: TypeNode | undefined;
}
export interface FunctionTypeParameter extends TypeBase {
  readonly name: string | undefined;
  readonly optional: boolean;
  readonly type: TypeNode;
}
/** `<T>(a: number, ...string) -> T` */
export interface FunctionType extends TypeBase {
  readonly kind: 'functionType';
  readonly generics: readonly TypeParameter[];
  readonly parameters: readonly FunctionTypeParameter[];
  readonly variadic: TypeNode | undefined;
  readonly returns: TypeNode;
}
export interface RecordField extends TypeBase {
  readonly name: string;
  readonly optional: boolean;
  readonly readonly: boolean;
  readonly type: TypeNode;
}
export interface RecordIndexer extends TypeBase {
  readonly key: TypeNode;
  readonly readonly: boolean;
  readonly type: TypeNode;
}
/** `{name: string, age?: number, [string]: any}` */
export interface RecordType extends TypeBase {
  readonly kind: 'record';
  readonly fields: readonly RecordField[];
  readonly indexers: readonly RecordIndexer[];
}
/** `{T}` or `T[]` */
export interface ArrayType extends TypeBase {
  readonly kind: 'array';
  readonly readonly: boolean;
  readonly element: TypeNode;
}
/** `typeof(expression)`; the expression is parsed, never run. */
export interface TypeofType extends TypeBase {
  readonly kind: 'typeof';
  readonly expression: Expression;
}
/** `(A, B)` or `()` where several values are meant: the returns of a function. */
export interface PackType extends TypeBase {
  readonly kind: 'pack';
  readonly types: readonly TypeNode[];
}
/** `...T` or `T...` inside a pack. */
export interface VariadicType extends TypeBase {
  readonly kind: 'variadic';
  readonly type: TypeNode;
}
export interface TypeAnnotation extends TypeBase {
  readonly name: string;
  readonly arguments: readonly (string | number | bigint | boolean | undefined)[];
}
/** `number @min(0) @max(100)` */
export interface AnnotatedType extends TypeBase {
  readonly kind: 'annotated';
  readonly type: TypeNode;
  readonly annotations: readonly TypeAnnotation[];
}
