// What the kernel is told of cgroups that rules are enforced in, where it has room for few of them: in a map of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERMIT } from '../../host/schema/tables/enforcement-tables.ts';
import { testAddon } from '../support/records/test-addon.ts';

const { enforcedPlaces } = testAddon;
const [CONTAINER, HOST] = [1, 2];
const WEB = 'a'.repeat(64);

test('a cgroup that finds no room is known once others are not used any more', () => {
  const full = [
    ['note', 1, 'host'],
    ['note', 2, WEB],
    ['note', 3, 'host'],
  ] as const;
  const { places, known, lacks } = enforcedPlaces(2, full);
  assert.deepEqual(places, { 1: [HOST, PERMIT.UNKNOWN], 2: [CONTAINER, PERMIT.UNKNOWN] });
  assert.deepEqual([known, lacks], [[true, true, false], true]);
  const later = enforcedPlaces(2, [...full, ['keep', 2, 3], ['note', 3, 'host']]);
  assert.deepEqual(later.places, { 2: [CONTAINER, PERMIT.UNKNOWN], 3: [HOST, PERMIT.UNKNOWN] });
  assert.equal(later.lacks, false);
});

test('one that finds no room has what was said of its container meanwhile', () => {
  const { places } = enforcedPlaces(1, [
    ['note', 1, 'host'],
    ['note', 2, WEB],
    ['permit', WEB, PERMIT.NEVER],
    ['keep', 2],
    ['note', 2, WEB],
  ]);
  assert.deepEqual(places, { 2: [CONTAINER, PERMIT.NEVER] });
});

test('a process of a container that is not known is not placed', () => {
  assert.deepEqual(enforcedPlaces(1, [['note', 1, '']]), { places: {}, known: [false], lacks: false });
});

test('what was said of a container holds for its further cgroups, however many containers have come and gone', () => {
  const gone = Array.from({ length: 10_000 }, (_, number) => ['permit', `gone-${number}`, PERMIT.PERMITTED] as const);
  const steps = [['note', 1, WEB], ['permit', WEB, PERMIT.PERMITTED], ...gone, ['note', 2, WEB]] as const;
  const both = { 1: [CONTAINER, PERMIT.PERMITTED], 2: [CONTAINER, PERMIT.PERMITTED] };
  assert.deepEqual(enforcedPlaces(8, steps).places, both);
  const renewed = [...steps, ['renew'], ['permit', WEB, PERMIT.PERMITTED], ...gone, ['forget']] as const;
  assert.deepEqual(enforcedPlaces(8, renewed).places, both);
});
