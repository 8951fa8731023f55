// What an alert prints of a transformed field and what conditions find of it agree: for each text that is a field with a derivation or a
// parameter, on records with members at their limits. Left out are len(), which outputs have of lists alone, and what a
// condition can't read, of which the compiler warns.
// Each text is transformed in one of the ways, and in all with WASPREY_TEST_RECORDS above 500. This sets the number of events, WASPREY_TEST_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { translateRules } from '../../../host/compiler/compile.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { checkTypes } from '../../../host/compiler/conditions/typecheck.ts';
import { useAccounts } from '../../../host/fields/account-names.ts';
import { operandValue } from '../../../host/outputs/transform.ts';
import { randomRecords } from '../../support/random/records-at-limits.ts';
import {
  type Claim,
  claimsOf,
  eventsOf,
  holdAgainstModule,
  type Named,
  named,
  valuesOf,
} from '../../support/records/agreement.ts';
import { rulesOf } from '../../support/records/rule-module.ts';
import { derivedFields, isDateText, parameterFields } from '../../support/records/schema-fields.ts';

const RECORDS = Number(process.env.WASPREY_TEST_RECORDS ?? 60);
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_29);
const MOST_VALUES = Math.ceil(RECORDS / 100);
/** Conditions in one module: asc takes longer the more there are, and refuses too many. */
const IN_A_MODULE = 200;
const TRANSFORMED: readonly ((field: string) => string)[] = [
  (field) => `tolower(${field})`,
  (field) => `toupper(${field})`,
  (field) => `basename(${field})`,
  (field) => `b64(${field})`,
  (field) => `concat("\\xc3\\xa9/", ${field})`,
  (field) => `basename(concat(${field}, "x"))`,
  (field) => `basename(join("", (${field})))`,
  (field) => `join("\\xff", (${field}, "a", ${field}))`,
  (field) => `toupper(basename(${field}))`,
];

/** What a transformer makes of a field; undefined where conditions do not have it. */
function transformed(text: string, field: Named): Named | undefined {
  const condition = `${text} exists`;
  const parsed = parseCondition(condition);
  try {
    checkTypes(parsed);
  } catch {
    return undefined;
  }
  if (translateRules(rulesOf([condition])).diagnostics.some(({ code }) => code === 'condition-not-supported')) {
    return undefined;
  }
  assert.ok(parsed.kind === 'check', text);
  const { left } = parsed;
  return {
    ...field,
    text,
    // It has no other field.
    output: (event) => operandValue(left, () => field.output(event)),
  };
}

const SAMPLES = fc.sample(randomRecords, { numRuns: RECORDS, seed: SEED });
const EVENTS = eventsOf(SAMPLES);
useAccounts(new Map(), new Map());
const TEXTS = [
  ...derivedFields(({ type }) => ['CHARBUF', 'BYTEBUF', 'FSPATH', 'FSRELPATH'].includes(type), 1),
  ...parameterFields('evt.arg'),
].map(named);
/** Claims by the number of their transformer. Each text is tried with one, since all of them for every text take minutes. */
const CLAIMS_OF: readonly Claim[][] = TRANSFORMED.map(() => []);
for (const [index, field] of TEXTS.filter(({ field, argument }) => !isDateText(field, argument)).entries()) {
  for (const [number, of] of TRANSFORMED.entries()) {
    if (RECORDS <= 500 && number !== (index + SEED) % TRANSFORMED.length) continue;
    const subject = transformed(of(field.text), field);
    if (subject) CLAIMS_OF[number]?.push(...claimsOf(subject, valuesOf(subject, EVENTS, MOST_VALUES)));
  }
}
const CLAIMS = CLAIMS_OF.flat();

test('each transformer is compared by more than that it exists', () => {
  for (const [number, claims] of CLAIMS_OF.entries()) {
    const comparing = claims.filter(({ condition }) => !condition.endsWith(' exists'));
    assert.ok(comparing.length > 30, `${TRANSFORMED[number]?.('FIELD')}: ${comparing.length} claims`);
  }
});

for (let from = 0; from < CLAIMS.length; from += IN_A_MODULE) {
  const claims = CLAIMS.slice(from, from + IN_A_MODULE);
  test(`conditions and output agree on ${claims[0]?.named.text} to ${claims.at(-1)?.named.text} (seed ${SEED})`, async () => {
    await holdAgainstModule(claims, SAMPLES);
  });
}
