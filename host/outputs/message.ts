// Formats the message of an alert from a rule's parsed output template and the values of its fields.

import type { Operand, TransformerArgument } from '../compiler/conditions/ast.ts';
import type { Template, TemplateToken } from '../compiler/conditions/template-tokens.ts';
import { NOT_AVAILABLE, valueText } from '../fields/text.ts';
import { type Absent, concatenate, decode, encode, type FieldValue, text } from '../fields/value.ts';
import { fieldKey, operandValue } from './transform.ts';

const SPACE = 0x20;
/** Longest message in bytes; the rest is cut off. Field widths or repeated long fields could exceed it. */
const LONGEST_MESSAGE = 256 * 1024;

export interface KeyedValue {
  readonly key: string;
  readonly value: FieldValue | Absent;
}

/** The fields of an alert that are texts or numbers. */
export function keyedTexts(fields: Readonly<Record<string, string | number>>): KeyedValue[] {
  return Object.entries(fields).map(([key, value]) => ({ key, value: text(String(value)) }));
}

/** The fields that a template prints, each once, in order: those to read from a matched event. */
export function templateFields(template: Template): string[] {
  const keys = new Set<string>();
  for (const token of template) if (token.kind === 'operand') collect(token.operand, keys);
  return [...keys];
}

function collect(argument: Operand | TransformerArgument, keys: Set<string>): void {
  switch (argument.kind) {
    case 'field':
      keys.add(fieldKey(argument));
      return;
    case 'transformer':
      for (const inner of argument.arguments) collect(inner, keys);
      return;
    case 'list':
      for (const item of argument.items) collect(item, keys);
      return;
    case 'literal':
      return;
  }
}

/** The message as text; it may have control characters, which escape.ts escapes. Invalid UTF-8 becomes U+FFFD. */
export function renderMessage(template: Template, values: readonly KeyedValue[]): string {
  const byKey = new Map(values.map(({ key, value }) => [key, value]));
  const parts: Uint8Array[] = [];
  let room = LONGEST_MESSAGE;
  for (const token of template) {
    if (room === 0) break;
    const part = tokenText(token, byKey, room).subarray(0, room);
    parts.push(part);
    room -= part.length;
  }
  return decode(concatenate(parts));
}

function tokenText(token: TemplateToken, values: ReadonlyMap<string, FieldValue | Absent>, room: number): Uint8Array {
  if (token.kind === 'text') return encode(token.text);
  const value = operandValue(token.operand, (key) => values.get(key));
  const shown = value ? valueText(value) : encode(NOT_AVAILABLE);
  return token.width ? toWidth(shown, Math.min(token.width, room)) : shown;
}

/** Values appended to a message: ` key=value` for each. */
export function renderFields(values: readonly KeyedValue[]): string {
  return values.map(({ key, value }) => ` ${key}=${value ? decode(valueText(value)) : NOT_AVAILABLE}`).join('');
}

/** Cut or padded with blanks to so many bytes. */
function toWidth(bytes: Uint8Array, width: number): Uint8Array {
  const sized = new Uint8Array(width).fill(SPACE);
  sized.set(bytes.subarray(0, width));
  return sized;
}
