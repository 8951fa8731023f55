// Checks whether a constant is valid for its field's type.

import { suggestEvent } from '../../diagnostics/suggest.ts';
import { isEventName } from '../../schema/event-names.ts';
import type { ValueType } from '../../schema/types.ts';
import { parseAddressConstant, parseNetwork } from './address.ts';
import type { Literal, Operator } from './ast.ts';
import { literalBytes } from './literal-bytes.ts';
import { regexError } from './regex-syntax.ts';
import { portOf } from './services.ts';
import { ConditionTypeError, isString, type OperandType } from './type-of.ts';

/** Falco's limit on text in conditions, in bytes. */
const LONGEST_VALUE = 255;

/** @throws ConditionTypeError */
export function checkValue({ type, field }: OperandType, operator: Operator, literal: Literal): void {
  const { span } = literal;
  if (isString(type)) {
    requireShort(literal, literalBytes(literal.text).length);
    if (operator === 'regex') checkRegex(literal);
    // As in Falco, syscall.type is compared with any text: uncapturedEvents() warns of names that no call has.
    if (field?.name === 'evt.type') checkEventName(literal);
    return;
  }
  const problem = problemWith(type, operator, literal.text);
  if (problem) throw new ConditionTypeError(problem.message, span, { help: problem.help });
  if (type === 'BYTEBUF') {
    const hex = operator === 'bcontains' || operator === 'bstartswith';
    requireShort(literal, hex ? literal.text.length / 2 : literalBytes(literal.text).length);
  }
}

interface Problem {
  readonly message: string;
  readonly help?: string;
}

function problemWith(type: ValueType, operator: Operator, text: string): Problem | undefined {
  switch (type) {
    case 'BOOL':
      if (text === 'true' || text === 'false') return undefined;
      return { message: `${text} is not true or false` };
    case 'BYTEBUF':
      if (operator !== 'bcontains' && operator !== 'bstartswith') return undefined;
      if (/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined;
      return { message: `${operator} takes hex digits, two a byte`, help: 'write cafebabe, not 0xcafebabe' };
    case 'PORT':
      if ((portOf(text) ?? Number.POSITIVE_INFINITY) <= 0x7fffffff) return undefined;
      return { message: `${text} is not a port`, help: 'expected a number or a service name' };
    case 'IPADDR':
      return parseAddressConstant(text)
        ? undefined
        : { message: `${text} is not an IP address`, help: addressHelp(text) };
    case 'IPNET':
      return parseNetwork(text)
        ? undefined
        : { message: `${text} is not a network`, help: 'write 10.0.0.0/8 or fd00::/8' };
    default:
      if (/^\s*[+-]?\d+$/.test(text)) return undefined;
      return {
        message: `${text === '' ? 'an empty text' : text} is not a valid number`,
        help: 'expected a whole decimal number',
      };
  }
}

function addressHelp(text: string): string {
  return text.includes('/') ? 'for a network compare fd.net, fd.snet, fd.cnet...' : 'write 10.0.0.1 or fd00::1';
}

function requireShort(literal: Literal, bytes: number): void {
  if (bytes <= LONGEST_VALUE) return;
  throw new ConditionTypeError(`the value has ${bytes} bytes; at most ${LONGEST_VALUE} can be compared`, literal.span);
}

function checkRegex(literal: Literal): void {
  const error = regexError(literal.text);
  if (!error) return;
  throw new ConditionTypeError(`invalid regex pattern: ${error}`, literal.span, {
    help: 'POSIX syntax: write [0-9] for \\d; (?...) is not supported',
  });
}

function checkEventName(literal: Literal): void {
  // `syscall` is the name of the table entry for calls without parameters of their own; no event is called so.
  if (literal.text === '' || literal.text === 'syscall' || isEventName(literal.text)) return;
  const suggestion = suggestEvent(literal.text);
  throw new ConditionTypeError(`unknown event type ${literal.text}`, literal.span, {
    help: suggestion ? `did you mean ${suggestion}?` : 'see `wasprey list events`',
    unknown: true,
  });
}
