// Room for matches on their way to the host: how it is shared among rules.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MatchShares } from '../../../host/engine/matches/match-shares.ts';
import { MATCHES_IN_FLIGHT } from '../../../host/engine/messages/control.ts';

/** Matches of a rule until it has no room; returns how many are on their way then. */
function flood(shares: MatchShares, rule: number, onWay: number): number {
  let next = onWay;
  for (; shares.hasRoom(0, rule, next); next++) shares.add(0, rule);
  return next;
}

test('a rule that floods takes half of the room, and a second one leaves as much as it takes', () => {
  const shares = new MatchShares();
  const first = flood(shares, 1, 0);
  assert.equal(first, MATCHES_IN_FLIGHT / 2);
  const second = flood(shares, 2, first);
  assert.equal(second, (MATCHES_IN_FLIGHT * 3) / 4);
  assert.ok(!shares.hasRoom(0, 1, second));
  assert.ok(shares.hasRoom(0, 3, second));
});

test('however many rules flood, another has room, and so has that of the same number in another module', () => {
  const shares = new MatchShares();
  let onWay = 0;
  for (let rule = 0; rule < 1000; rule++) onWay = flood(shares, rule % 10, onWay);
  assert.ok(onWay < MATCHES_IN_FLIGHT);
  assert.ok(shares.hasRoom(0, 10, onWay));
  assert.ok(shares.hasRoom(1, 1, onWay));
});

test('what the host has taken is room again, of the rule whose matches came first', () => {
  const shares = new MatchShares();
  const half = flood(shares, 1, 0);
  const all = flood(shares, 2, half);
  assert.equal(flood(shares, 2, all - half), (all - half) * 2);
  assert.equal(flood(shares, 1, 0), MATCHES_IN_FLIGHT / 2);
  for (let round = 0; round < 5; round++) assert.equal(flood(shares, round, 0), MATCHES_IN_FLIGHT / 2);
});
