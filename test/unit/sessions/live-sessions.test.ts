// Whose an exec session is, said while requests still come: never a wrong name, whatever comes late, twice or never.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NO_COVERAGE, type RequestCoverage, withSpan } from '../../../host/sessions/coverage.ts';
import type { SessionPlace, StartedSession } from '../../../host/sessions/exec-entry.ts';
import { LiveSessions, type SessionFacts } from '../../../host/sessions/live-sessions.ts';
import { execEvents, type MadeRequest } from '../../support/audit/exec-events.ts';

const START = Date.parse('2026-11-28T00:00:00Z');
const WAIT = 5_000;
const MS = 1_000_000n;
const MINUTE = 60_000;
const WEB: SessionPlace = { namespace: 'shop', pod: 'web-0', name: 'web', started: BigInt(START - 3_600_000) * MS };

/** A node at a time that is set. */
class Scene {
  readonly sessions: LiveSessions;
  #now = START;
  #elapsed = 0;
  #events = 0;

  /** @param places of containers; default: `c` is that of a pod */
  constructor(
    places: Readonly<Record<string, SessionPlace | 'unknown' | undefined>> = { c: WEB },
    coverage?: () => RequestCoverage,
  ) {
    const place = (container: string) => places[container];
    const clocks = { now: () => this.#now, elapsed: () => this.#elapsed };
    const options = { host: 'node-1', patienceMs: WAIT, place, ...clocks };
    this.sessions = new LiveSessions({ ...options, ...(coverage && { coverage }) });
  }

  /** @param time in ms since START */
  at(time: number): this {
    this.#elapsed += Math.max(0, START + time - this.#now);
    this.#now = START + time;
    return this;
  }

  /** Somebody sets the clock. @param time in ms since START */
  set(time: number): this {
    this.#now = START + time;
    return this;
  }

  exec(pid: number, words: readonly string[] | undefined = ['sh'], container = 'c'): StartedSession {
    const start = BigInt(this.#now) * MS;
    const argv = words.length > 0 && { argv: Buffer.from(words.map((word) => `${word}\0`).join('')) };
    const session = { key: `${pid} ${start}`, pid, start, container, ...argv };
    this.sessions.begin([session]);
    return session;
  }

  request(user: string, words: readonly string[] = ['sh'], lasts?: number, more: Partial<MadeRequest> = {}): void {
    const made = { id: `event-${this.#events++}`, user, words, received: this.#now, ...more };
    const ended = lasts !== undefined && { ended: this.#now + lasts };
    for (const event of execEvents({ ...made, ...ended })) this.sessions.take(event);
  }

  /** What is said of a process of these sessions, the innermost first: `exact alice`, `ambiguous alice bob`, `none`. */
  says(...of: StartedSession[]): string {
    return told(this.sessions.factsOf(of));
  }
}

/** `exact alice`, `ambiguous alice bob`, `none`. */
function told(facts: SessionFacts | undefined): string {
  if (!facts) return 'nothing';
  const { match } = facts;
  if (match.match === 'none') return 'none';
  const users = match.match === 'exact' ? [match.user] : match.candidates;
  return [match.match, ...users.map(({ name }) => name).sort()].join(' ');
}

test('a session has its name once it is settled', () => {
  const scene = new Scene();
  scene.request('alice');
  const session = scene.at(50).exec(100);
  assert.equal(scene.says(session), 'ambiguous alice');
  assert.equal(scene.sessions.settledIn([session]), WAIT);
  scene.at(50 + WAIT);
  assert.equal(scene.sessions.settledIn([session]), 0);
  assert.equal(scene.says(session), 'exact alice');
});

test('an event that comes in time names, one that comes later makes ambiguous what it could explain', () => {
  const scene = new Scene();
  const session = scene.at(50).exec(100);
  scene.at(0).request('alice');
  assert.equal(scene.at(6_000).says(session), 'exact alice');
  scene.at(20).request('bob');
  assert.equal(scene.at(10_000).says(session), 'ambiguous alice bob');
});

test('requests by a stream name for sure what the stream covers, from before the session on', () => {
  let coverage = NO_COVERAGE;
  const scene = new Scene({ c: WEB }, () => coverage);
  const cover = (from: number, to: number): void => {
    coverage = withSpan(coverage, { from: BigInt(START + from) * MS, to: BigInt(START + to) * MS });
  };
  cover(-10 * MINUTE, -1);
  scene.request('alice');
  const session = scene.at(50).exec(100);
  assert.equal(scene.at(WAIT + 50).says(session), 'ambiguous alice');
  cover(-1, 1_000);
  assert.equal(scene.at(30_000).says(session), 'exact alice');
  // The stream breaks: what begins meanwhile is nobody's for sure, also when it goes on after a gap.
  scene.at(20 * MINUTE).request('bob');
  const later = scene.at(20 * MINUTE + 50).exec(101);
  assert.equal(scene.at(20 * MINUTE + WAIT + 50).says(later), 'ambiguous bob');
  cover(20 * MINUTE - 1_000, 21 * MINUTE);
  assert.equal(scene.at(21 * MINUTE).says(later), 'ambiguous bob');
});

test('a session without a request has no name, and what began elsewhere is not a session', () => {
  const scene = new Scene({ c: WEB, docker: undefined });
  const session = scene.exec(100, ['ls']);
  const other = scene.exec(101, ['ls'], 'docker');
  assert.equal(scene.at(WAIT).says(session), 'none');
  assert.equal(scene.says(other), 'nothing');
  assert.equal(scene.says(), 'nothing');
});

test('a session whose container is not known yet gets its name when it is', () => {
  const places: Record<string, SessionPlace | 'unknown'> = { c: 'unknown' };
  const scene = new Scene(places);
  scene.request('alice');
  const session = scene.at(10).exec(100);
  assert.equal(scene.at(WAIT + 10).says(session), 'nothing');
  places.c = WEB;
  assert.equal(scene.says(session), 'exact alice');
});

test("a container's own program in the pid namespace of its pod is not a session", () => {
  const scene = new Scene({ c: { ...WEB, started: BigInt(START) * MS } });
  const own = scene.at(100).exec(100, ['serve']);
  const entered = scene.at(500).exec(101, ['sh']);
  assert.equal(scene.at(10_000).says(own), 'nothing');
  assert.equal(scene.says(entered), 'none');
});

test('what ran before is named by nobody for sure: what it was asked to run is not known', () => {
  const scene = new Scene();
  scene.request('alice');
  const session = scene.at(10).exec(100, []);
  assert.equal(scene.at(WAIT + 10).says(session), 'ambiguous alice');
});

test("a session within one is the inner request's; without one it may be of who has the outer one", () => {
  const scene = new Scene({ c: WEB, other: { ...WEB, pod: 'web-1' } });
  scene.request('alice');
  const outer = scene.at(10).exec(100);
  const inner = scene.at(20).exec(101, ['id'], 'other');
  assert.equal(scene.at(WAIT + 20).says(inner, outer), 'ambiguous alice');
  assert.equal(scene.says(outer), 'exact alice');
});

test('what was missed makes doubtful what it could be about, and nothing else', () => {
  const scene = new Scene();
  scene.request('alice');
  const before = scene.at(10).exec(100);
  scene.at(10 * MINUTE).request('alice');
  const meanwhile = scene.at(10 * MINUTE + 10).exec(101);
  scene.at(10 * MINUTE + 50).sessions.missed();
  scene.at(20 * MINUTE).request('alice');
  const after = scene.at(20 * MINUTE + 10).exec(102);
  scene.at(21 * MINUTE);
  assert.equal(scene.says(before), 'exact alice');
  assert.equal(scene.says(meanwhile), 'ambiguous alice');
  assert.equal(scene.says(after), 'exact alice');
});

test('a session of hours keeps its name, also when a day of others has gone by', () => {
  const scene = new Scene();
  scene.request('alice');
  const session = scene.at(10).exec(100);
  for (let minute = 1; minute < 24 * 60; minute++) {
    scene.at(minute * MINUTE).request('bob', ['sh'], 500);
    scene.at(minute * MINUTE + 20).exec(1_000 + minute);
  }
  assert.equal(scene.says(session), 'exact alice');
  // What was forgotten of a session that nobody asked for is that as well.
  const probe = scene.exec(200, ['probe']);
  scene.at(26 * 60 * MINUTE).request('bob', ['ls']);
  scene.at(27 * 60 * MINUTE).request('bob', ['ls']);
  assert.equal(scene.says(probe), 'none');
});

test('a pid that is used again is another session', () => {
  const scene = new Scene();
  scene.request('alice', ['sh'], 100);
  const first = scene.at(10).exec(100);
  scene.at(MINUTE).request('bob');
  const second = scene.at(MINUTE + 10).exec(100);
  scene.at(2 * MINUTE);
  assert.deepEqual([scene.says(first), scene.says(second)], ['exact alice', 'exact bob']);
});

test('more sessions than are kept make ambiguous, and cost no name of others', () => {
  const scene = new Scene();
  const sessions = Array.from({ length: 2_100 }, (_, index) => {
    scene.at(index).request('alice', ['id', String(index)]);
    return scene.at(index).exec(1_000 + index, ['id', String(index)]);
  });
  scene.at(10_000);
  const [first] = sessions;
  const last = sessions.at(-1);
  assert.ok(first && last);
  assert.equal(scene.says(first), 'none');
  assert.equal(scene.says(last), 'ambiguous alice');
});

test('requests that were refused take no room, and count for nothing, in whatever order their events come', () => {
  const scene = new Scene();
  scene.request('alice');
  const session = scene.at(50).exec(100);
  const late = { id: 'late', user: 'mallory', words: ['sh'], received: START };
  for (const event of execEvents({ ...late, status: 403 })) scene.sessions.take(event);
  const { responseStatus: _, ...begun }: Record<string, unknown> = { ...execEvents(late)[0] };
  scene.sessions.take({ ...begun, stage: 'RequestReceived' });
  for (let number = 0; number < 8_100; number++) scene.request('mallory', ['sh'], undefined, { status: 403 });
  assert.equal(scene.at(WAIT + 50).says(session), 'exact alice');
});

test('more than is kept of all pods is given up at once, and nothing is certain then', () => {
  const scene = new Scene();
  scene.request('alice');
  const session = scene.at(50).exec(100);
  scene.at(WAIT + 50);
  assert.equal(scene.says(session), 'exact alice');
  for (let number = 0; number < 100_000; number++) {
    scene.request('bob', [], undefined, { pod: `other-${number % 100}` });
    if (number % 1_000 === 0) scene.at(WAIT + 50 + number / 1_000);
  }
  assert.equal(scene.says(session), 'none');
});

test('a clock that is set back by hours holds no alert for longer than usual, and forgets nothing', () => {
  const scene = new Scene();
  scene.request('alice');
  const session = scene.at(50).exec(100);
  assert.equal(scene.set(-3 * 60 * MINUTE).sessions.settledIn([session]), WAIT);
  assert.equal(scene.says(session), 'ambiguous alice');
  scene.request('bob');
  const next = scene.exec(101);
  assert.equal(scene.at(-3 * 60 * MINUTE + WAIT).says(next), 'exact bob');
});

test('a session whose container no runtime knows is forgotten after ten minutes', () => {
  const places: Record<string, SessionPlace | 'unknown'> = { c: 'unknown' };
  const scene = new Scene(places);
  const session = scene.at(10).exec(100);
  scene.at(11 * MINUTE).exec(101, ['ls']);
  scene.request('alice', ['sh'], undefined, { received: START });
  places.c = WEB;
  assert.equal(scene.says(session), 'none');
});

interface Happening {
  readonly user: string;
  readonly at: number;
  readonly words: readonly string[];
  /** Until its process begins. */
  readonly delay: number;
  /** From then until it is over; undefined: it is not. */
  readonly lasts: number | undefined;
  /** How late its events come, each as often as there is one; none: they are lost. */
  readonly late: readonly number[];
}

const happening: fc.Arbitrary<Happening> = fc.record({
  user: fc.constantFrom('alice', 'bob', 'robot'),
  at: fc.nat(20_000),
  words: fc.constantFrom(['sh'], ['sh', '-c', 'id; id']),
  // Who asked has a process before sessions that began at the same time are settled.
  delay: fc.nat(WAIT - 201),
  lasts: fc.option(fc.nat(5_000), { nil: undefined }),
  late: fc.array(fc.oneof(fc.nat(1_000), fc.nat(20_000)), { maxLength: 2 }),
});

test('no wrong name at any time, whatever events come late, twice, in any order or never', () => {
  let exact = 0;
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 9 }), (all) => {
      const scene = new Scene();
      const sessions: { readonly session: StartedSession; readonly user: string }[] = [];
      const steps = all.flatMap((one, index) => {
        const { user, at, words, delay, lasts, late } = one;
        const ended = lasts !== undefined && { ended: START + at + delay + lasts };
        const events = execEvents({ id: `event-${index}`, user, words, received: START + at, ...ended });
        const begin = () => sessions.push({ session: scene.exec(100 + index, words), user });
        return [
          { time: at + delay, act: begin },
          // The last event is that of the end, which comes when it is over.
          ...late.flatMap((by) =>
            events.map((event, place) => ({
              time: at + by + (place === 0 ? 0 : delay + (lasts ?? 0)),
              act: () => scene.sessions.take(event),
            })),
          ),
        ];
      });
      for (const { time, act } of steps.toSorted((one, other) => one.time - other.time)) {
        scene.at(time);
        act();
        for (const { session, user } of sessions) assertOwn(scene.says(session), user);
      }
      scene.at(60_000);
      for (const { session, user } of sessions) assertOwn(scene.says(session), user);
    }),
    { numRuns: 1_000 },
  );
  assert.ok(exact > 1_000, `${exact} exact`);

  function assertOwn(says: string, user: string): void {
    if (!says.startsWith('exact')) return;
    exact++;
    assert.equal(says, `exact ${user}`);
  }
});

test('requests to attach, to forward a port and for a debug container name no session', () => {
  for (const subresource of ['attach', 'portforward', 'ephemeralcontainers']) {
    const scene = new Scene().at(0);
    scene.request('alice', ['sh'], undefined, { subresource });
    const session = scene.at(100).exec(1);
    scene.at(WAIT + 200);
    assert.equal(scene.sessions.factsOf([session])?.match.match, 'none');
  }
});
