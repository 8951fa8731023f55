// What an alert prints of a field and what conditions say of it agree: for every field that has a derivation, and for the parameters of all
// events, on records with members at their limits, conditions compare the field with the value that the output has and with its neighbours.
// Left out is what outputs alone know: dates as text, and names of accounts that the process image has no name for.
// WASPREY_TEST_RECORDS sets the number of events, WASPREY_TEST_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { checkTypes } from '../../../host/compiler/conditions/typecheck.ts';
import { useAccounts } from '../../../host/fields/account-names.ts';
import { addressText } from '../../../host/fields/address.ts';
import { readField } from '../../../host/fields/read.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import { valueText } from '../../../host/fields/text.ts';
import type { FieldValue } from '../../../host/fields/value.ts';
import type { Field } from '../../../host/schema/fields/field.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { asInteger, compareIntegers, constantAs } from '../../../host/schema/integers.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import { putRecords, type RandomRecords, randomRecords } from '../../support/random/records-at-limits.ts';
import { RecordMemory } from '../../support/records/records.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';
import { derivedFields, isDateText, parameterFields, valueType } from '../../support/records/schema-fields.ts';

const RECORDS = Number(process.env.WASPREY_TEST_RECORDS ?? 150);
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_27);
/** Values of one field that it is compared with: more in longer runs. */
const MOST_VALUES = Math.ceil(RECORDS / 100);
/** Conditions in one module: asc takes longer the more there are, and refuses too many. */
const IN_A_MODULE = 250;
const CONTEXT = { sessionStart: 0n, hostname: 'test', isoTime: false, isLive: false };

/** A condition, and whether it holds of the value that the output has. */
interface Claim {
  readonly condition: string;
  readonly named: Named;
  /** The kind of the value whose neighbourhood is tested. */
  readonly madeOf?: FieldValue['kind'];
  readonly holds: (value: FieldValue | undefined, on: EventRecord) => boolean;
}

interface Named {
  readonly text: string;
  readonly field: Field;
  readonly argument: string | undefined;
}

/** Read as conditions are, so that both mean the same argument. */
function named(text: string): Named {
  const parsed = parseCondition(`${text} exists`);
  assert.ok(parsed.kind === 'check' && parsed.left.kind === 'field', text);
  const resolved = resolveNamed(parsed.left.name, parsed.left.argument);
  assert.ok(resolved.ok, text);
  return { text, field: resolved.field, argument: resolved.argument };
}

function output(event: EventRecord, { field, argument }: Named): FieldValue | undefined {
  return readField(event, field, argument, CONTEXT);
}

function claimsOf(named: Named, values: readonly FieldValue[]): readonly Claim[] {
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
  const constant = Buffer.from(printed).toString('utf8');
  // Not all bytes can be written in a rule.
  if (!Buffer.from(constant, 'utf8').equals(printed)) return [];
  const claim = (operator: string, right: string, holds: (text: Buffer) => boolean): Claim => ({
    condition: `${named.text} ${operator} ${right}`,
    named,
    holds: (value) => value !== undefined && holds(bytesOf(value)),
  });
  const [end, start] = [constant.slice(-3), constant.slice(0, 3)];
  return [
    claim('=', quote(constant), (text) => text.equals(printed)),
    claim('!=', quote(constant), (text) => !text.equals(printed)),
    claim('=', quote(`${constant}x`), (text) => text.equals(Buffer.from(`${constant}x`))),
    claim('startswith', quote(start), (text) => text.indexOf(start) === 0),
    claim('endswith', quote(end), (text) =>
      text.subarray(-Buffer.byteLength(end) || text.length).equals(Buffer.from(end)),
    ),
    claim('contains', quote(constant.slice(1)), (text) => text.includes(constant.slice(1))),
    claim('regex', quote(`.*${escaped(constant.slice(1, 4))}`), (text) =>
      new RegExp(`^.*${escaped(constant.slice(1, 4))}$`, 's').test(text.toString('utf8')),
    ),
  ];
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

/** Some of the values that the field has on the events, different ones. */
function valuesOf(field: Named, events: readonly EventRecord[]): readonly FieldValue[] {
  const values = new Map<string, FieldValue>();
  for (const event of events) {
    const value = output(event, field);
    if (value) values.set(Buffer.from(valueText(value)).toString('latin1'), value);
  }
  const all = [...values.values()];
  const step = Math.max(1, all.length / MOST_VALUES);
  return Array.from({ length: Math.min(all.length, MOST_VALUES) }, (_, index) => all[Math.floor(index * step)]).filter(
    (value) => value !== undefined,
  );
}

function eventsOf(samples: readonly RandomRecords[]): readonly EventRecord[] {
  const memory = new RecordMemory(16 << 20);
  return samples.map((sample) => {
    const record = EventRecord.at(memory.memory, putRecords(memory, sample).event);
    assert.ok(record);
    return record;
  });
}

async function holdAgainstModule(claims: readonly Claim[], samples: readonly RandomRecords[]): Promise<void> {
  const module = await RuleModule.of(rulesOf(claims.map(({ condition }) => condition)));
  for (const sample of samples) {
    const placed = putRecords(module.records, sample);
    module.setCandidates(placed.image);
    const event = EventRecord.at(module.records.memory, placed.event);
    assert.ok(event);
    const matched = new Set(module.evaluate(placed.event, placed.end));
    for (const [index, claim] of claims.entries()) {
      const { condition, named, holds } = claim;
      const value = output(event, named);
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

const SAMPLES = fc.sample(randomRecords, { numRuns: RECORDS, seed: SEED });
const EVENTS = eventsOf(SAMPLES);
useAccounts(new Map(), new Map());
const NAMES = [
  ...derivedFields(),
  ...parameterFields('evt.arg'),
  ...parameterFields('evt.rawarg'),
  'evt.arg[0]',
  'evt.arg[1]',
  'evt.arg[7]',
];
const CLAIMS = NAMES.flatMap((text) => {
  const field = named(text);
  if (isDateText(field.field, field.argument)) return [];
  return claimsOf(field, valuesOf(field, EVENTS));
});

for (let from = 0; from < CLAIMS.length; from += IN_A_MODULE) {
  const claims = CLAIMS.slice(from, from + IN_A_MODULE);
  test(`conditions and output agree on ${claims[0]?.named.text} to ${claims.at(-1)?.named.text} (seed ${SEED})`, async () => {
    await holdAgainstModule(claims, SAMPLES);
  });
}
