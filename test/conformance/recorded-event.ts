// An event of eval.json as a source of field values: the corpus has each field's text, from which its value follows.

import { boolean, encode, type FieldValue, integer, text } from '../../host/fields/value.ts';
import { resolveField } from '../../host/schema/fields/index.ts';

export interface RecordedEvent {
  readonly id: string;
  /** Text of each field, by what a rule calls it; null when absent. */
  readonly fields: Readonly<Record<string, string | null>>;
  /** Decimal value of numbers whose text is not decimal. */
  readonly raw?: Readonly<Record<string, string>>;
}

/** Fields that Falco shows in another base than ten. */
const HEXADECIMAL = new Set(['fd.dev']);
const OCTAL = new Set(['evt.rawarg.mode']);
const TIMES = /^evt\.(time|datetime)/;
const INTEGERS = /^(U?INT|FLAGS|ENUMFLAGS|RELTIME|ABSTIME|PORT|PID|FD$|ERRNO|UID|GID|MODE)/;

/** @param types the corpus's type of each field; the schema's where it has none (what evt.rawarg is depends on the event) */
export function recordedValue(
  { fields, raw }: RecordedEvent,
  key: string,
  types: Readonly<Record<string, string>>,
): FieldValue | undefined {
  const shown = fields[key];
  // What events of this type don't have (arguments, container fields of most) is left out of the record.
  if (shown === null || shown === undefined) return undefined;
  const resolved = resolveField(key);
  if (!resolved.ok) throw new Error(`${key}: ${resolved.reason}`);
  const type = types[key] ?? resolved.field.type;
  if (type.startsWith('list')) return { kind: 'list', items: listItems(shown) };
  if (TIMES.test(key)) return { kind: 'time', text: shown, nanoseconds: BigInt(fields['evt.rawtime'] ?? 0) };
  if (type === 'BOOL') return boolean(shown === 'true');
  if (type === 'DOUBLE') return { kind: 'double', value: Number(raw?.[key] ?? shown) };
  if (!INTEGERS.test(type)) return text(shown);
  const base = HEXADECIMAL.has(key) || type.startsWith('FLAGS') ? 16 : OCTAL.has(key) ? 8 : 10;
  return integer(BigInt(raw?.[key] ?? shown), base);
}

function listItems(shown: string): Uint8Array[] {
  return shown.slice(1, -1).split(',').map(encode);
}
