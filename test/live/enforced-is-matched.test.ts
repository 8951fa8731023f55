// The claim of enforcement: on generated rules and calls, what the programs of the kernel enforce is what the rules match. Each rule is
// enforced by itself, with `observe`, so that nobody is killed; its module evaluates the same records, those of the whole machine too.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { lackOfBpfLsm } from '../../host/capture/bpf-lsm.ts';
import type { EnforcedAction } from '../../host/capture/enforcement-means.ts';
import { enforcementTables } from '../../host/capture/enforcement-tables.ts';
import { filterTables } from '../../host/capture/filter-tables.ts';
import { compileModule } from '../../host/compiler/compile.ts';
import { ModuleSet } from '../../host/engine/modules/module-set.ts';
import type { EventRecord } from '../../host/fields/record.ts';
import { compileRuleModule } from '../../host/sandbox/instantiate.ts';
import { ENFORCED, enforcedParts } from '../../host/schema/enforced.ts';
import type { ExactRule } from '../../host/schema/kernel-enforcement.ts';
import type { KernelFilter } from '../../host/schema/kernel-filter.ts';
import { actProgram, actWords, type Step, str } from '../support/live/live-act.ts';
import { capture, directory, memory, RAILS, view } from '../support/live/live-enforcement.ts';
import { AF_INET, AF_INET6, AT_FDCWD, O, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { polledEvents } from '../support/live/polled-events.ts';
import { exactExecCheck, exactOpenCheck, exactPeerCheck, joined } from '../support/random/random-exact-conditions.ts';
import { CONTEXT } from '../support/records/fields.ts';
import { rulesOf } from '../support/records/rule-module.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
/** Of each kind of call. */
const RULES = 14;
const CALLS = 12;
const EXECS_OF_EACH = 4;
const TYPES = ['open', 'openat', 'creat', 'execve', 'connect', 'sendto'];
const NONE = '/none';
/** Opens and execs are denied by BPF LSM alone. */
const LACK = lackOfBpfLsm();
const ACTIONS: readonly EnforcedAction[] = LACK === undefined ? ['kill_process', 'deny'] : ['kill_process'];

const COMPONENTS = ['a', 'b', 'ab', 'ba'];
const FILES = [...COMPONENTS, ...COMPONENTS.map((name) => `sub/${name}`)].map((name) => `${directory}/${name}`);
const NAMES = { components: COMPONENTS, paths: [...FILES, `${directory}/sub`, `${directory}/a${NONE}`] };

before(() => {
  mkdirSync(`${directory}/sub`);
  for (const path of FILES) writeFileSync(path, '');
  capture.start(TYPES);
});
after(() => capture.close());

const openCall: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom(...NAMES.paths), fc.constantFrom(O.RDONLY, O.WRONLY, O.RDWR | O.CREAT, O.WRONLY | O.TRUNC))
  .map(([path, flags]) => ['openat', AT_FDCWD, str(path), flags, 0o600]);
const peerCall: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.constantFrom('connect', 'sendto'),
    fc.constantFrom('in:127.0.0.1', 'in:0.0.0.0', 'in6:::1', 'in6:::'),
    fc.constantFrom(22, 80, 81, 443, 40_000),
  )
  .map(([call, address, port]) => {
    const family = address.startsWith('in6') ? AF_INET6 : AF_INET;
    const peer = [`${address}:${port}`, 'len'];
    const words = call === 'connect' ? ['connect', 'r', ...peer] : ['sendto', 'r', str('x'), 1, 0, ...peer];
    return [['socket', family, SOCK_DGRAM, 0], words];
  });

/** What came of the events of one rule. */
interface Tally {
  enforced: number;
  missed: number;
  judged: number;
}

class Trial {
  readonly #set: ModuleSet;
  readonly #exact: readonly ExactRule[];
  readonly #conditions: readonly string[];
  readonly #matched = new Map<number, Set<number>>();
  readonly #images = new Uint32Array(4096);
  #serial = 0;

  constructor(wasm: Uint8Array, exact: readonly ExactRule[], conditions: readonly string[]) {
    this.#exact = exact;
    this.#conditions = conditions;
    const reads = conditions.map(() => ({ fields: [], readsContainers: false, readsPods: false, eventTypes: TYPES }));
    const module = { name: 'generated', verified: compileRuleModule(wasm), rules: reads };
    this.#set = new ModuleSet({ generation: 0, modules: [module], eventTypes: TYPES }, 0, {
      sandbox: memory,
      memory: view,
      context: CONTEXT,
      ruleMatching: 'all',
      onMatch: ({ event, rule }) => this.#matchesOf(event).add(rule),
      onFailure: (_set, _module, { reason }) => assert.fail(reason),
    });
  }

  /** @param isFiltered whether the kernel drops what none of the rules can match */
  static async of(conditions: readonly string[], isFiltered: boolean): Promise<Trial> {
    const { wasm, manifest } = await compileModule(rulesOf(conditions));
    useFilter(isFiltered ? manifest.filter : undefined);
    return new Trial(wasm, manifest.exact?.rules ?? [], conditions);
  }

  /** Enforces each rule that can be, and makes calls. @returns how many told events apart */
  run(calls: () => void): Tally {
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
      calls();
      this.#take((event) => this.#judge(exact, action, event, sum));
    }
    return sum;
  }

  #judge({ rule, clauses }: ExactRule, action: EnforcedAction, event: EventRecord, sum: Tally): void {
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
    const isByProcess = clauses.some(({ process }) => process === 'candidate');
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
    const segments = new Uint32Array(64);
    for (let pairs = capture.poll(segments, 50); pairs > 0; pairs = capture.poll(segments, 20)) {
      this.#describeNew();
      this.#matched.clear();
      this.#set.evaluate(segments, pairs);
      for (const event of polledEvents(view, segments, pairs)) call(event);
      capture.release();
    }
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
  capture.beginChange(TYPES, filter && 0);
  while (!capture.isChanged()) capture.poll(new Uint32Array(64), 10);
}

function drawn<Drawn>(arbitrary: fc.Arbitrary<Drawn>, numRuns: number, seed = SEED): Drawn[] {
  return fc.sample(arbitrary, { numRuns, seed });
}

function call(steps: readonly Step[]): void {
  spawnSync(actProgram(), actWords(steps), { cwd: directory });
}

const PROCESSES = ['proc.name = act', 'container.id = host', 'proc.name != act', ''];

const OPENS = {
  type: 'evt.type in (open, openat, creat)',
  check: exactOpenCheck(NAMES),
  processes: PROCESSES,
  calls: (seed: number) => call(drawn(openCall, CALLS, seed)),
};

for (const { what, type, check, calls, processes, isFiltered } of [
  { what: 'opens', ...OPENS, isFiltered: false },
  { what: 'opens that the filter lets pass', ...OPENS, isFiltered: true },
  {
    what: 'connects and sends',
    isFiltered: false,
    type: 'evt.type in (connect, sendto)',
    check: exactPeerCheck,
    processes: PROCESSES,
    calls: (seed: number) => call(drawn(peerCall, CALLS, seed).flat()),
  },
  {
    what: 'execs',
    isFiltered: false,
    type: 'evt.type = execve and evt.res = SUCCESS',
    check: exactExecCheck,
    processes: [],
    calls: () => {
      const programs = [
        ['/usr/bin/cat', '/dev/null'],
        ['/bin/sh', '-c', 'true'],
        ['/bin/bash', '-c', 'true'],
      ];
      for (const [program = '', ...words] of Array.from({ length: EXECS_OF_EACH }, () => programs).flat())
        spawnSync(program, words);
    },
  },
]) {
  test(`enforced is matched: ${what} (seed ${SEED})`, async () => {
    const trial = await Trial.of(
      drawn(joined(check, processes), RULES).map((condition) => `${type} and ${condition}`),
      isFiltered,
    );
    let seed = SEED;
    const { enforced, missed, judged } = trial.run(() => calls(seed++));
    const told = `${judged} events, ${enforced} enforced, ${missed} not matched`;
    if (process.env.WASPREY_TEST_TELL) console.log(told);
    assert.ok(enforced >= 20 && missed >= 20, told);
  });
}
