// Whether rules that the kernel can decide exactly match an event if, and only if, their clauses hold of it: the module's verdict is held against that
// of exact-reference.ts, which knows only what a program of the kernel knows.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileModule } from '../../../host/compiler/compile.ts';
import type { RuleSource } from '../../../host/compiler/rules/rule.ts';
import type { ExactRule } from '../../../host/schema/kernel-enforcement.ts';
import { enforcedOpen, enforcedRecord, knownOfOpen } from '../live/enforced-opens.ts';
import { TEST_MODULES } from '../module-cache.ts';
import { knownOfRecord } from '../random/enforced-records.ts';
import { putEvent, type RandomEvent } from '../random/random-events.ts';
import { CURRENT_DIRECTORIES, type Names } from '../random/random-opens.ts';
import { RuleModule, rulesOf } from '../records/rule-module.ts';
import { type EnforcedEvent, isEnforced } from './exact-reference.ts';
import { FilterTrial } from './filter-trial.ts';

export const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const EVENTS = Number(process.env.WASPREY_TEST_EVENTS ?? 500);
const CONTAINER = `/docker/${'0123456789abcdef'.repeat(4)}`;

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
}

/** The verdicts on rules and events: that both sides agree, and how many there were of each. */
class Verdicts {
  readonly #rules: readonly ExactRule[];
  readonly #sources: readonly RuleSource[];
  readonly #met = new Set<ExactRule>();
  readonly #missed = new Set<ExactRule>();
  /** Rules that lack a need, and that no event has told from the right one yet. */
  readonly #wrong: Set<ExactRule>[];
  readonly #wrongs: number;
  #matches = 0;
  #decided = 0;
  #undecided = 0;

  constructor(rules: readonly ExactRule[], sources: readonly RuleSource[]) {
    this.#rules = rules;
    this.#sources = sources;
    this.#wrong = rules.map((rule) => new Set(lacking(rule)));
    this.#wrongs = this.#wrong.reduce((sum, { size }) => sum + size, 0);
  }

  /** @param matched numbers of the rules that match */
  add(matched: readonly number[], eventFor: (rule: number) => EnforcedEvent): void {
    for (const [index, rule] of this.#rules.entries()) {
      const event = eventFor(rule.rule);
      for (const wrong of this.#wrong[index] ?? []) {
        if (isEnforced(wrong, event) === !matched.includes(rule.rule)) this.#wrong[index]?.delete(wrong);
      }
      const verdict = isEnforced(rule, event);
      if (verdict === undefined) {
        this.#undecided++;
        continue;
      }
      const how = verdict ? 'is enforced, but does not match' : 'matches, but is not enforced';
      const what = `"${this.#sources[rule.rule]?.conditionText}", ${shown(rule.clauses)}, ${how}: ${shown(event)}`;
      assert.equal(verdict, matched.includes(rule.rule), what);
      this.#decided++;
      if (verdict) this.#matches++;
      (verdict ? this.#met : this.#missed).add(rule);
    }
  }

  /** Fails if too little was drawn to prove anything. @param least rules that are met by some events and missed by others */
  assertTelling(least: number): void {
    const both = [...this.#met].filter((rule) => this.#missed.has(rule)).length;
    const found = this.#wrongs - this.#wrong.reduce((sum, { size }) => sum + size, 0);
    const told =
      `${this.#rules.length} of ${this.#sources.length} rules are exact, ${both} of them told events apart; ` +
      `${this.#matches} matches of ${this.#decided} verdicts, ${this.#undecided} without; ${found} of ${this.#wrongs} wrong rules were found`;
    assert.ok(both >= least && this.#matches > 5 * both && 5 * this.#undecided < this.#decided, told);
    assert.ok(least === 0 || 4 * found > this.#wrongs, told);
    if (process.env.WASPREY_TEST_TELL) console.log(told);
  }
}

const NEEDS = ['result', 'opens', 'sockets', 'names', 'peers'] as const;

/** The rule without one of the needs of one of its clauses. */
function lacking({ rule, clauses }: ExactRule): readonly ExactRule[] {
  return clauses.flatMap((clause, index) =>
    NEEDS.filter((need) => clause[need] !== undefined).map((need) => {
      const { [need]: _, ...rest } = clause;
      return { rule, clauses: clauses.with(index, rest) };
    }),
  );
}

function hasBit(words: readonly bigint[], rule: number): boolean {
  return (((words[rule >> 6] ?? 0n) >> BigInt(rule & 63)) & 1n) === 1n;
}

/** Holds the verdicts on drawn opens of files with these names. @param least rules that are to tell events apart */
export async function holdOpens(rules: readonly RuleSource[], names: Names, least: number): Promise<void> {
  using trial = await FilterTrial.ofRules(rules);
  const verdicts = new Verdicts(trial.exact[0] ?? [], rules);
  const processes = CURRENT_DIRECTORIES.map((cwd, index) => {
    const inContainer = index > 2;
    const members = { cgroup: inContainer ? CONTAINER : '/', comm_bytes: index % 2 ? 'first' : 'second' };
    return { ...trial.process({ cwd, pid: index + 1, ...members }), inContainer };
  });
  const opens = fc.sample(fc.tuple(enforcedOpen(names), fc.constantFrom(...processes)), {
    numRuns: EVENTS,
    seed: SEED,
  });
  for (const [open, { image, current, candidates, inContainer }] of opens) {
    const matched = trial.matches(open.type, enforcedRecord(open, image, current)).map(({ rule }) => rule);
    const known = { ...knownOfOpen(open, current), inContainer };
    verdicts.add(matched, (rule) => ({ ...known, isCandidate: hasBit(candidates, rule) }));
  }
  verdicts.assertTelling(least);
}

/** The same on drawn events of any type. */
export async function holdRecords(
  conditions: readonly string[],
  events: fc.Arbitrary<RandomEvent>,
  least: number,
): Promise<void> {
  const rules = rulesOf(conditions);
  const { wasm, manifest } = await compileModule(rules, { cacheDirectory: TEST_MODULES, inThisProcess: true });
  const verdicts = new Verdicts(manifest.exact?.rules ?? [], rules);
  const module = RuleModule.from(wasm, conditions.length);
  for (const event of fc.sample(events, { numRuns: EVENTS, seed: SEED })) {
    const placed = putEvent(module.records, event);
    const words = module.setCandidates(placed.image);
    const matched = module.evaluate(placed.event, placed.end);
    verdicts.add(matched, (rule) => knownOfRecord(event, hasBit(words, rule)));
  }
  verdicts.assertTelling(least);
}
