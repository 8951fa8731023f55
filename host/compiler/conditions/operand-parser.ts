// Parser of the leaves of conditions: fields, transformers and constants. Exceptions and output templates use only this part
// of the grammar.

import type {
  ArgumentList,
  FieldOperand,
  Literal,
  Operand,
  Span,
  TransformerArgument,
  TransformerOperand,
} from './ast.ts';
import { TRANSFORMERS } from './ast.ts';
import { ConditionSyntaxError, Lexer } from './lexer.ts';

/** Falco's limit. Each level of parentheses costs five of it; JS runs out of stack only far past that. */
export const MAX_DEPTH = 1000;

/** Parses a text that is one field or transformer, as exceptions name them. Undefined for any other text. */
export function parseOperand(text: string): Operand | undefined {
  return new OperandParser(text, MAX_DEPTH).parseWholeOperand();
}

export class OperandParser {
  protected readonly lexer: Lexer;
  readonly #maxDepth: number;
  #depth = 0;

  constructor(text: string, maxDepth: number) {
    this.lexer = new Lexer(text);
    this.#maxDepth = maxDepth;
  }

  parseWholeOperand(): Operand | undefined {
    this.lexer.blank();
    const operand = this.operand();
    this.lexer.blank();
    return this.lexer.atEnd ? operand : undefined;
  }

  protected enter(): void {
    if (++this.#depth >= this.#maxDepth) this.lexer.fail(`exceeded max depth limit of ${this.#maxDepth}`);
  }

  protected leave(): void {
    this.#depth--;
  }

  /** A field or a transformer, if one stands here. */
  protected operand(): Operand | undefined {
    const start = this.lexer.offset();
    const name = this.lexer.fieldName();
    if (name !== undefined) return this.fieldRemainder(name, start);
    return this.transformer();
  }

  protected fieldRemainder(name: string, start: number): FieldOperand {
    this.enter();
    const argument = this.#argument();
    this.leave();
    const span = this.span(start);
    // An empty argument counts as a missing one, as in Falco: `proc.aname[""]` is `proc.aname`.
    return argument === undefined || argument === ''
      ? { kind: 'field', name, span }
      : { kind: 'field', name, argument, span };
  }

  /** `[x]` or `["x"]`. */
  #argument(): string | undefined {
    if (!this.lexer.literal('[')) return undefined;
    const argument = this.lexer.quoted() ?? this.lexer.bareArgument();
    if (argument === undefined) {
      return this.lexer.fail('expected a valid field argument: a quoted string or a bare string');
    }
    if (!this.lexer.literal(']')) this.lexer.fail("expected a ']' token");
    return argument;
  }

  protected transformer(): TransformerOperand | undefined {
    const start = this.lexer.offset();
    const name = TRANSFORMERS.find((candidate) => this.lexer.literal(`${candidate}(`));
    if (!name) return undefined;
    this.enter();
    this.lexer.blank();
    const args: TransformerArgument[] = [];
    do {
      this.lexer.blank();
      args.push(this.#transformerArgument());
      this.lexer.blank();
    } while (this.lexer.literal(','));
    if (!this.lexer.literal(')')) this.lexer.fail("expected a ')' token closing the transformer");
    const argument = this.#argument();
    this.leave();
    const base = { kind: 'transformer', name, arguments: args, span: this.span(start) } as const;
    return argument === undefined ? base : { ...base, argument };
  }

  #transformerArgument(): TransformerArgument {
    this.enter();
    const argument = this.#argumentList() ?? this.operand() ?? this.#quotedOrNumber();
    if (!argument) {
      this.lexer.fail(
        'expected field transformer argument: field, transformer, quoted string, number, or transformer list',
      );
    }
    this.leave();
    return argument;
  }

  #argumentList(): ArgumentList | undefined {
    const start = this.lexer.offset();
    if (!this.lexer.literal('(')) return undefined;
    this.lexer.blank();
    const items: (Operand | Literal)[] = [];
    if (!this.lexer.literal(')')) {
      do {
        this.lexer.blank();
        const item = this.operand() ?? this.#quotedOrNumber();
        if (!item) {
          this.lexer.fail('expected transformer list argument: field, transformer, quoted string, or number');
        }
        items.push(item);
        this.lexer.blank();
      } while (this.lexer.literal(','));
      if (!this.lexer.literal(')')) this.lexer.fail("expected a ')' token closing the list");
    }
    return { kind: 'list', items, span: this.span(start) };
  }

  #quotedOrNumber(): Literal | undefined {
    const start = this.lexer.offset();
    const quoted = this.lexer.quoted();
    if (quoted !== undefined) return { kind: 'literal', text: quoted, quoted: true, span: this.span(start) };
    return this.number();
  }

  protected number(): Literal | undefined {
    const start = this.lexer.offset();
    const text = this.lexer.number();
    return text === undefined ? undefined : { kind: 'literal', text, quoted: false, span: this.span(start) };
  }

  protected string(): Literal | undefined {
    const start = this.lexer.offset();
    const quoted = this.lexer.quoted();
    if (quoted !== undefined) return { kind: 'literal', text: quoted, quoted: true, span: this.span(start) };
    const text = this.lexer.bareString();
    return text === undefined ? undefined : { kind: 'literal', text, quoted: false, span: this.span(start) };
  }

  protected span(start: number): Span {
    return { start, end: this.lexer.offset() };
  }
}

/** The operand of a text; undefined also where the text breaks the syntax. */
export function operandOrNothing(text: string): Operand | undefined {
  try {
    return parseOperand(text);
  } catch (error) {
    if (error instanceof ConditionSyntaxError) return undefined;
    throw error;
  }
}
