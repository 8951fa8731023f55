// Claims about a value that an output prints: conditions that compare it with itself and its neighbours, and whether each holds. A compiled
// module must say the same.

import assert from 'node:assert/strict';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { checkTypes } from '../../../host/compiler/conditions/typecheck.ts';
import { addressText } from '../../../host/fields/address.ts';
import { readField } from '../../../host/fields/read.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import { valueText } from '../../../host/fields/text.ts';
import type { FieldValue } from '../../../host/fields/value.ts';
import type { Field } from '../../../host/schema/fields/field.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { asInteger, compareIntegers, constantAs } from '../../../host/schema/integers.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import { putRecords, type RandomRecords } from '../random/records-at-limits.ts';
import { RecordMemory } from './records.ts';
import { RuleModule, rulesOf } from './rule-module.ts';
import { valueType } from './schema-fields.ts';

const CONTEXT = { sessionStart: 0n, hostname: 'test', isoTime: false, isLive: false };

/** A condition, and whether it holds of the value that the output has. */
export interface Claim {
  readonly condition: string;
  readonly named: Named;
  /** The kind of the value whose neighbourhood is tested. */
  readonly madeOf?: FieldValue['kind'];
  readonly holds: (value: FieldValue | undefined, on: EventRecord) => boolean;
}

/** A field, or what a transformer makes of one, whose type it then has. */
export interface Named {
  readonly text: string;
  readonly field: Field;
  readonly argument: string | undefined;
  /** What the output reads; undefined: nothing. */
  readonly output: (event: EventRecord) => FieldValue | undefined;
}

/** Read as conditions are, so that both mean the same argument. */
export function named(text: string): Named {
  const parsed = parseCondition(`${text} exists`);
  assert.ok(parsed.kind === 'check' && parsed.left.kind === 'field', text);
  const resolved = resolveNamed(parsed.left.name, parsed.left.argument);
  assert.ok(resolved.ok, text);
  const { field, argument } = resolved;
  return { text, field, argument, output: (event) => readField(event, field, argument, CONTEXT) };
}

export function claimsOf(named: Named, values: readonly FieldValue[]): readonly Claim[] {
  const exists: Claim = { condition: `${named.text} exists`, named, holds: (value) => value !== undefined };
  return [
    exists,
    ...values.flatMap((value) => claimsOn(named, value).map((claim) => ({ ...claim, madeOf: value.kind }))),
  ].filter(isValid);
}

/** The parameters of a name may be of several types, of which conditions take one. */
function isValid({ named, condition }: Claim): boolean {
  if (named.field.type !== 'DYN') return true;
  try {
    checkTypes(parseCondition(condition));
    return true;
  } catch {
    return false;
  }
}

function claimsOn(named: Named, printed: FieldValue): readonly Claim[] {
  switch (printed.kind) {
    case 'integer':
      return numberClaims(named, printed.value);
    case 'boolean':
      return [true, false].map((wanted) => ({
        condition: `${named.text} = ${wanted}`,
        named,
        holds: (value) => value?.kind === 'boolean' && value.value === wanted,
      }));
    case 'address': {
      const text = addressText(printed.bytes);
      // As in Falco, such a constant is invalid.
      if (/:.*\./.test(text)) return [];
      const same = (value: FieldValue | undefined): boolean =>
        value?.kind === 'address' && Buffer.from(value.bytes).equals(printed.bytes);
      return [
        { condition: `${named.text} = ${text}`, named, holds: same },
        { condition: `${named.text} != ${text}`, named, holds: (value) => value !== undefined && !same(value) },
      ];
    }
    case 'list':
      return listClaims(named, printed.items);
    case 'text':
    case 'buffer':
      return textClaims(named, printed.bytes);
    default:
      throw new Error(`${named.text} is of kind ${printed.kind}`);
  }
}

/** The value that is printed, the two beside it, and some far away. */
function numberClaims(named: Named, printed: bigint): readonly Claim[] {
  const { type } = named.field;
  // Hexadecimal is shown without the sign.
  const numberOf = (shown: Extract<FieldValue, { kind: 'integer' }>, of: ValueType): bigint =>
    shown.base === 16 ? asInteger(shown.value, of) : shown.value;
  const near = [printed, printed - 1n, printed + 1n].flatMap((constant) =>
    (['=', '<', '>='] as const).map((operator) => ({ operator, constant })),
  );
  const far = [0n, -1n].flatMap((constant) => (['!=', '>', '<='] as const).map((operator) => ({ operator, constant })));
  return [...near, ...far]
    .filter(({ constant }) => type !== 'PORT' || isPort(constant))
    .map(({ operator, constant }) => ({
      condition: `${named.text} ${operator} ${constant}`,
      named,
      holds: (value, { type: event }) => {
        const of = valueType(named.field, named.argument, event.name);
        return value?.kind === 'integer' && compareIntegers(numberOf(value, of), operator, constantAs(constant, of));
      },
    }));
}

function isPort(constant: bigint): boolean {
  return constant >= 0n && constant <= 0xffffn;
}

function textClaims(named: Named, printed: Uint8Array): readonly Claim[] {
  const text = Buffer.from(printed);
  const claim = (operator: string, right: Buffer, holds: (text: Buffer) => boolean): Claim => ({
    condition: `${named.text} ${operator} ${quoteBytes(right)}`,
    named,
    holds: (value) => value !== undefined && holds(bytesOf(value)),
  });
  const [end, start, inner] = [lastCharacters(text, 3), firstCharacters(text, 3), withoutFirst(text)];
  const longer = Buffer.concat([text, Buffer.from('x')]);
  return [
    claim('=', text, (other) => other.equals(text)),
    claim('!=', text, (other) => !other.equals(text)),
    claim('=', longer, (other) => other.equals(longer)),
    claim('startswith', start, (other) => other.indexOf(start) === 0),
    claim('endswith', end, (other) => other.subarray(-end.length || other.length).equals(end)),
    claim('contains', inner, (other) => other.includes(inner)),
    ...regexClaims(named, text.toString('utf8')),
  ];
}

/** Regular expressions are of characters. */
function regexClaims(named: Named, text: string): readonly Claim[] {
  if (text.includes('\ufffd')) return [];
  const part = escaped(text.slice(1, 4));
  return [
    {
      condition: `${named.text} regex ${quote(`.*${part}`)}`,
      named,
      holds: (value) => value !== undefined && new RegExp(`^.*${part}$`, 's').test(bytesOf(value).toString('utf8')),
    },
  ];
}

/** In a text that is UTF-8 whole characters, else bytes. */
function charactersOf(text: Buffer): readonly Buffer[] {
  const decoded = text.toString('utf8');
  const encoding = Buffer.from(decoded).equals(text) ? 'utf8' : 'latin1';
  return Array.from(text.toString(encoding), (character) => Buffer.from(character, encoding));
}

const firstCharacters = (text: Buffer, count: number): Buffer => Buffer.concat(charactersOf(text).slice(0, count));
const lastCharacters = (text: Buffer, count: number): Buffer => Buffer.concat(charactersOf(text).slice(-count));
const withoutFirst = (text: Buffer): Buffer => Buffer.concat(charactersOf(text).slice(1));

/** Bytes that are not UTF-8 are written by their numbers. */
function quoteBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return quote(text);
  return quote(bytes.toString('latin1')).replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

/** A buffer is compared as it is, not as it is shown. */
function bytesOf(value: FieldValue): Buffer {
  return Buffer.from(value.kind === 'buffer' ? value.bytes : valueText(value));
}

function listClaims(named: Named, printed: readonly Uint8Array[]): readonly Claim[] {
  const constants = printed.map((item) => Buffer.from(item).toString('utf8'));
  const listed = `(${constants.map(quote).join(', ')})`;
  const itemsOf = (value: FieldValue | undefined): readonly string[] | undefined =>
    value?.kind === 'list' ? value.items.map((item) => Buffer.from(item).toString('utf8')) : undefined;
  if (constants.length === 0) return [];
  return [
    {
      condition: `${named.text} in ${listed}`,
      named,
      holds: (value) => itemsOf(value)?.every((item) => constants.includes(item)) ?? false,
    },
    {
      condition: `${named.text} intersects ${listed}`,
      named,
      holds: (value) => itemsOf(value)?.some((item) => constants.includes(item)) ?? false,
    },
  ];
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Punctuation alone: RE2 refuses a backslash before a control character. */
function escaped(text: string): string {
  return text.replace(/[!-.:-@[-^`{-~]/g, '\\$&');
}

/** Some of the values that the field has on the events, different ones. @param most as many */
export function valuesOf(field: Named, events: readonly EventRecord[], most: number): readonly FieldValue[] {
  const values = new Map<string, FieldValue>();
  for (const event of events) {
    const value = field.output(event);
    if (value) values.set(Buffer.from(valueText(value)).toString('latin1'), value);
  }
  const all = [...values.values()];
  const step = Math.max(1, all.length / most);
  return Array.from({ length: Math.min(all.length, most) }, (_, index) => all[Math.floor(index * step)]).filter(
    (value) => value !== undefined,
  );
}

export function eventsOf(samples: readonly RandomRecords[]): readonly EventRecord[] {
  const memory = new RecordMemory(16 << 20);
  return samples.map((sample) => {
    const record = EventRecord.at(memory.memory, putRecords(memory, sample).event);
    assert.ok(record);
    return record;
  });
}

/** Compares each claim with what a compiled module finds on each of the samples. */
export async function holdAgainstModule(claims: readonly Claim[], samples: readonly RandomRecords[]): Promise<void> {
  const module = await RuleModule.of(rulesOf(claims.map(({ condition }) => condition)));
  for (const sample of samples) {
    const placed = putRecords(module.records, sample);
    module.setCandidates(placed.image);
    const event = EventRecord.at(module.records.memory, placed.event);
    assert.ok(event);
    const matched = new Set(module.evaluate(placed.event, placed.end));
    for (const [index, claim] of claims.entries()) {
      const { condition, named, holds } = claim;
      const value = named.output(event);
      if (isOfOtherType(claim, value)) continue;
      const shown = value ? `"${Buffer.from(valueText(value)).toString('latin1')}"` : 'nothing';
      if (matched.has(index) !== holds(value, event))
        assert.fail(
          `${condition} is ${matched.has(index)} of ${sample.type}, where the output has ${shown}: ${inspected(sample)}`,
        );
    }
  }
}

/** A parameter's name may have several types, and the value on this event another one than that of which the claim was made. */
function isOfOtherType({ named, madeOf }: Claim, value: FieldValue | undefined): boolean {
  return named.field.type === 'DYN' && madeOf !== undefined && value !== undefined && value.kind !== madeOf;
}

function inspected(sample: RandomRecords): string {
  return JSON.stringify(sample, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}
