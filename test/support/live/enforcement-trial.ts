// The claim of enforcement, on rules and real calls: what the programs of the kernel enforce is what the rules match. Each rule is enforced by
// itself, with `observe`, so that nobody is killed; its module evaluates the same records, those of the whole machine too.

import assert from 'node:assert/strict';
import { lackOfBpfLsm } from '../../../host/capture/bpf-lsm.ts';
import type { EnforcedAction } from '../../../host/capture/enforcement-means.ts';
import { enforcementTables } from '../../../host/capture/enforcement-tables.ts';
import { filterTables } from '../../../host/capture/filter-tables.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { ModuleSet } from '../../../host/engine/modules/module-set.ts';
import type { EventRecord } from '../../../host/fields/record.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { ENFORCED, enforcedParts } from '../../../host/schema/enforced.ts';
import type { ExactRule } from '../../../host/schema/kernel-enforcement.ts';
import type { KernelFilter } from '../../../host/schema/kernel-filter.ts';
import { CONTEXT } from '../records/fields.ts';
import { rulesOf } from '../records/rule-module.ts';
import { capture, memory, RAILS, takeBatches, view } from './live-enforcement.ts';
import { polledEvents } from './polled-events.ts';

export const TRIED_TYPES = ['open', 'openat', 'creat', 'execve', 'connect', 'sendto'];

/** Opens and execs are denied by BPF LSM alone. */
const LACK = lackOfBpfLsm();
const ACTIONS: readonly EnforcedAction[] = LACK === undefined ? ['kill_process', 'deny'] : ['kill_process'];

/** What came of the events. */
export interface Tally {
  enforced: number;
  missed: number;
  judged: number;
}

interface Trying {
  readonly exact: ExactRule;
  readonly action: EnforcedAction;
  readonly isKnown: boolean;
}

export class EnforcementTrial {
  readonly #set: ModuleSet;
  readonly #exact: readonly ExactRule[];
  readonly #conditions: readonly string[];
  readonly #matched = new Map<number, Set<number>>();
  readonly #images = new Uint32Array(4096);
  #serial = 0;

  constructor(wasm: Uint8Array, exact: readonly ExactRule[], conditions: readonly string[]) {
    this.#exact = exact;
    this.#conditions = conditions;
    const reads = conditions.map(() => ({
      fields: [],
      readsContainers: false,
      readsPods: false,
      eventTypes: TRIED_TYPES,
    }));
    const module = { name: 'generated', verified: compileRuleModule(wasm), rules: reads };
    this.#set = new ModuleSet({ generation: 0, modules: [module], eventTypes: TRIED_TYPES }, 0, {
      sandbox: memory,
      memory: view,
      context: CONTEXT,
      ruleMatching: 'all',
      onMatch: ({ event, rule }) => this.#matchesOf(event).add(rule),
      onFailure: (_set, _module, { reason }) => assert.fail(reason),
    });
  }

  /** @param isFiltered whether the kernel drops what none of the rules can match */
  static async of(conditions: readonly string[], isFiltered: boolean): Promise<EnforcementTrial> {
    const { wasm, manifest } = await compileModule(rulesOf(conditions));
    useFilter(isFiltered ? manifest.filter : undefined);
    return new EnforcementTrial(wasm, manifest.exact?.rules ?? [], conditions);
  }

  /** How often run() lets the calls be made. */
  get rounds(): number {
    return this.#exact.length * ACTIONS.length;
  }

  /**
   * Enforces each rule that can be, and makes calls.
   * @param isKnown whether the processes that make them have been there before, so that what rules say of them is known
   * @returns how many told events apart
   */
  async run(calls: () => void | Promise<void>, isKnown = false): Promise<Tally> {
    const sum: Tally = { enforced: 0, missed: 0, judged: 0 };
    const wanted = this.#exact.flatMap((exact) => ACTIONS.map((action) => ({ exact, action })));
    for (const { exact, action } of wanted) {
      this.#serial = (this.#serial + 1) % 64;
      const made = enforcementTables(
        [{ exact, action }],
        { ...RAILS, observes: true, lackOfLsm: LACK, perNode: { count: 65_535, milliseconds: 1000 } },
        this.#serial,
      );
      if (!made.ok) continue;
      capture.prepareEnforcement(0, made.tables.bytes, made.tables.rules);
      this.#describeAll();
      assert.deepEqual(capture.enforce(0), []);
      this.#take(() => {});
      await calls();
      this.#take((event) => this.#judge({ exact, action, isKnown }, event, sum));
    }
    return sum;
  }

  #judge({ exact: { rule, clauses }, action, isKnown }: Trying, event: EventRecord, sum: Tally): void {
    if (event.isFurtherView) return;
    const { outcome, serial } = enforcedParts(event.number('reserved'));
    const isMatched = this.#matched.get(event.address)?.has(rule) ?? false;
    const isEnforced = outcome === ENFORCED.OBSERVED && serial === this.#serial;
    const what = `${this.#conditions[rule]}: ${event.type.name}, result ${event.result}, outcome ${outcome}: ${JSON.stringify(clauses)}`;
    if (isEnforced) assert.ok(isMatched, `enforced, but not matched: ${what}`);
    sum.judged++;
    if (isEnforced) sum.enforced++;
    // Of the calls made here nothing stands in the way: the process was there, its names are those that the kernel resolved, and it opened them.
    const isOurs = event.image?.big('id') !== undefined && this.#isOfAct(event);
    const isByProcess = !isKnown && clauses.some(({ process }) => process === 'candidate');
    const isNameless = event.result < 0n && clauses.some(({ names }) => names);
    const isRefusedAnyway = action === 'deny' && event.result < 0n;
    if (isOurs && isMatched && !isByProcess && !isNameless && !isRefusedAnyway && outcome !== ENFORCED.UNDECIDED)
      assert.ok(isEnforced, `matched, but not enforced: ${what}`);
    if (!isMatched) sum.missed++;
  }

  #isOfAct(event: EventRecord): boolean {
    const name = event.image?.bytes('executable');
    return name !== undefined && Buffer.from(name).toString().endsWith('/act');
  }

  #matchesOf(event: number): Set<number> {
    const known = this.#matched.get(event) ?? new Set();
    this.#matched.set(event, known);
    return known;
  }

  /** Evaluates what has come, and calls back with each event. */
  #take(call: (event: EventRecord) => void): void {
    takeBatches((segments, pairs) => {
      this.#describeNew();
      this.#matched.clear();
      this.#set.evaluate(segments, pairs);
      for (const event of polledEvents(view, segments, pairs)) call(event);
    });
  }

  #describeNew(): void {
    for (let count = capture.takeImages(this.#images); count > 0; count = capture.takeImages(this.#images))
      for (const image of this.#images.subarray(0, count)) this.#set.describe(image, capture);
  }

  #describeAll(): void {
    this.#describeNew();
    let first = 0;
    for (let count = capture.listImages(0, this.#images); count > 0; count = capture.listImages(first, this.#images)) {
      for (const image of this.#images.subarray(0, count)) if (image !== 0) this.#set.describe(image, capture);
      first += count;
    }
  }
}

function useFilter(filter: KernelFilter | undefined): void {
  if (filter) capture.prepareFilter(0, filterTables([filter]));
  capture.beginChange(TRIED_TYPES, filter && 0);
  while (!capture.isChanged()) capture.poll(new Uint32Array(64), 10);
}
