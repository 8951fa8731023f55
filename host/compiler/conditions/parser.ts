// Parser of conditions, after Falco's grammar: recursive descent, greedy, operators tried in a fixed order.
// Which texts are accepted, and where an error is reported, follow Falco's parser exactly (test/conformance).

import {
  type Check,
  type Expression,
  LIST_OPERATORS,
  type Literal,
  MODIFIERS,
  type Modifier,
  NUMERIC_OPERATORS,
  type Operand,
  type Right,
  STRING_OPERATORS,
  TRANSFORMERS,
} from './ast.ts';
import { MAX_DEPTH, OperandParser } from './operand-parser.ts';

const SYMBOL_OPERATORS = ['==', '=', '!='] as const;
const WORD_OPERATORS = STRING_OPERATORS.filter((operator) => /^[a-z]/.test(operator));
const TRANSFORMER_NAMES = TRANSFORMERS.map((name) => `'${name}'`).join(', ');
const OPERAND_EXPECTED = `a field with a valid transformer: 'val', ${TRANSFORMER_NAMES}`;
const OPERATOR_NAMES = ['exists', ...NUMERIC_OPERATORS, ...STRING_OPERATORS, ...LIST_OPERATORS]
  .map((name) => `'${name}'`)
  .join(', ');

/**
 * Parses a condition after list substitution; macros stay as references.
 * @throws ConditionSyntaxError
 */
export function parseCondition(text: string, maxDepth = MAX_DEPTH): Expression {
  return new ConditionParser(text, maxDepth).parse();
}

class ConditionParser extends OperandParser {
  parse(): Expression {
    const expression = this.#or();
    if (!this.lexer.atEnd) {
      this.lexer.fail(`unexpected token after '${this.lexer.last}', expecting 'or', 'and'`);
    }
    return expression;
  }

  #or(): Expression {
    return this.#series('or', () => this.#and());
  }

  #and(): Expression {
    return this.#series('and', () => this.#not());
  }

  #series(kind: 'and' | 'or', member: () => Expression): Expression {
    this.enter();
    this.lexer.blank();
    const start = this.lexer.offset();
    const first = member();
    const children = [first];
    let end = this.lexer.offset();
    this.lexer.blank();
    while (this.lexer.literal(kind)) {
      if (this.lexer.blank()) children.push(member());
      else if (this.lexer.literal('(')) children.push(this.#embedded());
      else this.lexer.fail(`expected blank or '(' after '${kind}'`);
      end = this.lexer.offset();
      this.lexer.blank();
    }
    this.leave();
    return children.length === 1 ? first : { kind, children, span: { start, end } };
  }

  #not(): Expression {
    this.enter();
    this.lexer.blank();
    const start = this.lexer.offset();
    let negated = false;
    while (this.lexer.negation()) negated = !negated;
    let child: Expression;
    if (this.lexer.literal('not(')) {
      negated = !negated;
      child = this.#embedded();
    } else {
      child = this.#check();
    }
    this.leave();
    return negated ? { kind: 'not', child, span: { start, end: this.lexer.offset() } } : child;
  }

  /** The rest of an expression in parentheses. */
  #embedded(): Expression {
    this.enter();
    this.lexer.blank();
    const expression = this.#or();
    this.lexer.blank();
    if (!this.lexer.literal(')')) this.lexer.fail("expected a ')' token");
    this.leave();
    return expression;
  }

  #check(): Expression {
    this.enter();
    this.lexer.blank();
    const start = this.lexer.offset();
    const expression = this.#checkFrom(start);
    this.leave();
    return expression;
  }

  #checkFrom(start: number): Expression {
    if (this.lexer.literal('(')) return this.#embedded();
    const left = this.operand();
    if (left) return this.#condition(left, start);
    const name = this.lexer.identifier();
    if (name !== undefined) return { kind: 'macro', name, span: this.span(start) };
    return this.lexer.fail("expected a '(' token, a field check, or an identifier");
  }

  #condition(left: Operand, start: number): Check {
    this.enter();
    const check = this.#conditionFrom(left, start);
    this.leave();
    return check;
  }

  #conditionFrom(left: Operand, start: number): Check {
    this.lexer.blank();
    if (this.lexer.literal('exists')) {
      return { kind: 'check', left, operator: 'exists', right: { kind: 'none' }, span: this.span(start) };
    }
    const numeric = this.lexer.oneOf(NUMERIC_OPERATORS);
    if (numeric) {
      this.lexer.blank();
      const right = this.#rightOperand() ?? this.#value(this.number());
      if (!right) this.lexer.fail(`expected a number value or ${OPERAND_EXPECTED}`);
      return { kind: 'check', left, operator: numeric, right, span: this.span(start) };
    }
    const symbol = this.lexer.oneOf(SYMBOL_OPERATORS);
    const operator = symbol ?? this.lexer.wordOf(WORD_OPERATORS);
    if (operator) {
      const separated = this.lexer.blank() || symbol === undefined;
      const modifier = separated ? this.#modifier() : undefined;
      if (modifier) {
        const right = this.#list() ?? this.#bareList();
        if (!right) this.lexer.fail('expected a list or an identifier');
        return { kind: 'check', left, operator, modifier, right, span: this.span(start) };
      }
      const right = this.#rightOperand() ?? this.#value(this.string());
      if (!right) this.lexer.fail(`expected a string value or ${OPERAND_EXPECTED}`);
      return { kind: 'check', left, operator, right, span: this.span(start) };
    }
    const listOperator = this.lexer.oneOf(LIST_OPERATORS);
    if (listOperator) {
      this.lexer.blank();
      const right = this.#list() ?? this.#rightOperand() ?? this.#bareList();
      if (!right) this.lexer.fail(`expected a list, an identifier, or ${OPERAND_EXPECTED}`);
      return { kind: 'check', left, operator: listOperator, right, span: this.span(start) };
    }
    return this.lexer.fail(`expected a valid check operator: one of ${OPERATOR_NAMES}`);
  }

  /** `oneof`, `anyof`, `allof` with a list behind them; otherwise the word is a plain value. */
  #modifier(): Modifier | undefined {
    const start = this.lexer.position;
    const last = this.lexer.last;
    const modifier = this.lexer.wordOf(MODIFIERS);
    if (modifier) {
      const behind = this.lexer.position;
      if (this.lexer.text[behind] === '(') return modifier;
      const name = this.lexer.identifier();
      this.lexer.position = behind;
      if (name !== undefined && name !== 'and' && name !== 'or' && name !== 'not') return modifier;
    }
    this.lexer.position = start;
    this.lexer.last = last;
    return undefined;
  }

  /** `val(field)` or a transformer, right of an operator: two levels down, as in Falco. */
  #rightOperand(): Right | undefined {
    this.enter();
    this.enter();
    const right = this.#rightOperandHere();
    this.leave();
    this.leave();
    return right;
  }

  #rightOperandHere(): Right | undefined {
    const start = this.lexer.offset();
    if (!this.lexer.literal('val(')) {
      const operand = this.transformer();
      return operand && { kind: 'operand', operand };
    }
    this.lexer.blank();
    const nameStart = this.lexer.offset();
    const name = this.lexer.fieldName();
    if (name === undefined) return this.lexer.fail("expected a field within 'val' transformer");
    const field = this.fieldRemainder(name, nameStart);
    this.lexer.blank();
    if (!this.lexer.literal(')')) this.lexer.fail("expected a ')' token closing the transformer");
    return { kind: 'operand', operand: { ...field, span: this.span(start) } };
  }

  #value(value: Literal | undefined): Right | undefined {
    return value && { kind: 'value', value };
  }

  #list(): Right | undefined {
    const start = this.lexer.offset();
    if (!this.lexer.literal('(')) return undefined;
    this.lexer.blank();
    const values: Literal[] = [];
    let value = this.string();
    while (value) {
      values.push(value);
      this.lexer.blank();
      if (!this.lexer.literal(',')) break;
      this.lexer.blank();
      value = this.string();
      if (!value) this.lexer.fail('expected a string value');
    }
    this.lexer.blank();
    if (!this.lexer.literal(')')) this.lexer.fail("expected a ')' token");
    return { kind: 'values', values, span: this.span(start) };
  }

  #bareList(): Right | undefined {
    const start = this.lexer.offset();
    const text = this.lexer.identifier();
    if (text === undefined) return undefined;
    const span = this.span(start);
    return { kind: 'values', values: [{ kind: 'literal', text, quoted: false, span }], bare: true, span };
  }
}
