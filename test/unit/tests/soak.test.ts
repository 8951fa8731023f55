// The soak itself: what it does with scenarios that fail, hang or check nothing.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runScenario } from '../../soak/run-scenario.ts';
import { type Outcome, type Scenario, SoakError } from '../../soak/scenario.ts';
import { held, renderEnd, renderOutcome } from '../../soak/table.ts';

const ALL_WELL: Scenario = {
  name: 'well',
  summary: 'all is well',
  seconds: 10,
  async run(session) {
    session.figure('alerts', '3 of 3');
    session.must('all came', true, '3');
  },
};

function run(scenario: Partial<Scenario>, interrupted = new AbortController().signal): Promise<Outcome> {
  return runScenario({ ...ALL_WELL, ...scenario }, { quick: true, progress: () => {}, interrupted });
}

test('a scenario that holds, and how it is shown', async () => {
  const outcome = await run({});
  assert.ok(held(outcome));
  assert.equal(renderOutcome(ALL_WELL, outcome), 'well: all is well (0 s of 10)\n  alerts  3 of 3\n  ✓ all came: 3\n');
  assert.equal(renderEnd(new Map([['well', outcome]])), '1 scenario in 0 s: all that must hold held');
});

test('one check that did not hold, none at all, and an error are failures', async () => {
  const outcomes = {
    lost: await run({ run: async (session) => session.must('all came', false, '2 of 3') }),
    idle: await run({ run: async () => {} }),
    absent: await run({ run: () => Promise.reject(new SoakError('there is no runc')) }),
  };
  assert.deepEqual(Object.values(outcomes).map(held), [false, false, false]);
  assert.equal(renderEnd(new Map(Object.entries(outcomes))), '3 scenarios in 0 s: FAILED: lost, idle, absent');
  assert.deepEqual(outcomes.absent.checks, [{ what: 'done within 10 s', held: false, found: 'there is no runc' }]);
});

test('time is bounded, and what was made is taken away, also what comes after the end', async () => {
  const taken: string[] = [];
  let folder = '';
  let late: Promise<void> | undefined;
  const outcome = await run({
    seconds: 0.05,
    run(session) {
      folder = session.folder;
      session.atEnd(() => taken.push('first'));
      session.atEnd(() => Promise.reject(new Error('it stays')));
      session.atEnd(() => taken.push('last'));
      late = pause(200).then(() => session.atEnd(() => taken.push('late')));
      return new Promise(() => {});
    },
  });
  assert.deepEqual(outcome.checks, [{ what: 'done within 0.05 s', held: false, found: 'not done in time' }]);
  assert.deepEqual(taken, ['last', 'first']);
  assert.ok(!existsSync(folder));
  await late;
  assert.deepEqual(taken, ['last', 'first', 'late']);
});

test('an interrupted scenario has failed, and is taken away', async () => {
  const controller = new AbortController();
  let taken = false;
  const running = run(
    {
      run(session) {
        session.atEnd(() => {
          taken = true;
        });
        return new Promise(() => {});
      },
    },
    controller.signal,
  );
  controller.abort();
  assert.deepEqual(
    (await running).checks.map(({ found }) => found),
    ['interrupted'],
  );
  assert.ok(taken);
});
