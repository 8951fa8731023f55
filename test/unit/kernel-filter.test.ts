// The kernel filter drops no match: what any rule of a module is true of passes the filter that was derived from its rules. The events go
// through the same reader as live ones; the filter's decision is that of test/support/filter-reference.ts, which a live test holds against
// the BPF programs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { filterTables, THROUGH } from '../../host/capture/filter-tables.ts';
import { compileModule } from '../../host/compiler/compile.ts';
import { compileRuleModule, instantiateRuleModule, type RuleInstance } from '../../host/sandbox/instantiate.ts';
import { fillCandidates, runEvaluate } from '../../host/sandbox/run.ts';
import type { StructInput } from '../../host/schema/encode-struct.ts';
import { CANDIDATE_WORDS } from '../../host/schema/image.ts';
import type { KernelFilter } from '../../host/schema/kernel-filter.ts';
import { BuilderCapture } from '../support/builder-capture.ts';
import { clausesLeft, type FilteredEvent, passes } from '../support/filter-reference.ts';
import { CURRENT_DIRECTORIES, filteredOpen, openCondition, openRecord, randomOpen } from '../support/random-opens.ts';
import { rulesOf } from '../support/rule-module.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const CONDITIONS = 150;
const EVENTS = 600;

interface Process {
  readonly image: bigint;
  readonly current: string;
  readonly candidates: readonly bigint[];
}

/** A module on a capture: processes are known to both, and each event comes with the rules that match it. */
class Trial implements Disposable {
  readonly filter: KernelFilter;
  readonly ruleCount: number;
  readonly #built = new BuilderCapture();
  readonly #instance: RuleInstance;
  readonly #matched: number[] = [];

  private constructor(wasm: Uint8Array, filter: KernelFilter, ruleCount: number) {
    this.filter = filter;
    this.ruleCount = ruleCount;
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

/** Each rule's own clauses against its verdict, and those of all together. Returns how often a rule's clauses drop an event. */
function hold(
  trial: Trial,
  conditions: readonly string[],
  events: Iterable<{ readonly type: string; readonly record: StructInput; readonly seen: FilteredEvent }>,
): { matches: number; dropped: number } {
  const whole = filterTables([trial.filter]);
  const single = conditions.map((_, rule) => filterTables([trial.filter.filter((clause) => clause.rule === rule)]));
  const counts = { matches: 0, dropped: 0 };
  for (const { type, record, seen } of events) {
    const matched = trial.matches(type, record);
    counts.matches += matched.length;
    for (const rule of matched) {
      assert.notEqual(
        (single[rule] ? clausesLeft(single[rule], seen) : 0n) & ~THROUGH,
        0n,
        `"${conditions[rule]}" matches, and is filtered out: ${shown(record)} as ${shown(seen)}, by ${shown(
          trial.filter.filter((clause) => clause.rule === rule),
        )}`,
      );
    }
    assert.ok(matched.length === 0 || passes(whole, seen), 'clauses that share a bit filter more than each does');
    counts.dropped += single.filter((tables) => (clausesLeft(tables, seen) & ~THROUGH) === 0n).length;
  }
  return counts;
}

describe(`what a rule matches passes the kernel filter (seed ${SEED})`, () => {
  test('files that are opened', async () => {
    const conditions = fc.sample(openCondition, { numRuns: CONDITIONS, seed: SEED });
    using trial = await Trial.of(conditions);
    const processes = CURRENT_DIRECTORIES.map((cwd, index) =>
      trial.process({ cwd, pid: index + 1, comm_bytes: index % 2 ? 'first' : 'second' }),
    );
    const opens = fc.sample(fc.tuple(randomOpen, fc.constantFrom(...processes)), { numRuns: EVENTS, seed: SEED });
    const { matches, dropped } = hold(
      trial,
      conditions,
      opens.map(([open, { image, current, candidates }]) => ({
        type: open.type,
        record: openRecord(open, image, current),
        seen: { ...filteredOpen(open, current), candidates },
      })),
    );
    // Otherwise it would prove nothing.
    assert.ok(matches > (CONDITIONS * EVENTS) / 20, `${matches} matches`);
    assert.ok(dropped > (CONDITIONS * EVENTS) / 20, `${dropped} filtered out`);
  });
});
