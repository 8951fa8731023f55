// Exceptions of a rule: checked when they are read, and turned into text that is appended to its condition.

import { type Context, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { fieldHelp, nearest } from '../../diagnostics/suggest.ts';
import type { EventSource } from '../../schema/event-source.ts';
import { LIST_OPERATORS, MODIFIERS, NUMERIC_OPERATORS, STRING_OPERATORS } from '../conditions/ast.ts';
import { operandOrNothing } from '../conditions/operand-parser.ts';
import { isKnownOperand } from '../conditions/type-of.ts';
import type { ExceptionEntry, ExceptionItem } from './items.ts';
import { MappedText } from './mapped-text.ts';

const PLAIN_OPERATORS: ReadonlySet<string> = new Set([
  'exists',
  ...NUMERIC_OPERATORS,
  ...STRING_OPERATORS,
  ...LIST_OPERATORS,
]);
const MODIFIED_OPERATORS: ReadonlySet<string> = new Set(
  STRING_OPERATORS.flatMap((operator) => MODIFIERS.map((modifier) => `${operator} ${modifier}`)),
);
const TAKES_LIST: ReadonlySet<string> = new Set([...LIST_OPERATORS, ...MODIFIED_OPERATORS]);

/**
 * Checks an exception by itself and fills in the comparisons it leaves out: `=` for each of several fields, `in` for one.
 * @param source of the rule; undefined if it is not known, whose fields can't be checked
 * @throws RuleLoadError
 */
export function checkException(exception: ExceptionItem, source: EventSource | undefined): ExceptionItem {
  const { fields, context } = exception;
  if (!fields) {
    return refuse('Rule exception item must have fields property with a list of fields', context);
  }
  const complete = withComparisons(exception);
  checkComparisons(complete, fields);
  if (source) for (const field of entriesOf(fields)) checkField(scalarText(field), source, context);
  return complete;
}

/** Adds to exceptions of the same name, and others at the end. */
export function appendExceptions(
  previous: readonly ExceptionItem[],
  added: readonly ExceptionItem[],
  source: EventSource | undefined,
): ExceptionItem[] {
  const exceptions = [...previous];
  for (const exception of added) {
    const index = exceptions.findIndex(({ name }) => name === exception.name);
    const existing = exceptions[index];
    if (!existing) {
      if (!exception.fields) {
        const message = 'Rule exception must have fields property with a list of fields';
        refuse(message, exception.context, newExceptionHelp(exception.name, previous));
      }
      if (exception.values.length === 0) {
        refuse('Rule exception must have values property with a list of values', exception.context);
      }
      exceptions.push(checkException(exception, source));
      continue;
    }
    if (exception.fields) {
      refuse('Can not append exception fields to existing exception, only values', exception.context);
    }
    if (exception.comparisons) {
      refuse('Can not append exception comps to existing exception, only values', exception.context);
    }
    exceptions[index] = { ...existing, values: [...existing.values, ...exception.values] };
  }
  return exceptions;
}

function newExceptionHelp(name: string, existing: readonly ExceptionItem[]): string {
  const names = existing.map((exception) => exception.name);
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean ${near}?`;
  const others = names.length === 0 ? 'none' : names.join(', ');
  return `the rule has no exception ${name} yet (it has ${others}): a new one needs \`fields: [proc.name, ...]\``;
}

/**
 * The condition with the exceptions: `(condition) and not (...) and not (...)`.
 * @throws RuleLoadError if values do not fit fields
 */
export function withExceptions(condition: MappedText, exceptions: readonly ExceptionItem[]): MappedText {
  if (exceptions.length === 0) return condition;
  const parts: (MappedText | string)[] = ['(', condition, ')'];
  for (const exception of exceptions) {
    if (exception.values.length === 0 || !exception.fields) continue;
    // `override: {exceptions: replace}` comes here unchecked.
    const complete = withComparisons(exception);
    const { fields } = exception;
    parts.push(' and not ', fields.kind === 'list' ? tuples(complete, fields.items) : oneField(complete, fields.text));
  }
  return MappedText.join(parts);
}

function withComparisons(exception: ExceptionItem): ExceptionItem {
  const { fields, comparisons } = exception;
  if (comparisons || !fields) return exception;
  const entry = (text: string): ExceptionEntry => ({ kind: 'scalar', text: MappedText.made(text) });
  return {
    ...exception,
    comparisons: fields.kind === 'list' ? { kind: 'list', items: fields.items.map(() => entry('=')) } : entry('in'),
  };
}

function checkComparisons(exception: ExceptionItem, fields: ExceptionEntry): void {
  const { comparisons, context } = exception;
  if (!comparisons) return;
  if (fields.kind === 'scalar') {
    if (comparisons.kind === 'list') refuse('Fields and comps must both be strings', context);
    if (!TAKES_LIST.has(comparisons.text.text.trim())) {
      refuse(
        'When fields is a single value, comps must be one of (in, pmatch, intersects) or a modifier operator (e.g. startswith anyof)',
        context,
      );
    }
    return;
  }
  if (comparisons.kind === 'scalar' || comparisons.items.length !== fields.items.length) {
    refuse('Fields and comps lists must have equal length', context);
  }
  for (const comparison of comparisons.items) {
    const operator = scalarText(comparison).text.trim();
    if (PLAIN_OPERATORS.has(operator) || MODIFIED_OPERATORS.has(operator)) continue;
    refuse(`'${operator}' is not a supported comparison operator`, context);
  }
}

function checkField(field: MappedText, source: EventSource, context: Context): void {
  const { text } = field;
  // Blanks may stand around a transformer; the name of a field is exact.
  const exact = text.includes('(') || text === text.trim();
  const operand = exact ? operandOrNothing(text) : undefined;
  if (operand && isKnownOperand(operand, source)) return;
  const place = { ...context, ...field.locate(0, text.length) };
  refuse(`'${text}' is not a supported filter field`, place, fieldHelp(text, '', source));
}

/** `((f1 = a and f2 = b) or (f1 = c and f2 = d))` */
function tuples(exception: ExceptionItem, fields: readonly ExceptionEntry[]): MappedText {
  const operators = exception.comparisons?.kind === 'list' ? exception.comparisons.items : [];
  const parts: (MappedText | string)[] = [];
  for (const value of exception.values) {
    if (value.kind !== 'list' || value.items.length !== fields.length) {
      return refuse(
        'Fields and values lists must have equal length',
        exception.context,
        `give ${fields.length} values`,
      );
    }
    parts.push(parts.length === 0 ? '(' : ' or ', '(');
    for (const [position, field] of fields.entries()) {
      const operator = scalarText(operators[position]);
      const constant = tupleValue(value.items[position], operator.text.trim());
      parts.push(position === 0 ? '' : ' and ', scalarText(field), ' ', operator, ' ', constant);
    }
    parts.push(')');
  }
  return MappedText.join([...parts, ')']);
}

function tupleValue(value: ExceptionEntry | undefined, operator: string): MappedText {
  if (value?.kind === 'list') {
    const items: (MappedText | string)[] = [];
    for (const item of value.items.map((each) => quoted(scalarText(each)))) {
      // No comma before the first non-empty one, as in Falco.
      if (items.length > 0) items.push(', ');
      if (items.length > 0 || item.text !== '') items.push(item);
    }
    return MappedText.join(['(', ...items, ')']);
  }
  const text = scalarText(value);
  if (!TAKES_LIST.has(operator)) return quoted(text);
  return text.text.startsWith('(') ? text : MappedText.join(['(', text, ')']);
}

/** `(field in (a, b, c))` */
function oneField(exception: ExceptionItem, field: MappedText): MappedText {
  const parts: (MappedText | string)[] = ['(', field, ' ', scalarText(exception.comparisons), ' ('];
  for (const [index, value] of exception.values.entries()) {
    if (value.kind === 'list') {
      return refuse('Expected values array to contain a list of strings', exception.context, 'write `values: [a, b]`');
    }
    parts.push(index === 0 ? '' : ', ', quoted(value.text));
  }
  return MappedText.join([...parts, '))']);
}

/** In quotes if it holds a blank, unless it has them already or is an operand (`tolower( proc.name )`). */
export function quoted(value: MappedText): MappedText {
  const { text } = value;
  if (!text.includes(' ') || /^["']/.test(text) || isOperand(text)) return value;
  return MappedText.join(['"', value, '"']);
}

function isOperand(text: string): boolean {
  if (/^\s*val\(.*\)\s*$/s.test(text)) return true;
  return operandOrNothing(text)?.kind === 'transformer';
}

function entriesOf(entry: ExceptionEntry): readonly ExceptionEntry[] {
  return entry.kind === 'list' ? entry.items : [entry];
}

/** Text of an entry that must be a scalar; a list counts as empty. */
function scalarText(entry: ExceptionEntry | undefined): MappedText {
  return entry?.kind === 'scalar' ? entry.text : MappedText.made('');
}

function refuse(message: string, context: Context, help?: string): never {
  throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help });
}
