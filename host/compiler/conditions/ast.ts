// The condition language as a tree: what the parser makes, what type check, expansion and code generation read.
// Spans are byte offsets into the condition text, so that any node can be shown with a caret.

/** Half-open range of UTF-8 byte offsets in the text that was parsed. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const NUMERIC_OPERATORS = ['<=', '<', '>=', '>'] as const;
export const STRING_OPERATORS = [
  '==',
  '=',
  '!=',
  'glob',
  'iglob',
  'contains',
  'icontains',
  'bcontains',
  'startswith',
  'bstartswith',
  'endswith',
  'regex',
] as const;
export const LIST_OPERATORS = ['intersects', 'in', 'pmatch'] as const;
export const MODIFIERS = ['oneof', 'anyof', 'allof'] as const;
export const TRANSFORMERS = ['tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'] as const;

export type NumericOperator = (typeof NUMERIC_OPERATORS)[number];
export type StringOperator = (typeof STRING_OPERATORS)[number];
export type ListOperator = (typeof LIST_OPERATORS)[number];
export type Modifier = (typeof MODIFIERS)[number];
export type TransformerName = (typeof TRANSFORMERS)[number];
export type Operator = 'exists' | NumericOperator | StringOperator | ListOperator;

/** A field of an event, e.g. `proc.aname[2]`: name `proc.aname`, argument `2`. */
export interface FieldOperand {
  readonly kind: 'field';
  readonly name: string;
  readonly argument?: string;
  readonly span: Span;
}

export interface TransformerOperand {
  readonly kind: 'transformer';
  readonly name: TransformerName;
  readonly arguments: readonly TransformerArgument[];
  /** `getopt(...)[x]` */
  readonly argument?: string;
  readonly span: Span;
}

/**
 * A constant: `text` is the value after unescaping. A byte that is not UTF-8 text (written \xHH) stands in it as
 * U+DC00 + byte; literal-bytes.ts turns text into bytes.
 */
export interface Literal {
  readonly kind: 'literal';
  readonly text: string;
  readonly quoted: boolean;
  readonly span: Span;
}

export interface ArgumentList {
  readonly kind: 'list';
  readonly items: readonly (FieldOperand | TransformerOperand | Literal)[];
  readonly span: Span;
}

export type Operand = FieldOperand | TransformerOperand;
export type TransformerArgument = Operand | Literal | ArgumentList;

/** What stands right of an operator. `none` for `exists`; `operand` for `val(field)` and transformers. */
export type Right =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: Literal }
  | {
      readonly kind: 'values';
      readonly values: readonly Literal[];
      readonly span: Span;
      /** A single name without parentheses: `proc.name in init`. Means the same as `(init)`. */
      readonly bare?: true;
    }
  | { readonly kind: 'operand'; readonly operand: Operand };

export interface Check {
  readonly kind: 'check';
  readonly left: Operand;
  readonly operator: Operator;
  readonly modifier?: Modifier;
  readonly right: Right;
  readonly span: Span;
  /** The macro in whose text the check was written, and its span counts. */
  readonly macro?: string;
}

export interface MacroReference {
  readonly kind: 'macro';
  readonly name: string;
  readonly span: Span;
}

export type Expression =
  | { readonly kind: 'and'; readonly children: readonly Expression[]; readonly span: Span }
  | { readonly kind: 'or'; readonly children: readonly Expression[]; readonly span: Span }
  | { readonly kind: 'not'; readonly child: Expression; readonly span: Span }
  | Check
  | MacroReference;
