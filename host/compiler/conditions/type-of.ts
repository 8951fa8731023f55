// Types of fields and transformers in conditions.

import { fieldHelp, withSomeArgument } from '../../diagnostics/suggest.ts';
import { isEventName } from '../../schema/event-names.ts';
import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import type { Field } from '../../schema/fields/field.ts';
import { resolveNamed } from '../../schema/fields/index.ts';
import { beginsWithParameter, parameterType } from '../../schema/parameter-names.ts';
import type { ValueType } from '../../schema/types.ts';
import type { Check, FieldOperand, Operand, Span, TransformerArgument, TransformerOperand } from './ast.ts';
import { literalBytes } from './literal-bytes.ts';

/** A condition that parses but is invalid. */
export class ConditionTypeError extends Error {
  readonly span: Span;
  /** The field or event type is not known: a rule with skip-if-unknown-filter is left out for it. */
  readonly unknown: boolean;
  readonly #help: Help;

  constructor(message: string, span: Span, options: { readonly help?: Help; readonly unknown?: boolean } = {}) {
    super(message);
    this.name = 'ConditionTypeError';
    this.span = span;
    this.unknown = options.unknown ?? false;
    this.#help = options.help;
  }

  get help(): string | undefined {
    return typeof this.#help === 'function' ? this.#help() : this.#help;
  }
}

/** A ConditionTypeError and its check, whose `macro` says in which text its span is. */
export class WrongCheck extends Error {
  readonly check: Check;
  readonly reason: ConditionTypeError;

  constructor(check: Check, reason: ConditionTypeError) {
    super(reason.message);
    this.name = 'WrongCheck';
    this.check = check;
    this.reason = reason;
  }
}

/** A function if finding the help takes a search: most of these errors are never shown. */
type Help = string | (() => string | undefined) | undefined;

export interface OperandType {
  readonly type: ValueType;
  /** Several values: operators exists, in, intersects only. */
  readonly list: boolean;
  /** The field, of a field without transformer. */
  readonly field?: Field;
}

const STRINGS: ReadonlySet<ValueType> = new Set(['CHARBUF', 'FSPATH', 'FSRELPATH']);

export function isString(type: ValueType): boolean {
  return STRINGS.has(type);
}

/** Some fields are for output only. */
export type OperandUse = 'condition' | 'output';

/**
 * @param source of the rule: its fields
 * @throws ConditionTypeError
 */
export function typeOf(
  operand: Operand,
  source: EventSource = DEFAULT_SOURCE,
  use: OperandUse = 'condition',
): OperandType {
  return operand.kind === 'field' ? typeOfField(operand, source, use) : typeOfTransformer(operand, source, use);
}

/** Whether an operand names known fields and transforms what can be transformed. */
export function isKnownOperand(
  operand: Operand,
  source: EventSource = DEFAULT_SOURCE,
  use: OperandUse = 'condition',
): boolean {
  try {
    typeOf(operand, source, use);
    return true;
  } catch (error) {
    if (error instanceof ConditionTypeError) return false;
    throw error;
  }
}

/** The field as the rule writes it: `proc.aname[2]`. */
export function fieldText({ name, argument }: FieldOperand): string {
  return argument === undefined ? name : `${name}[${argument}]`;
}

function typeOfField(operand: FieldOperand, source: EventSource, use: OperandUse): OperandType {
  const text = fieldText(operand);
  const { span } = operand;
  const resolved = resolveNamed(operand.name, operand.argument, source);
  if (!resolved.ok) {
    const { field } = resolved;
    if (resolved.reason === 'argument-missing' && field) {
      const help = `write ${withSomeArgument(field)}`;
      throw new ConditionTypeError(`field ${field.name} needs an argument`, span, { help });
    }
    throw unknownField(text, span, source, field);
  }
  const { field, argument } = resolved;
  if (field.tableOnly || (field.printOnly && use === 'condition')) {
    throw new ConditionTypeError(`field ${field.name} can't be used in conditions`, span);
  }
  if (field.name === 'evt.type.is' && !isEventName(argument ?? '')) throw unknownField(text, span, source);
  if (field.source.from === 'argument') {
    if (operand.argument !== undefined && field.type === 'DYN') {
      throw new ConditionTypeError(`${field.name} takes the name of an argument`, span, { help: `${field.name}.NAME` });
    }
    if (operand.argument !== undefined && !/^-?\d+$/.test(argument ?? '')) {
      const help = `write ${field.name}.${operand.argument}; a number in brackets is a position`;
      throw new ConditionTypeError(`${operand.argument} is not a valid number`, span, { help });
    }
    return { type: typeOfArgument(field, argument ?? '', span), list: false, field };
  }
  return { type: field.type, list: field.list === true, field };
}

function unknownField(text: string, span: Span, source: EventSource, field?: Field): ConditionTypeError {
  const help = () => (field ? argumentHelp(field) : fieldHelp(text, '', source));
  return new ConditionTypeError(unknownFieldMessage(text, source), span, { help, unknown: true });
}

/** The error for a field that the source does not have. */
export function unknownFieldMessage(text: string, source: EventSource): string {
  return source === DEFAULT_SOURCE ? `unknown field ${text}` : `unknown field ${text} of source ${source}`;
}

const NUMBERED: Readonly<Record<string, string>> = { index: 'a number', position: 'a number from 0' };

function argumentHelp({ name, argument, argumentKind }: Field): string {
  if (!argument) return `${name} takes no argument`;
  return `${name} takes ${NUMBERED[argumentKind ?? 'key'] ?? 'a name'}`;
}

function typeOfArgument(field: Field, argument: string, span: Span): ValueType {
  if (/^-?\d+$/.test(argument)) return field.type;
  const type = parameterType(argument);
  if (!type) {
    // Falco reads the longest name that it knows, and then misses a field for the rest.
    const unknown = beginsWithParameter(argument);
    throw new ConditionTypeError(`unknown argument ${argument}: no event has it`, span, { unknown });
  }
  return field.type === 'DYN' ? type : field.type;
}

function typeOfTransformer(operand: TransformerOperand, source: EventSource, use: OperandUse): OperandType {
  const { name, span } = operand;
  const args = operand.arguments.map((argument) => typeOfTransformerArgument(argument, source, use));
  const [first, second] = args;
  if (operand.argument !== undefined && name !== 'getopt') {
    throw new ConditionTypeError(`${name}() takes no argument in brackets`, span);
  }
  switch (name) {
    case 'tolower':
    case 'toupper':
    case 'basename':
      return { type: 'CHARBUF', list: single(operand, args, isString).list };
    case 'b64': {
      // Bytes stay bytes.
      const { type, list } = single(operand, args, isTextOrBytes);
      return { type: type === 'BYTEBUF' ? type : 'CHARBUF', list };
    }
    case 'len':
      single(operand, args, (type, list) => list || isTextOrBytes(type));
      return { type: 'UINT64', list: false };
    case 'join':
      if (args.length !== 2 || !first || !second) throw count(operand, 'a separator and a list: join(",", (a, b))');
      requireStrings(operand, args);
      requireList(operand, 1, second);
      requireOne(operand, 0, first);
      return { type: 'CHARBUF', list: false };
    case 'concat':
      if (args.length < 2) throw count(operand, 'two or more texts');
      requireStrings(operand, args);
      for (const [position, arg] of args.entries()) requireOne(operand, position, arg);
      return { type: 'CHARBUF', list: false };
    case 'getopt':
      if (args.length !== 2 || !first || !second) {
        throw count(operand, 'a list and the options: getopt((proc.args), "ab:")');
      }
      requireList(operand, 0, first);
      requireOne(operand, 1, second);
      requireStrings(operand, args);
      if (operand.argument !== undefined && literalBytes(operand.argument).length !== 1) {
        throw new ConditionTypeError('getopt() takes a single letter in brackets', span, { help: 'getopt(...)[k]' });
      }
      return { type: 'CHARBUF', list: operand.argument === undefined };
  }
}

function typeOfTransformerArgument(argument: TransformerArgument, source: EventSource, use: OperandUse): OperandType {
  switch (argument.kind) {
    case 'literal':
      return { type: 'CHARBUF', list: false };
    case 'list': {
      const types = argument.items.map((item) => typeOfTransformerArgument(item, source, use));
      return { type: types.find(({ type }) => !isString(type))?.type ?? 'CHARBUF', list: true };
    }
    case 'transformer':
    case 'field':
      return typeOf(argument, source, use);
  }
}

function isTextOrBytes(type: ValueType): boolean {
  return isString(type) || type === 'BYTEBUF';
}

function single(
  operand: TransformerOperand,
  args: readonly OperandType[],
  allowed: (type: ValueType, list: boolean) => boolean,
): OperandType {
  const [only] = args;
  if (!only || args.length !== 1) throw count(operand, 'one operand');
  if (only.field?.noTransformer) {
    throw new ConditionTypeError(`field '${only.field.name}' does not support transformers`, operand.span);
  }
  if (allowed(only.type, only.list)) return only;
  throw new ConditionTypeError(`${operand.name}() can't be applied to type ${only.type}`, operand.span);
}

function requireStrings(operand: TransformerOperand, args: readonly OperandType[]): void {
  if (args.every(({ type }) => isString(type))) return;
  throw new ConditionTypeError(`${operand.name}() arguments must be strings`, operand.span);
}

const PLACES = ['first', 'second'];

/** getopt() returns several texts, but its result is not a list here, as in Falco. */
function requireList(operand: TransformerOperand, position: number, { list }: OperandType): void {
  const argument = operand.arguments[position];
  if (list && !(argument?.kind === 'transformer' && argument.name === 'getopt')) return;
  const message = `${operand.name}() ${PLACES[position]} argument must be a list`;
  throw new ConditionTypeError(message, operand.span, { help: 'put it in parentheses' });
}

function requireOne(operand: TransformerOperand, position: number, { list }: OperandType): void {
  if (!list) return;
  const place = PLACES[position] ?? 'each';
  throw new ConditionTypeError(`${operand.name}() ${place} argument must be one text, not a list`, operand.span);
}

function count(operand: TransformerOperand, takes: string): ConditionTypeError {
  return new ConditionTypeError(`${operand.name}() takes ${takes}`, operand.span);
}
