// The modules in use, in their order: instances bound to the memory, each with its own candidate words.

import type { Capture } from '../../capture/native.ts';
import type { ReadContext } from '../../fields/context.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { instantiateRuleModule, type RuleInstance } from '../../sandbox/instantiate.ts';
import type { MatchCallback } from '../../sandbox/match-guard.ts';
import {
  ancestryWords,
  fillCandidates,
  RUN_LIMITS,
  type RunFailure,
  type RunLimits,
  runEvaluate,
} from '../../sandbox/run.ts';
import { enforcedParts } from '../../schema/enforced.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { isOfSshPeer } from '../../schema/fields/session.ts';
import { ANCESTRY_WORDS, CANDIDATE_WORDS, IMAGE } from '../../schema/image.ts';
import { member } from '../../schema/layout.ts';
import { planRule } from '../match-reading/match-reader.ts';
import type { MatchToActOn } from '../messages/match.ts';
import type { EvaluationCounters, RuleMatching } from '../messages/protocol.ts';
import type { ModuleStart, RuleSetStart } from '../messages/rule-set-start.ts';
import { Absence } from './absence.ts';
import { numberOfAlternatives, ruleOf } from './alternatives.ts';
import { firstWords } from './candidate-words.ts';
import { ContainerRules } from './container-rules.ts';
import { EntryVerdicts } from './entry-verdicts.ts';
import { GuardRun, processOf } from './guard-run.ts';
import { RefusedCalls } from './refused-calls.ts';
import type { SetModule } from './set-module.ts';
import { type Supposed, SupposedRun } from './supposed-run.ts';

const WORD_BYTES = BigUint64Array.BYTES_PER_ELEMENT;
const ANCESTRY = member(IMAGE, 'ancestry').offset;
const PARENT = member(IMAGE, 'parent_address').offset;
/** What enforcement did. */
const ENFORCED_OFFSET = member(EVENT_HEADER, 'reserved').offset;
/** The half of an ancestry word that has the bit of ANCESTRY_KNOWN, which is its sign. */
const HIGH_HALF = 4;

/** Called for a rule that matches an event, by one of its views. */
export interface SetMatch {
  readonly set: ModuleSet;
  readonly module: number;
  readonly rule: number;
  /** Number of the alternative that matched, if its condition on the exec session is to be decided by the host. */
  readonly alternative?: number;
  /** The value of that condition outside of any exec session. */
  readonly holdsWithout?: boolean;
  readonly event: number;
  readonly view: number;
  /** Whether the rule matches what a call would have done that BPF LSM has refused. */
  readonly supposed?: Supposed;
}

export interface SetHost {
  readonly sandbox: WebAssembly.Memory;
  readonly memory: EventMemory;
  /** For conditions on the session that a process is in. */
  readonly context: ReadContext;
  readonly ruleMatching: RuleMatching;
  /** Limits of each call of a module. Default: those of live events. */
  readonly limits?: RunLimits;
  /** Absent: no calls of its events were refused by BPF LSM. */
  readonly capture?: Capture;
  readonly onMatch: (match: SetMatch) => void;
  /** @param pauseMs after which it is tried again; undefined: never */
  readonly onFailure: (set: ModuleSet, module: SetModule, failure: RunFailure, pauseMs: number | undefined) => void;
}

export class ModuleSet {
  readonly generation: number;
  readonly eventTypes: readonly string[];
  readonly modules: readonly SetModule[];
  /** The modules, and the one of the guards. */
  readonly #all: readonly SetModule[];
  /** Modules that have ancestry words. */
  readonly #withAncestry: readonly SetModule[];
  readonly #guards: GuardRun | undefined;
  /** Offset of its candidates in a process image. */
  readonly bank: number;
  readonly isFiltered: boolean;
  readonly containerRules: ContainerRules;
  /** Whether the kernel enforces any of its rules. */
  readonly enforces: boolean;
  /** Whether any rule reads where a session by ssh came from. */
  readonly readsSshPeers: boolean;
  readonly #memory: EventMemory;
  readonly #limits: RunLimits;
  readonly #onFailure: SetHost['onFailure'];
  readonly #onMatch: SetHost['onMatch'];
  /** Absent: none is refused. */
  readonly #refused: RefusedCalls | undefined;
  readonly #supposed: SupposedRun | undefined;
  readonly #capture: Capture | undefined;
  /** What was in use before, whose rules may have refused calls that are evaluated only now. */
  #before: ModuleSet | undefined;
  /** Whether any module ever has: most rounds need not look. */
  #hasFailed = false;
  /** Words of candidates, then those of ancestry. */
  readonly #words = new BigUint64Array(CANDIDATE_WORDS + ANCESTRY_WORDS);
  #batches = 0;
  #sampledBatches = 0;

  /** @throws {SandboxError | RangeError} for a module that does not fit the memory, or too many rules */
  constructor(
    { generation, modules, guard, eventTypes, filter, enforcement }: RuleSetStart,
    bank: number,
    host: SetHost,
  ) {
    this.generation = generation;
    this.eventTypes = eventTypes;
    this.bank = bank;
    this.isFiltered = filter !== undefined;
    this.containerRules = new ContainerRules(host.memory, modules, host.ruleMatching);
    const entries = modules.map((module) => new EntryVerdicts(module, host.memory, host.context));
    this.readsSshPeers =
      entries.some(({ readsSshPeers }) => readsSshPeers) ||
      modules.some(({ rules }) => rules.some(({ fields }) => fields.some(isOfSshPeer)));
    this.#memory = host.memory;
    this.#limits = host.limits ?? RUN_LIMITS;
    this.#onFailure = host.onFailure;
    this.#onMatch = host.onMatch;
    this.enforces = enforcement !== undefined;
    const refused = enforcement && new RefusedCalls(host.memory, enforcement);
    this.#refused = refused;
    this.#capture = host.capture;
    const supposed = refused && host.capture && new SupposedRun(host.capture, host.memory, this.#limits);
    this.#supposed = supposed;
    const starts = guard ? [...modules, guard] : modules;
    const first = firstWords(starts.map(numberOfAlternatives));
    let nextAncestry = 0;
    const bound = (start: ModuleStart, module: number, match: MatchCallback): SetModule => {
      const { name, verified, rules } = start;
      const firstWord = first[module] ?? 0;
      const bind = (ancestry: number): RuleInstance =>
        instantiateRuleModule(verified, {
          memory: host.sandbox,
          ruleCount: numberOfAlternatives(start),
          match,
          candidates: (bank * CANDIDATE_WORDS + firstWord) * WORD_BYTES,
          ancestry,
        });
      const ancestryOffset = ANCESTRY + (bank * ANCESTRY_WORDS + nextAncestry) * WORD_BYTES;
      let instance = bind(ancestryOffset);
      let needed = ancestryWords(instance);
      if (nextAncestry + needed > ANCESTRY_WORDS) {
        // No room: it follows the chains of ancestors itself, as far as it may.
        instance = bind(0);
        needed = 0;
      }
      const firstAncestry = CANDIDATE_WORDS + nextAncestry;
      nextAncestry += needed;
      const words = this.#words.subarray(firstWord, CANDIDATE_WORDS);
      const ancestry = this.#words.subarray(firstAncestry, firstAncestry + needed);
      const own = { name, instance, rules: rules.map(planRule), words, ancestry, ancestryOffset };
      return { ...own, sampledMs: 0, failure: undefined, absence: new Absence(), isReturning: false };
    };
    this.modules = modules.map((start, module) =>
      bound(start, module, (number, event, view) => {
        const rule = ruleOf(start, number);
        if (supposed?.takes(rule) || refused?.has(module, rule, event) || !entries[module]?.hold(number, view)) return;
        const holdsWithout = start.alternatives?.[number]?.holdsWithout;
        const session = holdsWithout !== undefined && { alternative: number, holdsWithout };
        host.onMatch({ set: this, module, rule, event, view, ...session });
      }),
    );
    this.#guards =
      guard && new GuardRun((match) => bound(guard, modules.length, match), guard.rules, host.memory, this.#limits);
    this.#all = this.#guards ? [...this.modules, this.#guards.module] : this.modules;
    this.#withAncestry = this.#all.filter(({ ancestry }) => ancestry.length > 0);
  }

  /** Sets the candidate words and the ancestry words of a process image, given its address: before them those of ancestors that have none. */
  describe(image: number, capture: Capture): void {
    const parent = this.#memory.u32(image + PARENT);
    // Usually it has: parents come before their children.
    if (parent !== 0 && !this.#isDescribed(parent)) {
      for (const each of this.#ancestorsWithout(parent)) capture.setCandidates(each, this.#wordsOf(each), this.bank);
    }
    capture.setCandidates(image, this.#wordsOf(image), this.bank);
  }

  /** An image without words, behind its ancestors without. */
  #ancestorsWithout(image: number): readonly number[] {
    const line = [image];
    let next = this.#memory.u32(image + PARENT);
    for (; next !== 0 && !this.#isDescribed(next); next = this.#memory.u32(next + PARENT)) line.push(next);
    return line.reverse();
  }

  /** Whether an image has the ancestry words of all modules that are run, or about to be. */
  #isDescribed(image: number): boolean {
    for (const { ancestryOffset, failure, isReturning } of this.#withAncestry) {
      if (failure && !isReturning) continue;
      if (this.#memory.u32(image + ancestryOffset + HIGH_HALF) >>> 31 === 0) return false;
    }
    return true;
  }

  /** Good until the next call. */
  #wordsOf(image: number): BigUint64Array {
    for (const module of this.#all) {
      if (module.ancestry.length > 0) module.ancestry.fill(0n);
      const failure =
        module.failure && !module.isReturning
          ? module.failure
          : fillCandidates(module.instance, image, module.words, module.ancestry, this.#limits);
      if (!failure) continue;
      // Words of another image are there still, or some of this one: the kernel must not act by them.
      module.words.fill(0n);
      if (failure !== module.failure) this.#fail(module, failure);
    }
    return this.#words;
  }

  /** Takes over from another set. undefined: it has taken over, and the other makes no matches any more. */
  follow(before: ModuleSet | undefined): void {
    this.#before = before;
  }

  /**
   * Evaluates segments of records, given as pairs of addresses: all of them by the first module, then by the next one.
   * @param measured whether this batch's time is measured
   * @param hasEnforced whether the kernel may have decided about any of the events by the rules that it enforces
   */
  evaluate(segments: Uint32Array, pairs: number, measured = false, hasEnforced = true): void {
    this.#batches++;
    if (measured) this.#sampledBatches++;
    if (hasEnforced) {
      if (this.#before) this.#before.#matchRefused(segments, pairs);
      this.#matchRefused(segments, pairs);
    }
    for (const module of this.modules) {
      const began = measured ? performance.now() : 0;
      for (let pair = 0; pair < pairs && !module.failure; pair++) {
        const from = segments[2 * pair] ?? 0;
        const to = segments[2 * pair + 1] ?? 0;
        const result = runEvaluate(module.instance, from, to, this.#limits);
        if (!result.ok) this.#fail(module, result);
      }
      if (measured) module.sampledMs += performance.now() - began;
    }
  }

  #matchRefused(segments: Uint32Array, pairs: number): void {
    this.#refused?.visit(segments, pairs, (module, rule, event) => {
      const supposed = this.#suppose(module, rule, event);
      this.#onMatch({ set: this, module, rule, event, view: event, ...(supposed && { supposed }) });
    });
  }

  #suppose(number: number, rule: number, event: number): Supposed | undefined {
    const module = this.modules[number];
    return this.#supposed?.verdict(
      module,
      rule,
      event,
      (image) => this.#capture?.setCandidates(image, this.#wordsOf(image), this.bank),
      (failure) => module && this.#fail(module, failure),
    );
  }

  /** The module of the guards. */
  get guard(): SetModule | undefined {
    return this.#guards?.module;
  }

  /**
   * What is needed to act on a match of an event, by one of its views; the record is valid during the call.
   * @param wanted guards
   */
  toActOn(event: number, view: number, wanted: readonly number[]): MatchToActOn {
    const process = processOf(this.#memory, view);
    const verdict = this.#guards?.verdict(event, view, wanted);
    if (verdict?.failure && this.#guards) this.#fail(this.#guards.module, verdict.failure);
    const { holding, undecided } = verdict ?? { holding: [], undecided: wanted };
    const enforced = enforcedParts(this.#memory.u16(event + ENFORCED_OFFSET)).outcome;
    return { ...(process && { process }), holding, undecided, enforced };
  }

  get evaluation(): EvaluationCounters {
    return {
      batches: this.#batches,
      sampledBatches: this.#sampledBatches,
      sampledMs: this.modules.map(({ sampledMs }) => sampledMs),
    };
  }

  /** The next module that was set aside and is to be tried again. */
  get dueAgain(): SetModule | undefined {
    if (!this.#hasFailed) return undefined;
    const now = performance.now();
    return this.#all.find(({ failure, absence }) => failure && absence.isOver(now));
  }

  #fail(module: SetModule, failure: RunFailure): void {
    this.#hasFailed = true;
    module.failure = failure;
    module.isReturning = false;
    module.instance.eventTime.restart();
    module.instance.processTime.restart();
    this.#onFailure(this, module, failure, module.absence.begin(failure.kind, performance.now()));
  }
}
