// What the kernel has enforced is held against what the rules match.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnforcedMatches } from '../../../host/engine/matches/enforced-matches.ts';
import type { EnforcementStart } from '../../../host/engine/messages/rule-set-start.ts';
import type { ModuleSet, SetMatch } from '../../../host/engine/modules/module-set.ts';
import { ENFORCED } from '../../../host/schema/enforced.ts';
import { eventRecord, RecordMemory } from '../../support/records/records.ts';

const start = (serial: number): EnforcementStart => ({
  bytes: new Uint8Array(),
  rules: new BigUint64Array(),
  serial,
  clauses: [
    { name: 'First', module: 0, rule: 4 },
    { name: 'Second', module: 1, rule: 2 },
  ],
  never: { namespaces: [], labels: [], podUid: '' },
});

const reserved = (outcome: number, clause: number, serial: number): number => outcome | (clause << 4) | (serial << 10);

/** A memory with such events, and what looks at them. */
function batch(...events: readonly number[]) {
  const records = new RecordMemory();
  const from = records.end;
  const at = events.map((word) => records.put(eventRecord('openat', { reserved: word })));
  const matches = new EnforcedMatches(records.memory);
  const match = (event: number, module: number, rule: number): SetMatch => {
    const address = at[event] ?? 0;
    return { set: {} as ModuleSet, module, rule, event: address, view: address };
  };
  return {
    matches,
    match,
    begin: (hasEnforced = true) => matches.begin(Uint32Array.of(from, records.end), 1, hasEnforced),
  };
}

test('What was done by a rule that does not match is reported, with its rule and event', () => {
  const { matches, match, begin } = batch(
    reserved(ENFORCED.STOPPED, 0, 3),
    reserved(ENFORCED.REFUSED, 1, 3),
    reserved(ENFORCED.LIMITED, 0, 3),
    0,
  );
  matches.use(start(3));
  begin();
  matches.take(match(0, 0, 4));
  // Another rule, and another module.
  matches.take(match(1, 1, 4));
  matches.take(match(1, 0, 2));
  const [unmatched, ...others] = matches.unmatched();
  assert.equal(others.length, 0);
  assert.equal(matches.total, 1);
  assert.deepEqual(unmatched, {
    rule: 'Second',
    isReplaced: false,
    outcome: ENFORCED.REFUSED,
    event: 'openat',
    pid: 0,
    executable: '',
  });
  begin();
  for (const [event, rule] of [
    [0, 4],
    [1, 2],
  ] as const)
    matches.take(match(event, event, rule));
  assert.deepEqual(matches.unmatched(), []);
  // The capture has seen that nothing of the batch was enforced.
  begin(false);
  assert.deepEqual(matches.unmatched(), []);
});

test('Rules that have been replaced are named, and any match of the new ones will do', () => {
  const { matches, match, begin } = batch(reserved(ENFORCED.KILLED, 1, 3));
  matches.use(start(3));
  matches.use(start(4));
  begin();
  assert.deepEqual(
    matches.unmatched().map(({ rule, isReplaced }) => [rule, isReplaced]),
    [['Second', true]],
  );
  begin();
  matches.take(match(0, 0, 0));
  assert.deepEqual(matches.unmatched(), []);
  matches.use(undefined);
  begin();
  assert.equal(matches.unmatched().length, 1);
  assert.equal(matches.total, 0);
});

test('What BPF LSM has refused is held against what the rules would have matched', () => {
  const refused = reserved(ENFORCED.LSM_REFUSED, 0, 3);
  const { matches, match, begin } = batch(refused, refused, refused, refused, reserved(ENFORCED.OBSERVED, 0, 3), 0);
  matches.use(start(3));
  begin();
  matches.take({ ...match(0, 0, 4), supposed: 'matches' });
  matches.take({ ...match(1, 0, 4), supposed: 'differs' });
  // By the clauses of both rules, of which the second says something else.
  matches.take({ ...match(2, 0, 4), supposed: 'matches' });
  matches.take({ ...match(2, 1, 2), supposed: 'differs' });
  matches.take({ ...match(3, 0, 4), supposed: 'unknown' });
  assert.deepEqual(
    matches.unmatched().map(({ rule, outcome }) => [rule, outcome]),
    [
      ['First', ENFORCED.LSM_REFUSED],
      ['Second', ENFORCED.LSM_REFUSED],
    ],
  );
  assert.deepEqual([matches.unchecked, matches.total], [1, 2]);
  // A held event is evaluated again later: it was held against its rule before.
  begin();
  for (const event of [0, 1, 2, 3]) matches.take(match(event, 0, 4));
  assert.deepEqual(matches.unmatched(), []);
  assert.deepEqual([matches.unchecked, matches.total], [1, 2]);
});

test('Only of an event that the kernel has acted on by a rule is that the enforced one', () => {
  const { matches, match } = batch(reserved(ENFORCED.STOPPED, 0, 3), reserved(ENFORCED.OBSERVED, 0, 3), 0);
  assert.equal(matches.isOf(match(0, 0, 4)), false);
  matches.use(start(3));
  assert.equal(matches.isOf(match(0, 0, 4)), true);
  assert.equal(matches.isOf(match(0, 0, 5)), false);
  assert.equal(matches.isOf(match(1, 0, 4)), false);
  assert.equal(matches.isOf(match(2, 0, 4)), false);
});
