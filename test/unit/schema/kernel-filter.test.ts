// The kernel filter drops no match: what any rule of a module is true of passes the filter that was derived from its rules. The events go
// through the same reader as live ones; the filter's decision is that of test/support/filter-reference.ts, which a live test holds against
// the BPF programs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type FilterTables, filterTables, THROUGH } from '../../../host/capture/filter-tables.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { compileRuleModule, instantiateRuleModule, type RuleInstance } from '../../../host/sandbox/instantiate.ts';
import { fillCandidates, runEvaluate } from '../../../host/sandbox/run.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { CANDIDATE_WORDS } from '../../../host/schema/image.ts';
import { isFiltered, type KernelFilter, type SocketKind } from '../../../host/schema/kernel-filter.ts';
import { BuilderCapture } from '../../support/builder-capture.ts';
import { clausesLeft, type FilteredEvent, passes } from '../../support/filter-reference.ts';
import { randomCondition } from '../../support/random-conditions.ts';
import { putEvent, type RandomEvent, randomEvent } from '../../support/random-events.ts';
import {
  CURRENT_DIRECTORIES,
  filteredOpen,
  openCondition,
  openRecord,
  PLAIN_CONDITIONS,
  randomOpen,
} from '../../support/random-opens.ts';
import { RuleModule, rulesOf } from '../../support/rule-module.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const CONDITIONS = 150;
const EVENTS = 500;

/** One for each fact that the kernel tells calls apart by that open no file. */
const PLAIN_OTHERS: readonly string[] = [
  ...['ipv4', 'ipv6', 'unix', 'file'].map((type) => `fd.type = ${type}`),
  ...['fd.typechar = 4', 'fd.typechar = o', 'not fd.type exists', 'fd.sip exists', 'fd.sockfamily = ip'],
  ...['evt.rawres >= 0', 'evt.failed = true', 'evt.res = ENOENT', 'proc.name = cat'],
];

interface Process {
  readonly image: bigint;
  readonly current: string;
  readonly candidates: readonly bigint[];
}

/** A module on a capture: processes are known to both, and each event comes with the rules that match it. */
class Trial implements Disposable {
  readonly filter: KernelFilter;
  readonly #built = new BuilderCapture();
  readonly #instance: RuleInstance;
  readonly #matched: number[] = [];

  private constructor(wasm: Uint8Array, filter: KernelFilter, ruleCount: number) {
    this.filter = filter;
    this.#instance = instantiateRuleModule(compileRuleModule(wasm), {
      memory: this.#built.open.memory,
      ruleCount,
      match: (rule) => this.#matched.push(rule),
    });
  }

  static async of(conditions: readonly string[]): Promise<Trial> {
    const { wasm, manifest } = await compileModule(rulesOf(conditions));
    assert.ok(manifest.filter);
    return new Trial(wasm, manifest.filter, conditions.length);
  }

  process(input: StructInput & { readonly cwd: string }): Process {
    const { capture } = this.#built;
    const image = this.#built.image('EXEC', { cgroup: '/', ...input });
    capture.poll(this.#built.segments, 0);
    const addresses = new Uint32Array(2);
    // The first time, the image that stands in for unknown ones comes before it.
    const address = addresses[capture.takeImages(addresses) - 1] ?? 0;
    const words = new BigUint64Array(CANDIDATE_WORDS);
    assert.equal(fillCandidates(this.#instance, address, words), undefined);
    capture.setCandidates(address, words);
    return { image, current: input.cwd, candidates: [...words] };
  }

  /** Numbers of the rules that match. */
  matches(type: string, record: StructInput): readonly number[] {
    const { capture, segments } = this.#built;
    this.#built.event(type, record);
    this.#matched.length = 0;
    assert.equal(capture.poll(segments, 0), 1);
    assert.ok(runEvaluate(this.#instance, segments[0] ?? 0, segments[1] ?? 0).ok);
    capture.release();
    return [...this.#matched];
  }

  [Symbol.dispose](): void {
    this.#built[Symbol.dispose]();
  }
}

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
    const random = fc.sample(openCondition, { numRuns: CONDITIONS - PLAIN_CONDITIONS.length, seed: SEED });
    const conditions = [...PLAIN_CONDITIONS, ...random];
    using trial = await Trial.of(conditions);
    const processes = CURRENT_DIRECTORIES.map((cwd, index) =>
      trial.process({ cwd, pid: index + 1, comm_bytes: index % 2 ? 'first' : 'second' }),
    );
    const opens = fc.sample(fc.tuple(randomOpen, fc.constantFrom(...processes)), { numRuns: EVENTS, seed: SEED });
    hold(
      trial.filter,
      conditions,
      opens.map(([open, { image, current, candidates }]) => {
        const record = openRecord(open, image, current);
        const seen = { ...filteredOpen(open, current), candidates };
        return { seen, matched: trial.matches(open.type, record), event: { ...record, type: open.type, current } };
      }),
    );
  });

  test('all others', async () => {
    const random = fc.sample(randomCondition, { numRuns: CONDITIONS - PLAIN_OTHERS.length, seed: SEED });
    const conditions = [...PLAIN_OTHERS, ...random];
    const { wasm, manifest } = await compileModule(rulesOf(conditions));
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
      events.map((event) => tried(module, event)),
    );
  });
});

function tried(module: RuleModule, event: RandomEvent): TriedEvent {
  const placed = putEvent(module.records, event);
  const candidates = module.setCandidates(placed.image);
  const type = findEventType(event.type);
  assert.ok(type);
  const seen: FilteredEvent = {
    type,
    failed: Number(event.members.result) < 0,
    candidates,
    ...(type.shape === 'network' && { socket: socketOf(String.fromCharCode(Number(event.members.kind))) }),
  };
  return { seen, matched: module.evaluate(placed.event, placed.end), event };
}

/** What the kernel sees of a descriptor of that kind. One of IPv4 may be an IPv6 socket as well: then the kernel knows less. */
function socketOf(kind: string): SocketKind {
  const kinds: Readonly<Record<string, SocketKind>> = { '\0': 'none', 4: 'ipv4', 6: 'ipv6', u: 'unix' };
  return kinds[kind] ?? 'other';
}

test('a filter that names more paths than there is room for takes no longer for that', () => {
  const endings = Array.from({ length: 100_000 }, (_, number) => `name-${number}`);
  const began = performance.now();
  const { paths } = filterTables([[{ rule: 0, types: ['openat'], path: { beginnings: [], endings } }]]);
  assert.ok(paths.accepted.length <= 2048);
  assert.ok(performance.now() - began < 5000, 'it went through all of them for each length');
});
