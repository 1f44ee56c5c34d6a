// The tree of a template. Strings are bytes; `at` is an offset into the source. Sealed.
import type { Data } from '../../core/data.js';

export type BinaryOperator =
  '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '&&' | '||';

export type Expression = { readonly at: number } & (
  | { readonly is: 'constant'; readonly value: Data }
  /** `.` */
  | { readonly is: 'context' }
  | { readonly is: 'name'; readonly name: string }
  /** `.a.b`: of the context. */
  | { readonly is: 'field'; readonly names: readonly string[] }
  /** `x.a.b` */
  | { readonly is: 'chain'; readonly of: Expression; readonly names: readonly string[] }
  | { readonly is: 'index'; readonly of: Expression; readonly key: Expression }
  | {
      readonly is: 'slice';
      readonly of: Expression;
      readonly from: Expression | undefined;
      readonly to: Expression | undefined;
    }
  | { readonly is: 'call'; readonly of: Expression; readonly args: readonly Expression[] }
  /** `_`: where a piped value goes; on the left of an assignment nothing is kept. */
  | { readonly is: 'slot' }
  | { readonly is: 'not' | 'minus' | 'plus'; readonly operand: Expression }
  | {
      readonly is: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly is: 'choice';
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
);

export interface Assignment {
  readonly at: number;
  /** `:=` makes the variables, `=` finds them. */
  readonly declares: boolean;
  /** Undefined for `_`. */
  readonly names: readonly (string | undefined)[];
  /** As many as names, or one that is looked up: `value, found := map["key"]`. */
  readonly values: readonly Expression[];
}

export interface BlockParameter {
  readonly name: string;
  readonly value: Expression | undefined;
}

export type Statement = { readonly at: number } & (
  | { readonly is: 'text'; readonly text: string }
  /** `x := 1; x | upper`: the value of the first command goes into the second, and so on. */
  | {
      readonly is: 'action';
      readonly set: Assignment | undefined;
      readonly pipeline: readonly Expression[];
    }
  | {
      readonly is: 'if';
      readonly set: Assignment | undefined;
      readonly condition: Expression;
      readonly then: Body;
      readonly otherwise: Body | undefined;
    }
  | {
      readonly is: 'range';
      readonly set: Assignment | undefined;
      readonly over: Expression;
      readonly body: Body;
      readonly otherwise: Body | undefined;
    }
  | {
      readonly is: 'try';
      readonly body: Body;
      readonly caught: Body | undefined;
      /** Name of the error in `caught`. */
      readonly error: string | undefined;
    }
  | Block
  | {
      readonly is: 'yield';
      readonly name: string;
      readonly params: readonly BlockParameter[];
      readonly context: Expression | undefined;
      readonly content: Body | undefined;
    }
  | { readonly is: 'content'; readonly context: Expression | undefined }
  | { readonly is: 'include'; readonly name: Expression; readonly context: Expression | undefined }
  | { readonly is: 'return'; readonly value: Expression }
);

export interface Block {
  readonly is: 'block';
  readonly at: number;
  readonly name: string;
  readonly params: readonly BlockParameter[];
  readonly context: Expression | undefined;
  readonly body: Body;
  readonly content: Body | undefined;
}

export type Body = readonly Statement[];

export interface Template {
  /** Bytes. */
  readonly source: string;
  /** Names of templates; the first of a file only. */
  readonly extends: { readonly name: string; readonly at: number } | undefined;
  readonly imports: readonly { readonly name: string; readonly at: number }[];
  readonly body: Body;
  /** All blocks of this text, those inside others too. */
  readonly blocks: ReadonlyMap<string, Block>;
}
