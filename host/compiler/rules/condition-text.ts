// The text of a condition and where it was written: a mistake in it is reported at its place in the file, also within the
// items of a list.

import { type Context, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import type { Expression } from '../conditions/ast.ts';
import { ConditionSyntaxError } from '../conditions/lexer.ts';
import { parseCondition } from '../conditions/parser.ts';
import { syntaxHelp } from '../conditions/syntax-help.ts';
import type { MappedText } from './mapped-text.ts';

/** @throws RuleLoadError at the place in the file where the mistake was written. */
export function parseMapped(text: MappedText, context: Context): Expression {
  try {
    return parseCondition(text.text);
  } catch (error) {
    if (!(error instanceof ConditionSyntaxError)) throw error;
    const location = text.locateBytes(error.offset, error.offset + 1);
    throw new RuleLoadError('LOAD_ERR_COMPILE_CONDITION', error.message, within(context, location), {
      help: syntaxHelp(text.text, error.offset),
      notes: location?.list === undefined ? [] : [`here the items of list ${location.list} stand for its name`],
    });
  }
}

/** A place in a condition: that of `parent` when the location is unknown. */
export function within(parent: Context, location: ReturnType<MappedText['locate']>): Context {
  const { file, start, end } = location ?? parent;
  return { type: 'condition expression', name: '', file, start, end, parent };
}
