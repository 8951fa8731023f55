// Assignments of requests to sessions, compared with all assignments that there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assign } from '../../../host/sessions/matching.ts';

/** What each session has in any assignment of a request to each session, tried one after the other. */
function inAnyAssignment(possible: readonly (readonly number[])[]): Set<number>[] | undefined {
  const found = possible.map(() => new Set<number>());
  let isAny = false;
  const tryFrom = (session: number, taken: readonly number[]): void => {
    if (session === possible.length) {
      isAny = true;
      for (const [index, request] of taken.entries()) found[index]?.add(request);
      return;
    }
    for (const request of possible[session] ?? []) {
      if (!taken.includes(request)) tryFrom(session + 1, [...taken, request]);
    }
  };
  tryFrom(0, []);
  return isAny ? found : undefined;
}

test('what each session may have is what it has in any assignment', () => {
  const requests = fc.uniqueArray(fc.nat(6), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(requests, { maxLength: 6 }), (possible) => {
      const assigned = assign(possible)?.map((one) => new Set(one));
      assert.deepEqual(assigned, inAnyAssignment(possible));
    }),
    { numRuns: 2_000 },
  );
});

test('a chain of sessions leaves one assignment, and a further request leaves all', () => {
  const chain = Array.from({ length: 500 }, (_, session) => [session, session + 1].filter((one) => one < 500));
  assert.ok(assign(chain)?.every((requests) => requests.length === 1));
  const open = Array.from({ length: 500 }, (_, session) => [session, session + 1]);
  assert.ok(assign(open)?.every((requests) => requests.length === 2));
});
