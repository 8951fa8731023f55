// A condition over several lines, for a person: one line for what is short, and its parts indented where it is not.

import type { Expression } from './ast.ts';
import { printCondition } from './print.ts';

/** Lines that parse to the same condition. A single check that is longer than the width is broken between its values. */
export function formatCondition(expression: Expression, width: number): string[] {
  const [line = ''] = [withoutOuterParentheses(expression)];
  if (line.length <= width) return [line];
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.children.flatMap((child, index) => {
        const lead = index === 0 ? '' : `${expression.kind} `;
        return prefixed(lead, nested(child, width - lead.length));
      });
    case 'not':
      return prefixed('not ', nested(expression.child, width - 4));
    case 'check':
    case 'macro':
      return brokenAtBlanks(line, width);
  }
}

/** A part of a larger condition: with parentheses where it has parts itself. */
function nested(expression: Expression, width: number): string[] {
  const short = printCondition(expression);
  if (short.length <= width) return [short];
  if (expression.kind === 'check' || expression.kind === 'macro') return brokenAtBlanks(short, width);
  if (expression.kind === 'not') return formatCondition(expression, width);
  const inner = formatCondition(expression, width - 2).map((line) => `  ${line}`);
  return ['(', ...inner, ')'];
}

function prefixed(lead: string, [first = '', ...others]: readonly string[]): string[] {
  return [lead + first, ...others];
}

function withoutOuterParentheses(expression: Expression): string {
  const text = printCondition(expression);
  return expression.kind === 'and' || expression.kind === 'or' ? text.slice(1, -1) : text;
}

/** Only between values, whose commas are outside of quotes. */
function brokenAtBlanks(text: string, width: number): string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^",]|,(?! ))+,?\s?/g) ?? [text];
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    if (line !== '' && line.length + part.trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = `  ${part}`;
    } else {
      line += part;
    }
  }
  return [...lines, line];
}
