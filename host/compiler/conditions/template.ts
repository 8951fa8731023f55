// Output templates: text with %fields in it.

import { fieldHelp } from '../../diagnostics/suggest.ts';
import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import type { FieldOperand, Operand } from './ast.ts';
import { fieldsIn } from './fields-of.ts';
import { operandOrNothing } from './operand-parser.ts';
import type { Template, TemplateToken } from './template-tokens.ts';
import { isKnownOperand, unknownFieldMessage } from './type-of.ts';

/** A template that can't be printed. Indexes are UTF-16 units of its text, [start, end). */
export class TemplateError extends Error {
  readonly start: number;
  readonly end: number;
  readonly help: string | undefined;
  /** A token names no known field: a rule with skip-if-unknown-filter is left out for it. */
  readonly unknown: boolean;

  constructor(message: string, start: number, end: number, options: { help?: string; unknown?: boolean } = {}) {
    super(message);
    this.name = 'TemplateError';
    this.start = start;
    this.end = end;
    this.help = options.help;
    this.unknown = options.unknown ?? false;
  }
}

/** Parsing this much takes a millisecond, at each load of the rules. Readable outputs are far shorter. */
const LONGEST_TEMPLATE = 64 * 1024;

/** A token and where it stands: UTF-16 units of the template, [start, end), the % included. */
export interface PlacedToken {
  readonly token: TemplateToken;
  readonly start: number;
  readonly end: number;
}

/**
 * Parses a template. After a % stands an optional width, and then the longest text that is a known field or transformer;
 * what follows is text again.
 * @param source of the rule
 * @throws TemplateError
 */
export function parseTemplate(text: string, source: EventSource = DEFAULT_SOURCE): Template {
  return placedTokens(text, source).map(({ token }) => token);
}

/** The tokens of an output, each with its place. */
export function placedTokens(text: string, source: EventSource = DEFAULT_SOURCE): PlacedToken[] {
  if (text === '') throw new TemplateError('output is empty', 0, 0);
  if (text.length > LONGEST_TEMPLATE) {
    throw new TemplateError(`output has more than ${LONGEST_TEMPLATE} characters`, LONGEST_TEMPLATE, text.length);
  }
  const tokens: PlacedToken[] = [];
  // Absent values always print <NA>, as a leading star requires.
  let at = text.startsWith('*') ? 1 : 0;
  while (at < text.length) {
    const placed = text[at] === '%' ? operandToken(text, at, source) : textToken(text, at);
    tokens.push(placed);
    at = placed.end;
  }
  return tokens;
}

function textToken(text: string, start: number): PlacedToken {
  const percent = text.indexOf('%', start);
  const end = percent < 0 ? text.length : percent;
  return { token: { kind: 'text', text: text.slice(start, end) }, start, end };
}

function operandToken(text: string, percent: number, source: EventSource): PlacedToken {
  const digits = /^\d*/.exec(text.slice(percent + 1, percent + 20))?.[0] ?? '';
  const start = percent + 1 + digits.length;
  if (start >= text.length) throw new TemplateError('output ends with a %', percent, text.length, NO_ESCAPE);
  const found = longestOperand(text, start, source);
  if (!found) throw unknownToken(text, percent, start, source);
  const width = Number(digits);
  const token = { kind: 'operand', operand: found.operand, ...(width > 0 ? { width } : {}) } as const;
  return { token, start: percent, end: found.end };
}

const NO_ESCAPE = { help: 'a % always starts a field; there is no way to print one' };

/** The longest text that may be a field's name, with an argument after it. Names are far shorter than the limit. */
const FIELD_REACH = /([a-zA-Z][\w.]{0,127})(\[(?:"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|[^\]]*)\])?/y;
const TRANSFORMER_START = /[a-z0-9]+\(/y;
/** Longest transformer: names, arguments and nested transformers are short in all sensible templates. */
const TRANSFORMER_REACH = 1024;

function longestOperand(
  text: string,
  start: number,
  source: EventSource,
): { operand: Operand; end: number } | undefined {
  for (const end of possibleEnds(text, start)) {
    const operand = operandOrNothing(text.slice(start, end));
    if (operand && isKnownOperand(operand, source, 'output')) return { operand, end };
  }
  return undefined;
}

/** Where an operand that begins at `start` can end, longest first. */
function* possibleEnds(text: string, start: number): Generator<number> {
  TRANSFORMER_START.lastIndex = start;
  if (TRANSFORMER_START.test(text)) {
    for (let end = Math.min(text.length, start + TRANSFORMER_REACH); end > start; end--) {
      if (/[)\]]/.test(text[end - 1] ?? '')) yield end;
    }
  }
  FIELD_REACH.lastIndex = start;
  const match = FIELD_REACH.exec(text);
  if (!match) return;
  if (match[2] !== undefined && match[2] !== '[]') yield start + match[0].length;
  for (let end = start + (match[1] ?? '').length; end > start; end--) {
    if (text[end - 1] !== '.') yield end;
  }
}

function unknownToken(text: string, percent: number, start: number, source: EventSource): TemplateError {
  const name = /^[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)*(?:\[[^\]]*\])?/.exec(text.slice(start))?.[0];
  if (name === undefined) {
    return new TemplateError('there is no field after the %', percent, start + 1, { ...NO_ESCAPE, unknown: true });
  }
  return new TemplateError(unknownFieldMessage(name, source), percent, start + name.length, {
    help: fieldHelp(name, '%', source),
    unknown: true,
  });
}

/** The fields that a template prints, in transformers too. */
export function templateFields(template: Template): FieldOperand[] {
  return template.flatMap((token) => (token.kind === 'operand' ? fieldsIn(token.operand) : []));
}
