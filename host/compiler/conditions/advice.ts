// Warnings about valid conditions: probable mistakes and needless expressions.

import type { WarningCode } from '../../diagnostics/codes.ts';
import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import { FIELDS } from '../../schema/fields/index.ts';
import { type Check, type Expression, type Literal, TRANSFORMERS } from './ast.ts';
import { checksOf, constantsOf, fieldsIn, fieldsOf } from './fields-of.ts';
import { parseOperand } from './operand-parser.ts';
import { isKnownOperand } from './type-of.ts';

export interface Remark {
  readonly code: WarningCode;
  readonly message: string;
  readonly help?: string;
  readonly check: Check;
  /** What to point at: the check, or a constant in it. */
  readonly at: Check | Literal;
}

/** Remarks on an expanded condition that passed the type check, from left to right. */
export function adviseOn(expression: Expression, source: EventSource = DEFAULT_SOURCE): Remark[] {
  return checksOf(expression).flatMap((check) => onConstants(check, source));
}

/** Retired fields of an expanded condition, each where it stands first. They are reported even if the condition has another error. */
export function deprecatedFields(expression: Expression): Remark[] {
  const seen = new Set<string>();
  return checksOf(expression).flatMap((check) => onFields(check, seen));
}

/** Fields whose use is reported as retired; Falco knows none of its tables' among them. */
export const RETIRED_FIELDS: readonly string[] = FIELDS.filter(
  ({ deprecated, tableOnly }) => deprecated && !tableOnly,
).map(({ name }) => name);

function onFields(check: Check, seen: Set<string>): Remark[] {
  const remarks: Remark[] = [];
  const left = fieldsIn(check.left).length;
  for (const [index, { name }] of fieldsOf(check).entries()) {
    if (!RETIRED_FIELDS.includes(name)) continue;
    // Falco takes no notice of those right of an operator.
    const code: WarningCode = index < left ? 'LOAD_DEPRECATED_ITEM' : 'WASPREY_FIELD_UNAVAILABLE';
    const key = `${code} ${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const message =
      name === 'evt.dir'
        ? "due to the drop of enter events, 'evt.dir = <' always evaluates to true, and 'evt.dir = >' always evaluates to false. The rule expression can be simplified by removing the condition on 'evt.dir'"
        : `field ${name} is not available due to the drop of enter events.`;
    remarks.push({ code, message, check, at: check });
  }
  return remarks;
}

function onConstants(check: Check, source: EventSource): Remark[] {
  return constantsOf(check).flatMap((literal) => {
    const { text } = literal;
    const remark = (message: string, help?: string): Remark => ({
      ...{ code: 'LOAD_COMPILE_CONDITION', message, check, at: literal },
      ...(help === undefined ? {} : { help }),
    });
    const remarks: Remark[] = [];
    if (check.operator === 'regex' && PLAIN_REGEX.test(text)) {
      const message = `regex check with '${text}' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'`;
      remarks.push(remark(message));
    }
    // Blanks are ignored: an extra one is a common typo.
    const tight = text.replace(/[ \t\n\v\f\r]+/g, '');
    const what = isField(tight, source) ? 'field' : TRANSFORMER.test(tight) ? 'field transformer' : undefined;
    if (what) {
      const message = `'${text}' may be a valid ${what} misused as a const string value`;
      const meant = what === 'field' ? `val(${tight})` : tight;
      remarks.push(remark(message, `to compare with the field's value, write ${meant} without quotes`));
    }
    return remarks;
  });
}

/** Plain text with an anchor, or any number of any characters, at its ends: `=`, `contains` and the like do the same for less. */
const PLAIN_REGEX = /^(?:\^|\.[+*?])?[^.+*?^$()[\]{}|\\]*(?:\$|\.[+*?])?$/;

/** Looks like a transformer, with anything in its parentheses. */
const TRANSFORMER = new RegExp(`^(?:val|${TRANSFORMERS.join('|')})\\(.*\\)$`, 's');

function isField(text: string, source: EventSource): boolean {
  if (!text.includes('.')) return false;
  try {
    const operand = parseOperand(text);
    return operand?.kind === 'field' && isKnownOperand(operand, source);
  } catch {
    return false;
  }
}

const NA_OPERATORS: ReadonlySet<string> = new Set(['==', '=', '!=', 'in', 'intersects', 'pmatch']);

/** Whether a condition compares a field of an audit event with the text <NA>, which an absent field never equals. */
export function comparesWithNotAvailable(expression: Expression): boolean {
  return checksOf(expression).some(
    (check) =>
      NA_OPERATORS.has(check.operator) &&
      fieldsOf(check).some(({ name }) => name.startsWith('ka.') || name.startsWith('jevt.')) &&
      constantsOf(check).some(({ text }) => text === '<NA>'),
  );
}
