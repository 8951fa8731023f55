// The kernel filter drops no match: what any rule of a module is true of passes the filter that was derived from its rules. The events go
// through the same reader as live ones; the filter's decision is that of test/support/reference/filter-reference.ts, which a live test holds against
// the BPF programs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type FilterTables, filterTables, THROUGH } from '../../../host/capture/filter-tables.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { firstWords } from '../../../host/engine/modules/candidate-words.ts';
import { isFiltered } from '../../../host/schema/events/effects.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { FILTER_ROOM, type KernelFilter, type SocketKind } from '../../../host/schema/kernel-filter.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';
import { randomCondition } from '../../support/random/random-conditions.ts';
import { putEvent, type RandomEvent, randomEvent } from '../../support/random/random-events.ts';
import { handMade, namesNearLimits } from '../../support/random/random-filters.ts';
import { nameCheck, openCondition, PLAIN_CONDITIONS } from '../../support/random/random-open-conditions.ts';
import {
  CURRENT_DIRECTORIES,
  filteredOpen,
  inBytes,
  type Names,
  openRecord,
  type RandomOpen,
  randomOpen,
  USUAL_NAMES,
} from '../../support/random/random-opens.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';
import { clausesLeft, type FilteredEvent, onlyCandidate, passes } from '../../support/reference/filter-reference.ts';
import { FilterTrial } from '../../support/reference/filter-trial.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const CONDITIONS = 150;
const EVENTS = 500;

/** Conditions of each of several modules, and how many of these share tables. */
const OF_EACH = 60;
const GROUP = 15;
/** Seeds of names that have found a defect. */
const NAMES_SEEDS = [3];

const printableNames = namesNearLimits.filter(({ components }) => {
  const bytes = new Set(components.join(''));
  return bytes.size >= FILTER_ROOM.CLASSES && [...bytes].every((byte) => byte < '\x7f');
});

/** Of rules on files that are opened; others would let everything pass. */
function rulesThatNeedPaths(filter: KernelFilter): readonly number[] {
  const opens = filter.filter(({ types }) => types.some((type) => findEventType(type)?.shape === 'open'));
  const rules = Map.groupBy(opens, ({ rule }) => rule);
  return [...rules].flatMap(([rule, clauses]) => (clauses.every(({ path }) => path) ? rule : []));
}

/** One for each fact that the kernel tells calls apart by that open no file. */
const PLAIN_OTHERS: readonly string[] = [
  ...['ipv4', 'ipv6', 'unix', 'file'].map((type) => `fd.type = ${type}`),
  ...['fd.typechar = 4', 'fd.typechar = o', 'not fd.type exists', 'fd.sip exists', 'fd.sockfamily = ip'],
  ...['evt.rawres >= 0', 'evt.failed = true', 'evt.res = ENOENT', 'proc.name = cat'],
];

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
}

interface TriedEvent {
  readonly seen: FilteredEvent;
  /** Numbers of the rules that match it. */
  readonly matched: readonly number[];
  /** For the text of a failure. */
  readonly event: unknown;
}

/** Each rule's own clauses against its verdict, and those of all together. Fails if too little is matched or dropped to prove anything. */
function hold(filter: KernelFilter, conditions: readonly string[], events: Iterable<TriedEvent>): void {
  const whole = filterTables([filter]);
  const single = conditions.map((_, rule) => filterTables([filter.filter((clause) => clause.rule === rule)]));
  const isDropped = (tables: FilterTables | undefined, seen: FilteredEvent): boolean =>
    tables === undefined || (clausesLeft(tables, seen) & ~THROUGH) === 0n;
  let [matches, drops] = [0, 0];
  for (const { seen, matched, event } of events) {
    for (const rule of matched) {
      const clauses = filter.filter((clause) => clause.rule === rule);
      const what = `"${conditions[rule]}" matches ${shown(event)}, and ${shown(clauses)} drop it`;
      assert.ok(!isDropped(single[rule], seen), what);
    }
    assert.ok(matched.length === 0 || passes(whole, seen), 'clauses that share a bit drop more than each does');
    matches += matched.length;
    drops += single.filter((tables) => isDropped(tables, seen)).length;
  }
  assert.ok(matches > (CONDITIONS * EVENTS) / 20, `${matches} matches`);
  assert.ok(drops > (CONDITIONS * EVENTS) / 20, `${drops} times dropped`);
}

describe(`what a rule matches passes the kernel filter (seed ${SEED})`, () => {
  test('files that are opened', async () => {
    const random = fc.sample(openCondition(NAMES), { numRuns: CONDITIONS - PLAIN_CONDITIONS.length, seed: SEED });
    const conditions = [...PLAIN_CONDITIONS, ...random];
    using trial = await FilterTrial.of(conditions);
    const processes = CURRENT_DIRECTORIES.map((cwd, index) =>
      trial.process({ cwd, pid: index + 1, comm_bytes: index % 2 ? 'first' : 'second' }),
    );
    const anyOpen = fc.oneof(
      { weight: 7, arbitrary: randomOpen(NAMES).map((open) => ({ open, type: open.type })) },
      { weight: 1, arbitrary: openByHandle },
    );
    const opens = fc.sample(fc.tuple(anyOpen, fc.constantFrom(...processes)), { numRuns: EVENTS, seed: SEED });
    hold(
      trial.filters[0] ?? [],
      conditions,
      opens.map(([{ open, type }, { image, current, candidates }]) => {
        const record = inBytes(openRecord(open, image, current));
        const seen = { ...filteredOpen(open, current), type: findEventType(type) ?? assert.fail(), candidates };
        const matched = trial.matches(type, record).map(({ rule }) => rule);
        return { seen, matched, event: { ...open, type, current } };
      }),
    );
  });

  // In groups, each with a few rules of each module: all of them together would drop next to nothing.
  for (const seed of [SEED, ...NAMES_SEEDS]) {
    test(`files with names near the limits of the tables, and rules of several modules (names ${seed})`, async () => {
      const [names] = fc.sample(printableNames, { numRuns: 1, seed });
      assert.ok(names);
      const conditions = fc.sample(nameCheck(names), { numRuns: 2 * OF_EACH, seed });
      using trial = await FilterTrial.of(conditions.slice(0, OF_EACH), conditions.slice(OF_EACH));
      const [byHand] = fc.sample(handMade(names, [64]), { numRuns: 1, seed });
      assert.ok(byHand);
      const first = firstWords([OF_EACH, OF_EACH, byHand.ruleCount]);
      const narrow = trial.filters.map(rulesThatNeedPaths);
      const groups = Array.from({ length: Math.ceil(OF_EACH / GROUP) }, (_, group) => {
        const members = narrow.map((rules) => rules.slice(group * GROUP, (group + 1) * GROUP));
        const filters = trial.filters.map((filter, module) =>
          filter.filter(({ rule }) => members[module]?.includes(rule)),
        );
        return { members, tables: filterTables([...filters, byHand.filter], first) };
      });
      const processes = [...names.paths.slice(0, 3), '/'].map((cwd, index) => trial.process({ cwd, pid: index + 1 }));
      const opens = fc.sample(fc.tuple(randomOpen(names), fc.constantFrom(...processes)), { numRuns: EVENTS, seed });
      let [matches, drops] = [0, 0];
      for (const [open, { image, current, candidates }] of opens) {
        const record = inBytes(openRecord(open, image, current));
        const seen = { ...filteredOpen(open, current), candidates };
        const matched = trial.matches(open.type, record);
        for (const { members, tables } of groups) {
          if (!passes(tables, seen)) drops++;
          for (const { module, rule } of matched.filter(({ module, rule }) => members[module]?.includes(rule))) {
            // Of a process that can match no other rule: so that no other one lets it pass.
            const own = { ...seen, candidates: onlyCandidate((trial.first[module] ?? 0) * 64 + rule) };
            const text = conditions[module * OF_EACH + rule];
            assert.ok(passes(tables, own), `"${text}" matches ${shown({ ...record, type: open.type, current })}`);
            matches++;
          }
        }
      }
      assert.ok(matches > EVENTS && drops > 50, `${matches} matches, ${drops} times dropped`);
    });
  }

  test('all others', async () => {
    const random = fc.sample(randomCondition, { numRuns: CONDITIONS - PLAIN_OTHERS.length, seed: SEED });
    const conditions = [...PLAIN_OTHERS, ...random];
    const { wasm, manifest } = await compileModule(rulesOf(conditions), {
      cacheDirectory: TEST_MODULES,
      inThisProcess: true,
    });
    assert.ok(manifest.filter);
    const module = RuleModule.from(wasm, conditions.length);
    const others = randomEvent.filter(({ type }) => {
      const known = findEventType(type);
      return known !== undefined && known.shape !== 'open' && isFiltered(known);
    });
    const events = fc.sample(others, { numRuns: EVENTS, seed: SEED });
    hold(
      manifest.filter,
      conditions,
      events.flatMap((event) => tried(module, event)),
    );
  });
});

/** With some whose bytes are no ASCII. */
const NAMES: Names = {
  components: [...USUAL_NAMES.components, 'caf\xc3\xa9'],
  paths: [...USUAL_NAMES.paths, '/caf\xc3\xa9', '/etc/caf\xc3\xa9/shadow', '/etc/\xff\xfe/caf\xc3\xa9'],
};

/** By its handle: no path is passed. */
const openByHandle = randomOpen(NAMES)
  .filter(({ type }) => type === 'openat')
  .map(({ flags, mode, outcome }) => ({
    open: { type: 'openat' as const, flags, mode, outcome: withDots(outcome), directory: null },
    type: 'open_by_handle_at',
  }));

/** A name that looks like a path that is not plain, and is: a passed one counts for what it looks like. */
function withDots(outcome: RandomOpen['outcome']): RandomOpen['outcome'] {
  return 'resolved' in outcome && outcome.resolved === '/etc/sudoers.d/a'
    ? { ...outcome, resolved: '/etc/ends./a' }
    : outcome;
}

/** As each of what its descriptor may be to the kernel. */
function tried(module: RuleModule, event: RandomEvent): readonly TriedEvent[] {
  const placed = putEvent(module.records, event);
  const candidates = module.setCandidates(placed.image);
  const type = findEventType(event.type);
  assert.ok(type);
  const seen: FilteredEvent = { type, failed: Number(event.members.result) < 0, candidates };
  const matched = module.evaluate(placed.event, placed.end);
  if (type.shape !== 'network') return [{ seen, matched, event }];
  const sockets = socketsOf(String.fromCharCode(Number(event.members.kind)));
  return sockets.map((socket) => ({ seen: { ...seen, socket }, matched, event }));
}

/**
 * What the kernel sees of a descriptor of that kind: a userfaultfd has that of a unix socket. One of IPv4 may be an IPv6 socket as well: then
 * the kernel knows less.
 */
function socketsOf(kind: string): readonly SocketKind[] {
  const kinds: Readonly<Record<string, readonly SocketKind[]>> = {
    '\0': ['none'],
    4: ['ipv4'],
    6: ['ipv6'],
    u: ['unix', 'other'],
  };
  return kinds[kind] ?? ['other'];
}

test('a filter that names more paths than there is room for is not gone through for each length', () => {
  const names = Array.from({ length: 100_000 }, (_, number) => `name-${number}`);
  let reads = 0;
  const endings = new Proxy(names, {
    get(target, key, receiver) {
      reads++;
      return Reflect.get(target, key, receiver);
    },
  });
  const { paths } = filterTables([[{ rule: 0, types: ['openat'], path: { beginnings: [], endings } }]]);
  assert.ok(paths.accepted.length <= 2048);
  assert.ok(reads < 8 * names.length, `${reads} reads of ${names.length} names`);
});
