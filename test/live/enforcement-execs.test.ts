// A program that a rule is about is killed before it begins, by whatever way it is run, and nobody with it.

import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ENFORCED } from '../../host/schema/enforced.ts';
import { execWays } from '../support/live/exec-ways.ts';
import { capture, directory, enforce, events, running } from '../support/live/live-enforcement.ts';

const ROUNDS = 5;

before(() => {
  chmodSync(directory, 0o755);
  capture.start(['execve']);
});
after(() => capture.close());

test('it is killed before it begins', async (context) => {
  const { programs, ways } = execWays(directory);
  for (const { name, attempt } of ways) {
    await context.test(name, async () => {
      enforce([], 'kill_process');
      assert.deepEqual(await attempt(1), { killed: 0, begun: 1 });
      enforce([running(...programs)], 'kill_process');
      assert.deepEqual(await attempt(ROUNDS), { killed: ROUNDS, begun: 0 });
      const outcomes = events().map(({ type, outcome, result }) => [type, outcome, result]);
      assert.deepEqual(outcomes, new Array(ROUNDS).fill(['execve', ENFORCED.STOPPED, 0n]));
    });
  }
});
