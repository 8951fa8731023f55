// Conditions as text: once so that parsing it gives the same tree again, once as Falco prints compiled conditions
// (which can't always be parsed again: an empty string prints as nothing).

import type { Expression, Literal, Operand, Right, TransformerArgument } from './ast.ts';
import { isEscapedByte, isHighSurrogate, literalForDisplay } from './literal-bytes.ts';

type Quote = (literal: { readonly text: string; readonly quoted?: boolean }) => string;

/** A condition that parses to the same tree. */
export function printCondition(expression: Expression): string {
  return FAITHFUL.expression(expression);
}

/** A condition as Falco describes a compiled rule: `(evt.type = open and proc.name in (cat))`. */
export function printCanonical(expression: Expression): string {
  return LIKE_FALCO.expression(expression);
}

/** A field or transformer, in Falco's spelling: `proc.aname[2]`, `tolower(fd.name)`. */
export function printOperand(operand: Operand): string {
  return LIKE_FALCO.operand(operand);
}

class Printer {
  readonly #value: Quote;
  readonly #fieldArgument: Quote;
  readonly #transformerLiteral: Quote;
  readonly #faithful: boolean;

  constructor(value: Quote, fieldArgument: Quote, transformerLiteral: Quote, faithful: boolean) {
    this.#value = value;
    this.#fieldArgument = fieldArgument;
    this.#transformerLiteral = transformerLiteral;
    this.#faithful = faithful;
  }

  expression(expression: Expression): string {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return `(${expression.children.map((child) => this.expression(child)).join(` ${expression.kind} `)})`;
      case 'not': {
        // `not not a` is read as `a`: two in a row only stay two with parentheses between them.
        const child = this.expression(expression.child);
        return expression.child.kind === 'not' && this.#faithful ? `not (${child})` : `not ${child}`;
      }
      case 'macro':
        return expression.name;
      case 'check': {
        const parts: string[] = [this.operand(expression.left), expression.operator];
        if (expression.modifier) parts.push(expression.modifier);
        const right = this.#right(expression.right);
        return expression.right.kind === 'none' ? parts.join(' ') : `${parts.join(' ')} ${right}`;
      }
    }
  }

  operand(operand: Operand): string {
    const argument = operand.argument === undefined ? '' : `[${this.#fieldArgument({ text: operand.argument })}]`;
    if (operand.kind === 'field') return operand.name + argument;
    return `${operand.name}(${operand.arguments.map((item) => this.#transformerArgument(item)).join(',')})${argument}`;
  }

  #transformerArgument(argument: TransformerArgument): string {
    switch (argument.kind) {
      case 'list':
        return `(${argument.items.map((item) => this.#transformerArgument(item)).join(',')})`;
      case 'literal':
        return this.#transformerLiteral(argument);
      case 'field':
      case 'transformer':
        return this.operand(argument);
    }
  }

  #right(right: Right): string {
    switch (right.kind) {
      case 'none':
        return '';
      case 'value':
        return this.#value(right.value);
      case 'values': {
        const values = right.values.map((value: Literal) => this.#value(value)).join(', ');
        return right.bare ? values : `(${values})`;
      }
      case 'operand':
        return right.operand.kind === 'field' ? `val(${this.operand(right.operand)})` : this.operand(right.operand);
    }
  }
}

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

function quoteLikeFalco({ text }: { readonly text: string }): string {
  const shown = literalForDisplay(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Falco quotes what holds one
  if (!/[\x00-\x20\\"'=]/.test(shown)) return shown;
  return `"${[...shown].map((character) => ESCAPED.get(character) ?? character).join('')}"`;
}

function quoteFully(literal: { readonly text: string; readonly quoted?: boolean }): string {
  return literal.quoted === true || !/^[^()[\]"'\s=,\\]+$/.test(literal.text) ? quoteAlways(literal) : literal.text;
}

function quoteAlways({ text }: { readonly text: string }): string {
  let out = '"';
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    const single = isEscapedByte(unit) && !(index > 0 && isHighSurrogate(text.charCodeAt(index - 1)));
    const character = text.charAt(index);
    // A string can't end in a backslash, nor have one before its delimiter: \x5c says the same.
    if (character === '\\') out += '\\x5c';
    else out += single ? `\\x${(unit - 0xdc00).toString(16)}` : (ESCAPED.get(character) ?? character);
  }
  return `${out}"`;
}

// A number among a transformer's arguments stays bare; any other constant there must be quoted.
const FAITHFUL = new Printer(
  quoteFully,
  quoteFully,
  (literal) => (literal.quoted ? quoteAlways(literal) : literal.text),
  true,
);
const LIKE_FALCO = new Printer(quoteLikeFalco, quoteLikeFalco, quoteLikeFalco, false);
