// The value of an operand: a field of an event, or what a function makes of others.

import type { Operand, TransformerArgument } from '../../../host/compiler/conditions/ast.ts';
import { literal } from './check-constants.ts';
import type { PlainValue as Value } from './derivation-value.ts';
import { fieldValue } from './field-value.ts';
import { readOptions } from './getopt.ts';
import type { RawEvent } from './raw-record.ts';

export function operandValue(operand: Operand, event: RawEvent): Value | undefined {
  // Networks are never shown, so that output has no value for them: it is the address's.
  if (operand.kind === 'field')
    return fieldValue(operand.name.replace(/^(fd\..)net$/, '$1ip'), operand.argument, event);
  const text = (item: TransformerArgument | undefined): string | undefined => {
    if (item?.kind === 'literal') return literal(item);
    const value = item && item.kind !== 'list' ? operandValue(item, event) : undefined;
    return value?.kind === 'text' ? value.bytes : undefined;
  };
  const [first, second] = operand.arguments;
  const made = (bytes: string | undefined): Value | undefined =>
    bytes === undefined ? bytes : { kind: 'text', bytes };
  const listOf = (item: TransformerArgument | undefined): readonly string[] | undefined => {
    if (item?.kind === 'list') return allPresent(item.items.map(text));
    const value = item && item.kind !== 'literal' ? operandValue(item, event) : undefined;
    return value?.kind === 'list' ? value.items : undefined;
  };
  /** Of a text, or of each element of a list. */
  const each = (map: (bytes: string) => string | undefined): Value | undefined => {
    const items = listOf(first);
    if (items === undefined) {
      const bytes = text(first);
      return bytes === undefined ? undefined : made(map(bytes));
    }
    const mapped = allPresent(items.map(map));
    return mapped && { kind: 'list', items: mapped };
  };
  switch (operand.name) {
    case 'tolower':
      return each((bytes) => bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
    case 'toupper':
      return each((bytes) => bytes.replace(/[a-z]/g, (letter) => letter.toUpperCase()));
    case 'basename':
      return each((bytes) => bytes.replace(/^.*\//s, ''));
    case 'len': {
      const length = (listOf(first) ?? text(first))?.length;
      return length === undefined ? undefined : { kind: 'integer', value: BigInt(length) };
    }
    case 'b64':
      return each(decodedBase64);
    case 'concat':
      return made(allPresent(operand.arguments.map(text))?.join(''));
    case 'join': {
      const [separator, items] = [text(first), listOf(second)];
      return separator === undefined ? undefined : made(items?.join(separator));
    }
    case 'getopt': {
      const [words, known] = [listOf(first), text(second)];
      if (words === undefined || known === undefined) return undefined;
      const found = readOptions(words, known);
      if (operand.argument === undefined) {
        const items = found.flatMap(({ name, value }) => (value === undefined ? [name] : [name, value]));
        return { kind: 'list', items };
      }
      const last = found.findLast(({ letter }) => letter === operand.argument);
      return made(last && (last.value ?? last.name));
    }
  }
}

function allPresent(items: readonly (string | undefined)[]): readonly string[] | undefined {
  const present = items.filter((item) => item !== undefined);
  return present.length === items.length ? present : undefined;
}

function decodedBase64(bytes: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(bytes)) return undefined;
  const digits = bytes.replace(/=+$/, '');
  const decoded = Buffer.from(digits, 'base64');
  // Bits that make no whole byte have to be 0: then the text is what encoding gives.
  return decoded.toString('base64').replace(/=+$/, '') === digits ? decoded.toString('latin1') : undefined;
}
