// Random conditions read every field of a record or a container that a condition may read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import {
  ADDRESS_FIELDS,
  BOOLEAN_FIELDS,
  NET_FIELDS,
  NUMBER_FIELDS,
  NUMBER_TYPES,
  PORT_FIELDS,
  TEXT_FIELDS,
  TEXT_TYPES,
} from '../../support/random/condition-pools.ts';

/** Fields that have tests of their own, with the reasons. */
const APART: Readonly<Record<string, string>> = {
  'fd.proto': 'compared as fd.port',
  'fd.cip.name': 'its addresses change while a rule is in use: live/address-names, unit/metadata/address-names',
  'fd.sip.name': 'as fd.cip.name',
  'fd.lip.name': 'as fd.cip.name',
  'fd.rip.name': 'as fd.cip.name',
};

const POOLS: readonly (readonly [readonly string[], readonly ValueType[]])[] = [
  [TEXT_FIELDS, TEXT_TYPES],
  [NUMBER_FIELDS, NUMBER_TYPES],
  [PORT_FIELDS, ['PORT']],
  [BOOLEAN_FIELDS, ['BOOL']],
  [ADDRESS_FIELDS, ['IPADDR']],
  [NET_FIELDS, ['IPNET']],
];

test('each field is in the pool of its type, but lists and those named here', () => {
  const missing = FIELDS.filter(
    ({ source, list }) => (source.from === 'record' || source.from === 'container') && !list,
  )
    .filter(({ name, type, dotted }) => {
      const [pool = []] = POOLS.find(([, types]) => types.includes(type)) ?? [];
      return !pool.some(
        (written) =>
          written === name || written.startsWith(`${name}[`) || (dotted === 'only' && written.startsWith(`${name}.`)),
      );
    })
    .map(({ name }) => name);
  assert.deepEqual(missing.sort(), Object.keys(APART).sort());
});
