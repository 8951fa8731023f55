// Random conditions read every field of a record or a container that a condition may read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import {
  ADDRESS_FIELDS,
  BOOLEAN_FIELDS,
  NET_FIELDS,
  NUMBER_FIELDS,
  PORT_FIELDS,
  TEXT_FIELDS,
} from '../../support/random/condition-pools.ts';

/** Fields that have tests of their own, with the reasons. */
const APART: Readonly<Record<string, string>> = {
  'fd.proto': 'compared as fd.port',
  'fd.cip.name': 'its addresses change while a rule is in use: live/address-names, unit/metadata/address-names',
  'fd.sip.name': 'as fd.cip.name',
  'fd.lip.name': 'as fd.cip.name',
  'fd.rip.name': 'as fd.cip.name',
};

test('each field is in the pool of its type, but lists and those named here', () => {
  const pools = [TEXT_FIELDS, NUMBER_FIELDS, PORT_FIELDS, BOOLEAN_FIELDS, ADDRESS_FIELDS, NET_FIELDS].flat();
  const names = new Set(pools.map((written) => written.replace(/\[.*$/s, '')));
  const isThere = (name: string): boolean => names.has(name) || [...names].some((one) => one.startsWith(`${name}.`));
  const missing = FIELDS.filter(
    ({ source, list }) => (source.from === 'record' || source.from === 'container') && !list,
  )
    .map(({ name }) => name)
    .filter((name) => !isThere(name));
  assert.deepEqual(missing.sort(), Object.keys(APART).sort());
});
