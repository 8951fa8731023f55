// The modules in use, in their order: instances bound to the memory, each with its own candidate words.

import type { EventMemory } from '../fields/memory.ts';
import { instantiateRuleModule, type RuleInstance } from '../sandbox/instantiate.ts';
import { fillCandidates, type RunFailure, runEvaluate } from '../sandbox/run.ts';
import { CANDIDATE_WORDS } from '../schema/image.ts';
import { Absence } from './absence.ts';
import { firstWords } from './candidate-words.ts';
import { ContainerRules } from './container-rules.ts';
import { planRule, type RulePlan } from './match-reader.ts';
import type { EvaluationCounters, RuleMatching, RuleSetStart } from './protocol.ts';

const WORD_BYTES = BigUint64Array.BYTES_PER_ELEMENT;

export interface SetModule {
  readonly name: string;
  readonly instance: RuleInstance;
  readonly rules: readonly RulePlan[];
  /** Its candidate words among those of the set. */
  readonly words: BigUint64Array;
  /** Evaluation time of the measured batches, in ms. */
  sampledMs: number;
  /** Set when it has failed: it is not run. */
  failure: RunFailure | undefined;
  readonly absence: Absence;
  /** It is about to be tried again: its candidates are filled in meanwhile. */
  isReturning: boolean;
}

/** Called for a rule that matches an event, by one of its views. */
export interface SetMatch {
  readonly set: ModuleSet;
  readonly module: number;
  readonly rule: number;
  readonly event: number;
  readonly view: number;
}

export interface SetHost {
  readonly sandbox: WebAssembly.Memory;
  readonly memory: EventMemory;
  readonly ruleMatching: RuleMatching;
  readonly onMatch: (match: SetMatch) => void;
  /** @param pauseMs after which it is tried again; undefined: never */
  readonly onFailure: (set: ModuleSet, module: SetModule, failure: RunFailure, pauseMs: number | undefined) => void;
}

export class ModuleSet {
  readonly generation: number;
  readonly eventTypes: readonly string[];
  readonly modules: readonly SetModule[];
  /** Offset of its candidates in a process image. */
  readonly bank: number;
  readonly isFiltered: boolean;
  readonly containerRules: ContainerRules;
  readonly #onFailure: SetHost['onFailure'];
  readonly #words = new BigUint64Array(CANDIDATE_WORDS);
  /** Whether any module ever has: most rounds need not look. */
  #hasFailed = false;
  #batches = 0;
  #sampledBatches = 0;

  /** @throws {SandboxError | RangeError} for a module that does not fit the memory, or too many rules */
  constructor({ generation, modules, eventTypes, filter }: RuleSetStart, bank: number, host: SetHost) {
    this.generation = generation;
    this.eventTypes = eventTypes;
    this.bank = bank;
    this.isFiltered = filter !== undefined;
    this.containerRules = new ContainerRules(host.memory, modules, host.ruleMatching);
    this.#onFailure = host.onFailure;
    const first = firstWords(modules.map(({ rules }) => rules.length));
    this.modules = modules.map(({ name, verified, rules }, module) => {
      const firstWord = first[module] ?? 0;
      const instance = instantiateRuleModule(verified, {
        memory: host.sandbox,
        ruleCount: rules.length,
        match: (rule, event, view) => host.onMatch({ set: this, module, rule, event, view }),
        candidates: (bank * CANDIDATE_WORDS + firstWord) * WORD_BYTES,
      });
      const words = this.#words.subarray(firstWord);
      return {
        name,
        instance,
        rules: rules.map(planRule),
        words,
        sampledMs: 0,
        failure: undefined,
        absence: new Absence(),
        isReturning: false,
      };
    });
  }

  /** The candidate bits of the process image at that address; good until the next call. */
  candidates(image: number): BigUint64Array {
    for (const module of this.modules) {
      if (module.failure && !module.isReturning) continue;
      const failure = fillCandidates(module.instance, image, module.words);
      if (failure) this.#fail(module, failure);
    }
    return this.#words;
  }

  /**
   * Evaluates segments of records, given as pairs of addresses: all of them by the first module, then by the next one.
   * @param measured whether this batch's time is measured
   */
  evaluate(segments: Uint32Array, pairs: number, measured = false): void {
    this.#batches++;
    if (measured) this.#sampledBatches++;
    for (const module of this.modules) {
      const began = measured ? performance.now() : 0;
      for (let pair = 0; pair < pairs && !module.failure; pair++) {
        const from = segments[2 * pair] ?? 0;
        const to = segments[2 * pair + 1] ?? 0;
        const result = runEvaluate(module.instance, from, to);
        if (!result.ok) this.#fail(module, result);
      }
      if (measured) module.sampledMs += performance.now() - began;
    }
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
    return this.modules.find(({ failure, absence }) => failure && absence.isOver(now));
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
