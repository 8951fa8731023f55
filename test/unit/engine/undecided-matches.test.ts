// Matches of an event that wait for each other: those of a module with many rules do not take all memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UndecidedMatches } from '../../../host/engine/matches/undecided-matches.ts';
import type { Match } from '../../../host/engine/messages/match.ts';

function matchOf(rule: number): Match {
  return { generation: 0, module: 0, rule, time: 0n, values: [], alternative: rule };
}

test('of an event 32 matches wait beside the first, in their order, and others have their own', () => {
  const undecided = new UndecidedMatches();
  let rule = 0;
  while (!undecided.isFull(8)) undecided.add(8, matchOf(rule++));
  assert.equal(rule, 33);
  assert.ok(!undecided.isFull(16));
  undecided.add(16, matchOf(7));
  const [first, other] = undecided.take();
  assert.deepEqual(
    [first?.rule, first?.otherwise?.map((match) => match.rule)],
    [0, Array.from({ length: 32 }, (_, index) => index + 1)],
  );
  assert.deepEqual([other?.rule, other?.otherwise], [7, []]);
  assert.ok(!undecided.isFull(8));
});
