// A rule that the kernel can decide exactly matches an event if, and only if, its clauses hold of it. Rules and events are drawn; the module's
// verdict is held against that of test/support/exact-reference.ts, which knows only what a program of the kernel knows.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileModule, translateRules } from '../../../host/compiler/compile.ts';
import { exactRules } from '../../../host/compiler/plan/exact/exact-rules.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { type RuleSource, ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import type { ExactRule } from '../../../host/schema/kernel-enforcement.ts';
import { enforcedOpen, enforcedRecord, knownOfOpen } from '../../support/enforced-opens.ts';
import { execEvent, knownOfRecord, otherEvent, peerEvent } from '../../support/enforced-records.ts';
import { type EnforcedEvent, isEnforced } from '../../support/exact-reference.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { FilterTrial } from '../../support/filter-trial.ts';
import { randomCondition } from '../../support/random-conditions.ts';
import { putEvent, type RandomEvent } from '../../support/random-events.ts';
import { exactExecCheck, exactOpenCheck, exactPeerCheck, joined } from '../../support/random-exact-conditions.ts';
import { openCondition } from '../../support/random-open-conditions.ts';
import { CURRENT_DIRECTORIES, type Names, USUAL_NAMES } from '../../support/random-opens.ts';
import { RuleModule, rulesOf } from '../../support/rule-module.ts';
import { STOCK_FILES, stockRules } from '../../support/stock-rules.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const CONDITIONS = Number(process.env.WASPREY_TEST_CONDITIONS ?? 120);
const EVENTS = Number(process.env.WASPREY_TEST_EVENTS ?? 500);
const CONTAINER = `/docker/${'0123456789abcdef'.repeat(4)}`;

const PROCESSES = ['proc.name = first', 'proc.name != first', 'not proc.cwd startswith /etc', 'container.id != host'];

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

async function holdOpens(rules: readonly RuleSource[], names: Names, least: number): Promise<void> {
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

async function holdRecords(conditions: readonly string[], events: fc.Arbitrary<RandomEvent>, least: number) {
  const rules = rulesOf(conditions);
  const { wasm, manifest } = await compileModule(rules);
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

describe(`exact rules match what their clauses say, and nothing else (seed ${SEED})`, () => {
  const drawn = (condition: fc.Arbitrary<string>): string[] =>
    fc.sample(condition, { numRuns: CONDITIONS, seed: SEED });

  const onOpens = (condition: string): string =>
    `evt.type in (open, openat, openat2, creat, open_by_handle_at) and ${condition}`;

  test('files that are opened', async () => {
    const conditions = drawn(joined(exactOpenCheck(USUAL_NAMES), PROCESSES));
    await holdOpens(rulesOf(conditions.map(onOpens)), USUAL_NAMES, CONDITIONS / 2);
  });

  test('conditions of all kinds on files: those that are exact by chance', async () => {
    await holdOpens(rulesOf(drawn(openCondition(USUAL_NAMES)).map(onOpens)), USUAL_NAMES, CONDITIONS / 20);
  });

  test("Falco's stock rules on files with the names that they give", {
    skip: missingFalco(...STOCK_FILES),
  }, async () => {
    const { rules } = loadRules(STOCK_FILES.map((name) => ({ name, text: stockRules(name) })));
    const sources = rules.map(ruleSourceOf);
    const { plan } = translateRules(sources);
    const names = exactRules(plan).flatMap(({ clauses }) => clauses.flatMap((clause) => clause.names ?? []));
    const texts = names.flatMap(({ equal, beginnings, endings }) => [...equal, ...beginnings, ...endings]);
    const paths = texts.filter((text) => text.startsWith('/') && !text.endsWith('/'));
    const components = [...new Set(texts.flatMap((text) => text.split('/')))].filter((text) => !/^\.{0,2}$/.test(text));
    await holdOpens(sources, { paths, components }, 2);
  });

  test('programs that are run', async () => {
    const conditions = drawn(joined(exactExecCheck, []));
    await holdRecords(
      conditions.map((condition) => `evt.type in (execve, execveat) and ${condition}`),
      execEvent,
      CONDITIONS / 4,
    );
  });

  test('connections and datagrams', async () => {
    const conditions = drawn(joined(exactPeerCheck, ['proc.name = cat', 'proc.name != cat']));
    await holdRecords(
      conditions.map((condition) => `evt.type in (connect, sendto, sendmsg) and ${condition}`),
      peerEvent,
      CONDITIONS / 2,
    );
  });

  test('conditions of all kinds on connections and programs', async () => {
    await holdRecords(drawn(randomCondition).slice(0, CONDITIONS / 2), fc.oneof(peerEvent, execEvent), 0);
  });

  test('calls of which only the type, the result and the process are known', async () => {
    const plain = ['ptrace', 'init_module', 'setns', 'bpf', 'unlink', 'mount', 'kill'].flatMap((type) => [
      `evt.type = ${type} and proc.name = cat`,
      `evt.type in (${type}, setuid) and evt.rawres >= 0 and container.id != host`,
    ]);
    await holdRecords([...plain, ...drawn(randomCondition).slice(0, CONDITIONS / 2)], otherEvent, plain.length / 2);
  });
});
