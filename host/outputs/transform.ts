// Transformers in output templates: %toupper(proc.name), %join(",", (a, b)), %getopt(...).

import type { Operand, TransformerArgument, TransformerOperand } from '../compiler/conditions/ast.ts';
import { type FoundOption, options, optionTexts, optionValue } from '../compiler/conditions/getopt.ts';
import { literalBytes } from '../compiler/conditions/literal-bytes.ts';
import { lastPart } from '../fields/path.ts';
import { valueText } from '../fields/text.ts';
import { type Absent, concatenate, encode, type FieldValue, integer, latin1, text } from '../fields/value.ts';

/** Returns the value of a field of the event, by its key. */
export type Lookup = (key: string) => FieldValue | Absent;

/** The written form of a field, and its name in output_fields: `proc.aname[2]`. */
export function fieldKey({ name, argument }: { name: string; argument?: string }): string {
  return argument === undefined ? name : `${name}[${argument}]`;
}

/** The value of a field or transformer; absent if any of its inputs is. */
export function operandValue(operand: Operand, lookUp: Lookup): FieldValue | Absent {
  return operand.kind === 'field' ? lookUp(fieldKey(operand)) : transform(operand, lookUp);
}

function transform(operand: TransformerOperand, lookUp: Lookup): FieldValue | Absent {
  const [first, second] = operand.arguments;
  if (!first) return undefined;
  switch (operand.name) {
    case 'tolower':
      return mapText(first, lookUp, (bytes) => bytes.map(toLower));
    case 'toupper':
      return mapText(first, lookUp, (bytes) => bytes.map(toUpper));
    case 'basename':
      return mapText(first, lookUp, lastPart);
    case 'b64':
      return mapText(first, lookUp, decodeBase64);
    case 'len': {
      // Falco prints the length of lists only; for a text it prints <NA> (in conditions a text has a length).
      const value = argumentValue(first, lookUp);
      return value?.kind === 'list' ? integer(value.items.length) : undefined;
    }
    case 'concat': {
      const items = valuesOf(operand.arguments, lookUp);
      return items && text(concatenate(items));
    }
    case 'join': {
      const separator = argumentValue(first, lookUp);
      const items = second && listItems(second, lookUp);
      return separator && items && text(concatenate(items, valueText(separator)));
    }
    case 'getopt': {
      const known = second && argumentValue(second, lookUp);
      const list = listItems(first, lookUp);
      if (!known || !list) return undefined;
      return valueOfOptions(options(list.map(latin1), latin1(valueText(known))), operand.argument);
    }
  }
}

/** The texts of all options, or the value of one. */
function valueOfOptions(found: readonly FoundOption[], wanted: string | undefined): FieldValue | Absent {
  if (wanted === undefined) return { kind: 'list', items: optionTexts(found).map(bytesOf) };
  const value = optionValue(found, latin1(encode(wanted)));
  return value === undefined ? undefined : text(bytesOf(value));
}

function argumentValue(argument: TransformerArgument, lookUp: Lookup): FieldValue | Absent {
  switch (argument.kind) {
    case 'field':
    case 'transformer':
      return operandValue(argument, lookUp);
    case 'literal':
      return text(literalBytes(argument.text));
    case 'list': {
      const items = listItems(argument, lookUp);
      return items && { kind: 'list', items };
    }
  }
}

/** Items of a list; undefined if the value is not a list or an item is absent. */
function listItems(argument: TransformerArgument, lookUp: Lookup): readonly Uint8Array[] | undefined {
  if (argument.kind !== 'list') {
    const value = argumentValue(argument, lookUp);
    return value?.kind === 'list' ? value.items : undefined;
  }
  return valuesOf(argument.items, lookUp);
}

/** The texts of all; undefined if one is absent. */
function valuesOf(items: readonly TransformerArgument[], lookUp: Lookup): readonly Uint8Array[] | undefined {
  const values = items.map((item) => argumentValue(item, lookUp));
  return values.every((value) => value !== undefined) ? values.map(valueText) : undefined;
}

/** Changes a text, or each item of a list; absent if one can't be changed. */
function mapText(
  argument: TransformerArgument,
  lookUp: Lookup,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): FieldValue | Absent {
  const value = argumentValue(argument, lookUp);
  if (value?.kind === 'list') {
    const items = value.items.map(change);
    return items.every((item) => item !== undefined) ? { kind: 'list', items } : undefined;
  }
  const changed = value && change(value.kind === 'buffer' ? value.bytes : valueText(value));
  return changed && text(changed);
}

/** The reverse of latin1(). Options are bytes: those of a hostile process need not be UTF-8. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const toLower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
const toUpper = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte);

/** Padding may be omitted; otherwise invalid base64 is absent. */
function decodeBase64(bytes: Uint8Array): Uint8Array | undefined {
  const written = latin1(bytes).replace(/={1,2}$/, '');
  const decoded = Buffer.from(written, 'base64');
  return decoded.toString('base64').replace(/=+$/, '') === written ? new Uint8Array(decoded) : undefined;
}
