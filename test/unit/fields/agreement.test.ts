// What an alert prints of a field and what conditions say of it agree: for every field that has a derivation, and for the parameters of all
// events, on records with members at their limits, conditions compare the field with the value that the output has and with its neighbours.
// Left out is what outputs alone know: dates as text, and names of accounts that the process image has no name for.
// WASPREY_TEST_RECORDS sets the number of events, WASPREY_TEST_SEED repeats a run.

import { test } from 'node:test';
import fc from 'fast-check';
import { useAccounts } from '../../../host/fields/account-names.ts';
import { randomRecords } from '../../support/random/records-at-limits.ts';
import { claimsOf, eventsOf, holdAgainstModule, named, valuesOf } from '../../support/records/agreement.ts';
import { derivedFields, isDateText, parameterFields } from '../../support/records/schema-fields.ts';

const RECORDS = Number(process.env.WASPREY_TEST_RECORDS ?? 150);
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_27);
/** Values of one field that it is compared with: more in longer runs. */
const MOST_VALUES = Math.ceil(RECORDS / 100);
/** Conditions in one module: asc takes longer the more there are, and refuses too many. */
const IN_A_MODULE = 250;

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
  return claimsOf(field, valuesOf(field, EVENTS, MOST_VALUES));
});

for (let from = 0; from < CLAIMS.length; from += IN_A_MODULE) {
  const claims = CLAIMS.slice(from, from + IN_A_MODULE);
  test(`conditions and output agree on ${claims[0]?.named.text} to ${claims.at(-1)?.named.text} (seed ${SEED})`, async () => {
    await holdAgainstModule(claims, SAMPLES);
  });
}
