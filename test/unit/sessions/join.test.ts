// Which Kubernetes user a session is of: never a wrong one, whatever is late, lost, comes twice or fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requestedHashes } from '../../../host/sessions/command-hash.ts';
import {
  NO_COVERAGE,
  type RequestCoverage,
  withoutSpan,
  withSpan,
  withWithheld,
} from '../../../host/sessions/coverage.ts';
import type { ExecEntry } from '../../../host/sessions/exec-entry.ts';
import { joinRequests, type UserMatch } from '../../../host/sessions/join.ts';
import { RequestLog } from '../../../host/sessions/request-log.ts';
import { execEvents } from '../../support/audit/exec-events.ts';

const START = Date.parse('2026-11-27T20:00:00Z');
const NANOSECONDS = 1_000_000n;

/** What really happened; times in ms. */
interface Happening {
  readonly user: string;
  readonly at: number;
  readonly words: readonly string[];
  readonly container: string | undefined;
  /** Until its process begins; undefined: none does. */
  readonly delay: number | undefined;
  /** From then until the request is over; undefined: it is not. */
  readonly lasts: number | undefined;
}

const happening: fc.Arbitrary<Happening> = fc.record({
  user: fc.constantFrom('alice', 'bob', 'system:serviceaccount:shop:robot'),
  at: fc.nat(150_000),
  words: fc.constantFrom(['sh'], ['sh', '-c', 'id; id']),
  container: fc.constantFrom('web', undefined),
  delay: fc.oneof(fc.nat(500), fc.nat(60_000)),
  lasts: fc.option(fc.nat(5_000), { nil: undefined }),
});
/** Also some that fail. */
const attempt = fc.oneof(
  { weight: 3, arbitrary: happening },
  happening.map((one) => ({ ...one, delay: undefined })),
);

const FIRST: Happening = {
  user: 'alice',
  at: 0,
  words: ['sh'],
  container: 'web',
  delay: 100,
  lasts: undefined,
};

function eventsOf({ user, at, words, container, delay = 20, lasts }: Happening, number: number): readonly object[] {
  return execEvents({
    id: `event-${number}`,
    user,
    words,
    container,
    received: START + at,
    ...(lasts !== undefined && { ended: START + at + delay + lasts }),
  });
}

function entryOf({ at, words, delay = 0 }: Happening): ExecEntry {
  return {
    began: BigInt(START + at + delay) * NANOSECONDS,
    namespace: 'shop',
    pod: 'web-0',
    container: 'web',
    commands: requestedHashes(words),
  };
}

function join(
  entries: readonly ExecEntry[],
  events: readonly object[],
  coverage?: RequestCoverage,
): readonly UserMatch[] {
  const log = new RequestLog();
  for (const event of events) assert.ok(log.take(event));
  return joinRequests(entries, log.requests, undefined, coverage);
}

/** Whose name each has, who began it: `undefined` for somebody whose request is not known. */
function assertNoWrongName(matches: readonly UserMatch[], began: readonly (Happening | undefined)[]): void {
  for (const [index, match] of matches.entries()) {
    if (match.match === 'exact') assert.equal(match.user.name, began[index]?.user);
  }
}

const began = ({ delay }: Happening): boolean => delay !== undefined;

test('no wrong name when all requests are known, some of which begin nothing, in any order and twice', () => {
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 9 }), fc.boolean(), (attempts, isReversed) => {
      const events = attempts.flatMap(eventsOf);
      const mixed = [...(isReversed ? events.toReversed() : events), ...events];
      const own = attempts.filter(began);
      const matches = join(own.map(entryOf), mixed);
      assertNoWrongName(matches, own);
      for (const [index, match] of matches.entries()) {
        assert.notEqual(match.match, 'none');
        const { user } = own[index] ?? {};
        if (match.match === 'ambiguous') assert.ok(match.candidates.some(({ name }) => name === user));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('no wrong name when requests are lost, and when sessions come from elsewhere, if those known began one', () => {
  const lost = fc.record({ one: happening, isLost: fc.boolean() });
  fc.assert(
    fc.property(fc.array(lost, { maxLength: 9 }), (all) => {
      const known = all.flatMap(({ one, isLost }, index) => (isLost ? [] : eventsOf(one, index)));
      const matches = join(
        all.map(({ one }) => entryOf(one)),
        known,
      );
      assertNoWrongName(
        matches,
        all.map(({ one, isLost }) => (isLost ? undefined : one)),
      );
    }),
    { numRuns: 1_000 },
  );
});

/** As kubectl asks by WebSocket first, of an API server that can't do that. */
function attemptOf({ user, at, words, container }: Happening, number: number): readonly object[] {
  const received = START + at - 30;
  return execEvents({ id: `attempt-${number}`, verb: 'get', user, words, container, received, ended: received + 20 });
}

test('no wrong name when requests are lost after an attempt that began nothing, if one such pair is known', () => {
  const lost = fc.record({ one: happening, isLost: fc.boolean(), isAttemptLost: fc.boolean() });
  const pair: Happening = { ...FIRST, at: -1_000_000, words: ['elsewhere'] };
  fc.assert(
    fc.property(fc.array(lost, { maxLength: 9 }), (all) => {
      const known = all.flatMap(({ one, isLost, isAttemptLost }, index) => [
        ...(isAttemptLost ? [] : attemptOf(one, index)),
        ...(isLost ? [] : eventsOf(one, index)),
      ]);
      const pairs = [...attemptOf(pair, -1), ...eventsOf(pair, -1)];
      const matches = join(
        all.map(({ one }) => entryOf(one)),
        [...pairs, ...known],
      );
      // A session may have its own name by an attempt as well.
      assertNoWrongName(
        matches,
        all.map(({ one }) => one),
      );
    }),
    { numRuns: 1_000 },
  );
});

test('a request by WebSocket is as good as another where these work', () => {
  const received = START;
  const events = execEvents({ id: 'a', verb: 'get', user: 'alice', words: ['sh'], container: 'web', received });
  assert.deepEqual(names(join([entryOf(FIRST)], events)), ['alice']);
});

test('no wrong name when sessions were not recorded', () => {
  const seen = fc.record({ one: happening, isSeen: fc.boolean() });
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 9 }), (all) => {
      const own = all.filter(({ isSeen }) => isSeen).map(({ one }) => one);
      const events = all.flatMap(({ one }, index) => eventsOf(one, index));
      assertNoWrongName(join(own.map(entryOf), events), own);
    }),
    { numRuns: 500 },
  );
});

test('users who run different commands, or one after the other, have their names', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 9 }), (all) => {
      const different = all.map((one) => ({ ...one, words: ['sh', '-c', one.user] }));
      const matches = join(different.map(entryOf), different.flatMap(eventsOf));
      for (const [index, match] of matches.entries()) {
        assert.equal(match.match === 'exact' ? match.user.name : match.match, all[index]?.user);
      }
      const after = all.map((one, index) => ({ ...one, at: index * 2_000, delay: 100 }));
      for (const match of join(after.map(entryOf), after.flatMap(eventsOf))) assert.equal(match.match, 'exact');
    }),
  );
});

function names(matches: readonly UserMatch[]): unknown[] {
  return matches.map((one) =>
    one.match === 'exact'
      ? one.user.name
      : one.match === 'ambiguous'
        ? one.candidates.map(({ name }) => name)
        : undefined,
  );
}

test('two users with the same command at the same time are both candidates of both sessions', () => {
  const all = [FIRST, { ...FIRST, user: 'bob', at: 50 }];
  assert.deepEqual(names(join(all.map(entryOf), all.flatMap(eventsOf))), [
    ['alice', 'bob'],
    ['alice', 'bob'],
  ]);
});

test('a session without a request of its own makes the requests near to it doubtful, and others not', () => {
  const stranger = { ...FIRST, at: -30_000 };
  assert.deepEqual(names(join([entryOf(stranger), entryOf(FIRST)], eventsOf(FIRST, 0))), [undefined, ['alice']]);
  const longAgo = { ...FIRST, at: -90_000 };
  assert.deepEqual(names(join([entryOf(longAgo), entryOf(FIRST)], eventsOf(FIRST, 0))), [undefined, 'alice']);
});

test('a command that is not known for sure makes no name certain', () => {
  const { commands, ...unknown } = entryOf(FIRST);
  assert.ok(commands);
  assert.deepEqual(names(join([unknown], eventsOf(FIRST, 0))), [['alice']]);
});

test('requests that were refused, of another pod, container or time, are not candidates', () => {
  const entry = entryOf(FIRST);
  const request = { id: 'a', user: 'alice', words: ['sh'], container: 'web', received: START };
  const none = [
    { status: 403 },
    { pod: 'web-1' },
    { container: 'proxy' },
    { received: START - 200_000 },
    { ended: START - 1_000, received: START - 2_000 },
  ];
  for (const changed of none) {
    assert.deepEqual(
      names(join([entry], execEvents({ ...request, ...changed }))),
      [undefined],
      JSON.stringify(changed),
    );
  }
  // Its command may have run.
  assert.deepEqual(names(join([entry], execEvents({ ...request, status: 500 }))), ['alice']);
  // An error that anybody can cause before rights are looked at.
  assert.deepEqual(names(join([entry], execEvents({ ...request, status: 500, decision: 'none' }))), [undefined]);
});

test('two hundred sessions of three users with one command at once', () => {
  const all = Array.from({ length: 200 }, (_, index) => ({ ...FIRST, user: `user-${index % 3}`, at: index * 20 }));
  const matches = join(all.map(entryOf), all.flatMap(eventsOf));
  assert.equal(matches.length, all.length);
  assert.ok(matches.every(({ match }) => match === 'ambiguous'));
});

test('as many sessions as requests, all with one command at once, take bounded room', () => {
  const all = Array.from({ length: 1_000 }, (_, index) => ({ ...FIRST, user: `user-${index % 3}`, at: index }));
  const matches = join(all.map(entryOf), all.flatMap(eventsOf));
  assert.equal(matches.length, all.length);
  assert.ok(matches.every((one) => one.match === 'ambiguous' && one.candidates.length > 0));
  assert.ok(matches.reduce((sum, one) => sum + (one.match === 'none' ? 0 : one.requests.length), 0) <= 260_000);
});

test('requests that were refused do not make those of the same client doubtful', () => {
  const refused = (['get', 'create'] as const).flatMap((verb, index) =>
    execEvents({ id: `r${index}`, verb, user: 'mallory', words: ['x'], received: START + index, status: 403 }),
  );
  const request = { id: 'a', verb: 'get' as const, user: 'alice', words: ['sh'], container: 'web', received: START };
  assert.deepEqual(names(join([entryOf(FIRST)], [...refused, ...execEvents(request)])), ['alice']);
});

/** ms after the start. */
const span = (from: number, to: number) => ({
  from: BigInt(START + from) * NANOSECONDS,
  to: BigInt(START + to) * NANOSECONDS,
});
const ALWAYS = withSpan(NO_COVERAGE, span(-1_000_000, 1_000_000));

test('no wrong name when any requests of a gap are lost, and any of those known began nothing', () => {
  const gap = fc.tuple(fc.nat(150_000), fc.nat(60_000)).map(([from, length]) => [from, from + length] as const);
  const lost = fc.record({ one: attempt, isLost: fc.boolean() });
  fc.assert(
    fc.property(fc.array(lost, { maxLength: 9 }), gap, (all, [from, to]) => {
      const isKnown = ({ one: { at }, isLost }: (typeof all)[number]): boolean => !isLost || at < from || at > to;
      const known = all.flatMap((each, index) => (isKnown(each) ? eventsOf(each.one, index) : []));
      const own = all.filter(({ one }) => began(one));
      const matches = join(
        own.map(({ one }) => entryOf(one)),
        known,
        withoutSpan(ALWAYS, span(from, to)),
      );
      assertNoWrongName(
        matches,
        own.map((each) => (isKnown(each) ? each.one : undefined)),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('a name is certain only if all is known of the two minutes before, and of what it is connected with', () => {
  const known = (coverage: RequestCoverage) => names(join([entryOf(FIRST)], eventsOf(FIRST, 0), coverage));
  assert.deepEqual(known(ALWAYS), ['alice']);
  assert.deepEqual(known(withSpan(NO_COVERAGE, span(-120_000, 201))), ['alice']);
  for (const coverage of [
    NO_COVERAGE,
    withSpan(NO_COVERAGE, span(-119_900, 1_000)),
    withSpan(NO_COVERAGE, span(-200_000, 150)),
    withoutSpan(ALWAYS, span(-60_000, -50_000)),
    withoutSpan(ALWAYS, span(100, 100)),
    withWithheld(ALWAYS, { namespace: 'shop', pod: 'web-0', received: span(-5_000, 0).from }),
  ]) {
    assert.deepEqual(known(coverage), [['alice']]);
  }
  const elsewhere = withWithheld(ALWAYS, { namespace: 'shop', pod: 'web-1', received: span(-5_000, 0).from });
  assert.deepEqual(known(elsewhere), ['alice']);
  // The second may have the first's request, if its own is lost, and so the first that of the third.
  const [second, third] = [
    { ...FIRST, user: 'bob', at: 60_000 },
    { ...FIRST, at: 300_000 },
  ];
  const all = [FIRST, second, third];
  assert.deepEqual(names(join(all.map(entryOf), all.flatMap(eventsOf), withoutSpan(ALWAYS, span(50_000, 55_000)))), [
    ['alice'],
    ['alice', 'bob'],
    'alice',
  ]);
});

test('where too many sessions and requests of a pod are connected, each may be of anybody who entered it', () => {
  const requests = Array.from({ length: 510 }, (_, at) => ({ ...FIRST, at, user: at === 0 ? 'bob' : 'alice' }));
  const sessions = Array.from({ length: 500 }, (_, at) => ({ ...FIRST, at: 1_000 + at }));
  const far = { ...FIRST, at: 3_600_000 };
  const matches = names(join([...sessions, far].map(entryOf), requests.flatMap(eventsOf)));
  assert.equal(matches.length, 501);
  for (const match of matches) assert.deepEqual([match].flat().toSorted(), ['alice', 'bob']);
});

test('a session without a request has none, whatever is covered', () => {
  assert.deepEqual(names(join([entryOf(FIRST)], [], NO_COVERAGE)), [undefined]);
});
